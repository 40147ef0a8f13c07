"""Starts every agent that was installed: `python -m worker.image.check DIRECTORY [--user NAME] [AGENT ...]`.

An agent passes if it starts, as that user and with a HOME of its own, and says the version that `worker/agents` pins.
The image's build runs this without a network.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from worker.agents import Agent
from worker.errors import ImageFailed, WorkerError
from worker.image.install import choose, program

_ENOUGH = 90  # seconds for a start, on a busy builder


def main() -> int:
    """Check what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker.image.check", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("agent", nargs="*", help="names from worker/agents; without any, all that npm installs")
    parser.add_argument("--user", help="the system user to start them as; needs root")
    given = parser.parse_intermixed_args()
    try:
        for agent in choose(given.agent):
            check(given.directory.resolve(), agent, given.user)
            sys.stderr.write(f"{agent.name} {agent.version} starts{f' as {given.user}' if given.user else ''}\n")
    except WorkerError as error:
        sys.stderr.write(f"porter image: {error}\n")
        return 1
    return 0


def check(directory: Path, agent: Agent, user: str | None = None) -> None:
    """Raises ImageFailed, with the agent's own words, when it does not start or is another version."""
    with tempfile.TemporaryDirectory() as home:
        who = _identity(user, home)
        path = f"{directory / 'bin'}:{os.environ.get('PATH', os.defpath)}"
        environment = {"PATH": path, "HOME": home, "LANG": "C.UTF-8", **agent.env}
        said = _start([str(directory / "bin" / program(agent)), "--version"], agent, home, environment, who)
    if agent.version not in re.findall(r"\d[\w.+-]*", said):
        raise ImageFailed(f"{agent.name} should be {agent.version}, but says: {said.strip()[:300]}")


def _identity(user: str | None, home: str) -> dict[str, Any]:
    if user is None:
        return {}
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise ImageFailed(f"there is no user {user!r} on this system") from error
    os.chown(home, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _start(command: list[str], agent: Agent, home: str, environment: dict[str, str], who: dict[str, Any]) -> str:
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=_ENOUGH, check=False, **who,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageFailed(f"{agent.name} does not start: {error}") from error
    if done.returncode:
        raise ImageFailed(f"{agent.name} does not start; it ended with {done.returncode}: {done.stdout.strip()[-300:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
