"""What a host must know about the processes of this computer, beyond what the runner knows about its own.

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

from worker.processes import descendants

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1


def start_time(pid: int) -> str | None:
    """A text that no later process with the same id shares; None when no such process is alive.

    A zombie counts as dead: it runs nothing, and only its parent can remove it.
    """
    if not _PROC.joinpath("self", "stat").exists():
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()  # the ticks count from the boot
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def kill_descendants(pid: int) -> None:
    """Send SIGKILL to everything below `pid`, whatever session it moved to. Repeat: a process may fork meanwhile."""
    for child in descendants(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
