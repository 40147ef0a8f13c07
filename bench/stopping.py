"""From SIGTERM to the end of a machine: with an agent that obeys, and wherever something does not.

    ./run bench stopping [rounds, default 5]

Porter promises an end in under ten seconds; the baseline is a machine whose agent obeys at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.figures import line, percentile
from bench.one_job import environment, job_of, make_repository, porter_with

PROMISED = 10.0  # seconds
OBEYS = "touch {begun}; exec sleep 999"
DEAF = "trap '' TERM INT; touch {begun}; while :; do sleep 1; done"
LEFT = "setsid sh -c \"trap '' TERM; sleep 999\" & touch {begun}; wait"
CASES = {  # setup, agent, tests
    "an agent that obeys": ("", OBEYS, ""),
    "an agent that is deaf": ("", DEAF, ""),
    "a child that left its group": ("", LEFT, ""),
    "a setup that is deaf": (DEAF, OBEYS, ""),
    "tests that are deaf": ("", "echo x > new.txt", DEAF),
}


def main() -> None:
    """Print the seconds of each, with ratios to the baseline and to the promise."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    spent: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as name:
        folder = Path(name)
        folder.chmod(0o777)  # the agent may be another user, and says there that it began
        make_repository(folder)
        for _ in range(rounds):
            for case, found in spent.items():
                found.append(_seconds_to_stop(folder, *CASES[case]))
    baseline = percentile(next(iter(spent.values())), 0.5)
    for case, found in spent.items():
        print(line(case, found), f"  {percentile(found, 0.5) / baseline:4.1f} times the first,", end=" ")
        print(f"at most {max(found) / PROMISED:.0%} of what is promised")


def _seconds_to_stop(folder: Path, *scripts: str) -> float:
    begun = folder / "begun"
    begun.unlink(missing_ok=True)
    setup, agent, tests = (script.format(begun=begun) for script in scripts)
    job = replace(job_of(folder, "stop", agent), setup_commands=[setup] if setup else [], test_command=tests or None)
    with tempfile.TemporaryDirectory(prefix="machine-") as temporary, porter_with(job) as (url, _done):
        Path(temporary).chmod(0o711)
        kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": temporary}
        with subprocess.Popen(
            [sys.executable, "-m", "worker"], env=kept | environment(job, url), stderr=subprocess.DEVNULL
        ) as machine:
            while not begun.exists():
                if machine.poll() is not None:
                    raise SystemExit("the machine ended before it was told to")
                time.sleep(0.05)
            asked = time.monotonic()
            machine.send_signal(signal.SIGTERM)
            machine.wait()
            return time.monotonic() - asked


if __name__ == "__main__":
    main()
