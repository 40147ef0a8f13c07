"""How long a task takes in a demo that is idle otherwise: webhook to machine, and webhook to pull request.

    ./run bench story [tasks, default 50]

The mock agent works without its pauses, so what is left is Porter, the emulators, git and the runner's start. The
baseline of the same run is a clone and commit of the same repository by hand: the part no orchestrator can leave out.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import line, percentile
from porter.demo import Stage, stage
from porter.demo_files import REPOSITORY
from porter.story import play

# Porter writes to GitHub a second apart; a task that follows at once would measure the last words of the one before.
_REST = 3.0  # seconds


def main() -> None:
    """Print p50 and p95, and the ratio to the baseline."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    os.environ["MOCK_PACE"] = "0"
    machine, pull_request, by_hand = [], [], []
    with (
        tempfile.TemporaryDirectory(prefix="porter-bench-") as folder,
        stage(Path(folder) / "data", PORTER_MAX_COMMANDS_PER_HOUR="1000000") as demo,
    ):
        for number in range(count):
            story = play(
                demo.services, demo.supervisor, github=demo.github, say=lambda _text: None,
                comment=f"@porter mock write a note about figure {number}",
            )  # fmt: skip
            if story.seconds_to_machine is None or story.seconds_to_pull_request is None:
                raise SystemExit(f"task {story.task_id} brought no pull request: {story.message}")
            machine.append(story.seconds_to_machine)
            pull_request.append(story.seconds_to_pull_request)
            by_hand.append(_by_hand(demo, Path(folder) / f"hand-{number}"))
            demo.supervisor.watch(seconds=_REST)
    print(line("webhook -> machine create", machine))
    print(line("webhook -> pull request", pull_request))
    print(line("clone and commit by hand", by_hand))
    ratio = percentile(pull_request, 0.5) / percentile(by_hand, 0.5)
    print(f"webhook -> pull request is {ratio:.1f} times the clone and commit (medians, same run)")


def _by_hand(demo: Stage, folder: Path) -> float:
    begun = time.perf_counter()
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "clone", "-q", f"{demo.github}/{REPOSITORY}.git", str(folder)], check=True)
    (folder / "note.md").write_text("a note\n")
    subprocess.run([*git, "-C", str(folder), "add", "-A"], check=True)
    subprocess.run([*git, "-C", str(folder), "commit", "-qm", "a note"], check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
