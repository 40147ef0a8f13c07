"""Who descends from whom among the processes of this computer, and how to end a whole tree.

Linux by /proc; elsewhere by `ps`, which has no other way to name a process's start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def start_time(pid: int) -> str | None:
    """A text that no later process with the same id shares; None when no such process is alive.

    A zombie counts as dead: it runs nothing, and only its parent can remove it.
    """
    if not _PROC.joinpath("self", "stat").exists():
        return _ask_ps("-o", "lstart=", "-p", str(pid)).strip() or None
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()  # the ticks count from the boot
    return f"{boot}:{fields[19]}"


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`, whatever session or group it moved to."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def kill_descendants(pid: int) -> bool:
    """Send SIGKILL to everything below `pid`; True when there was something. Repeat until False: a child may fork."""
    found = descendants(pid)
    for child in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)
    return bool(found)


def adopt_orphans() -> None:
    """Make this process the parent of every orphan below it (Linux), so that a daemon cannot leave the tree.

    https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies (Linux)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _parents() -> dict[int, int]:
    """Parent of each living process. Zombies are left out, so that waiting for an empty tree ends."""
    if not _PROC.joinpath("self", "stat").exists():
        rows = (line.split() for line in _ask_ps("-axo", "pid=,ppid=,stat=").splitlines())
        return {int(row[0]): int(row[1]) for row in rows if len(row) == 3 and not row[2].startswith("Z")}
    stats = ((int(entry), _stat(int(entry))) for entry in os.listdir(_PROC) if entry.isdigit())  # noqa: PTH208  hot
    return {pid: int(fields[1]) for pid, fields in stats if fields is not None and fields[0] not in "ZX"}


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; the name before it may hold spaces and brackets itself."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def _ask_ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
