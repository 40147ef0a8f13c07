"""The processes under the runner: which they are, how to end every one of them, how to bury orphans.

A kill of the process group is not enough: some CLIs give their tools a session of their own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path

PROC = Path("/proc")


def descendants(root: int | None = None) -> list[int]:
    """Every process below `root` (this process by default), zombies included."""
    root = os.getpid() if root is None else root
    children: dict[int, list[int]] = {}
    for pid, parent in _table():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    todo = [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def end_all(*, seconds: float) -> list[int]:
    """SIGKILL to everything below us until nothing is left; returns what would not die in `seconds`.

    Orphans come to us because the runner is their subreaper, so a tree that keeps forking is found again.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = descendants()
        if not left or time.monotonic() > deadline:
            return left
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        bury(spare=())


def bury(*, spare: Collection[int]) -> None:
    """Reap the dead children that nobody waits for; `spare` are those somebody does wait for."""
    for pid, parent in list(_table()):
        if parent == os.getpid() and pid not in spare:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the whole group of a process that leads its own session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _table() -> Iterator[tuple[int, int]]:
    if not PROC.joinpath("self/stat").exists():
        yield from _table_of_ps()
        return
    if PROC.joinpath("self").readlink().name != str(os.getpid()):
        return  # another namespace's /proc: its numbers are not ours, and what has them is none of our business
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            yield int(entry.name), int(stat[1])


def _table_of_ps() -> Iterator[tuple[int, int]]:
    with subprocess.Popen(["ps", "-axo", "pid=,ppid="], stdout=subprocess.PIPE, text=True) as ps:
        printed, _ = ps.communicate()
    for line in printed.splitlines():
        pid, parent = line.split()
        if int(pid) != ps.pid:
            yield int(pid), int(parent)


def _stat(pid: int) -> list[str] | None:
    try:
        text = PROC.joinpath(str(pid), "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
