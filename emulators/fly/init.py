"""The first process on an emulated machine: `init.py argv…`. Standard library only, started by its path.

The first line of stdin is the machine's environment as JSON: it holds the run's token, and on Fly nothing on the
machine can read that out of init either. It runs argv, passes signals on, buries whatever argv leaves behind, and ends
as argv ended. When its stdin closes the emulator is gone, and so the machine goes too.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
# linux/prctl.h, linux/capability.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
_CAP_SYS_PTRACE = 19


def main(argv: list[str]) -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # a daemon's parent is this process, so nothing leaves the tree
    _prctl(_PR_SET_DUMPABLE, 0)  # nor can its memory be read, not even by root once CAP_SYS_PTRACE is gone
    _prctl(_PR_CAPBSET_DROP, _CAP_SYS_PTRACE)
    wake = _wake_on(*FORWARDED, signal.SIGCHLD)
    child = _spawn(argv, _environment())
    while (status := _reap(child)) is None:
        ready, _, _ = select.select([wake, 0], [], [])
        if wake in ready:
            _forward(os.read(wake, 4096), child)
        if 0 in ready and not os.read(0, 4096):
            bury(os.getpid())
    bury(os.getpid())
    _end_as(status)


def bury(root: int) -> None:
    """Kill everything below `root`, again until nothing is left: a process may fork while it is looked for."""
    until = time.monotonic() + 3.0
    while (found := descendants(root)) and time.monotonic() < until:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        time.sleep(0.01)


def descendants(root: int) -> list[int]:
    """Living processes below `root`, whatever session they moved to; zombies are nobody's business."""
    children: dict[int, list[int]] = {}
    for pid, parent, state in _processes():
        if state[:1] not in "ZX":
            children.setdefault(parent, []).append(pid)
    found, queue = [], [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _environment() -> dict[str, str]:
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    env: dict[str, str] = json.loads(line)
    return env


def _processes() -> Iterator[tuple[int, int, str]]:
    """Process, parent and state of everything that runs; by `ps` where there is no /proc."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=False)
        for pid, parent, state in (line.split()[:3] for line in listing.stdout.splitlines()):
            yield int(pid), int(parent), state
        return
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):  # it ended while it was looked at
            continue
        yield int(entry.parent.name), int(parent), state


def _spawn(argv: list[str], env: dict[str, str]) -> int:
    child = os.fork()
    if child:
        return child
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (*FORWARDED, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    try:
        os.execvpe(argv[0], argv, env)  # noqa: S606  the emulator's own configuration
    except OSError as error:
        os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _reap(child: int) -> int | None:
    """Bury the dead; the wait status of `child` once it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid in (0, child):
            return status if pid else None


def _forward(numbers: bytes, child: int) -> None:
    for number in numbers:
        if number != signal.SIGCHLD:
            os.kill(child, number)


def _end_as(status: int) -> None:
    """End as the first process ended, so that whoever waits for this one sees the same."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(max(code, 0))


def _wake_on(*signals: signal.Signals) -> int:
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    for number in signals:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
