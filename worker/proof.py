"""The repository's own test command, run on the agent's work when the agent is done.

On a copy: what tests leave behind must not be committed, and what they do to the files must not be pushed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from worker.contract import Ending, Limits, Tests
from worker.errors import GitFailed
from worker.git import Git
from worker.isolation import User
from worker.supervise import Outcome, Program
from worker.workspace import Workspace

COPY_SECONDS = 120.0
TAIL_LINES = 40

Supervise = Callable[[Program, str, Limits], Outcome]


def is_worth_testing(space: Workspace, outcome: Outcome, git: Git) -> bool:
    """Whether the agent ended well and left something that is not what it began with."""
    if outcome.stopped or outcome.exit_code != 0:
        return False
    try:
        head = git("read the agent's commit", "rev-parse", "HEAD", at=space.repo)
        return head != space.start or bool(git("look for changes", "status", "--porcelain", at=space.repo))
    except GitFailed:  # the harvest says what is wrong with the working copy
        return False


def run(
    command: str, space: Workspace, env: Mapping[str, str], user: User | None, *, seconds: float, supervise: Supervise
) -> Tests | None:
    """The command's verdict; None when the run was cancelled meanwhile. It gets no key: `env` is all it gets."""
    at = space.temporary / f"tested-{secrets.token_hex(4)}"
    copied = supervise(_program(["cp", "-a", ".", str(at)], env, space.repo, user), "text", _within(COPY_SECONDS))
    if copied.exit_code != 0:
        return Tests(command, None, "The work could not be copied to be tested.")
    done = supervise(_program(["/bin/sh", "-c", command], env, at, user), "text", _within(seconds))
    if done.stopped and done.stopped.ending is Ending.CANCELLED:
        return None
    return Tests(command, None if done.stopped else done.exit_code)


def tail_behind(mark: str, lines: Sequence[str]) -> str:
    """The last lines of a log behind its last line that holds `mark`."""
    begin = max((n + 1 for n, line in enumerate(lines) if mark in line), default=0)
    return "\n".join(lines[begin:][-TAIL_LINES:])


def _program(argv: list[str], env: Mapping[str, str], at: Path, user: User | None) -> Program:
    return Program(argv, env, at, user)


def _within(seconds: float) -> Limits:
    return Limits(total=seconds, stall=seconds)
