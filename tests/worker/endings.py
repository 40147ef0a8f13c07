"""What must hold however the run of a real CLI ends, and the ways to make it end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from tests.worker.conftest import Machine

PROC = Path("/proc")
PATIENCE = 150.0  # seconds: a CLI of 200 MB takes its time to start beside other work
MANY_MEGABYTES = "python3 -c \"print(('x' * 1023 + chr(10)) * 51200)\""  # 50 of them, on standard output


def left_of(machine: Machine) -> list[str]:
    """The processes of the agent's side that are still alive, whatever group, session or parent they have."""
    mark = f"{machine.temporary}/porter-".encode()
    return [_command(process) for process in _processes() if mark in _read(process / "environ")]


def pid_of(machine: Machine, word: str) -> int:
    """The agent's process with this word in its command, once there is one."""
    mark = f"{machine.temporary}/porter-".encode()
    found: list[Path] = []

    def seen() -> bool:
        found[:] = [one for one in _processes() if word in _command(one) and mark in _read(one / "environ")]
        return bool(found)

    machine.until(seen, PATIENCE)
    return int(found[0].name)


def kill(machine: Machine, word: str) -> None:
    """The end that no program can prepare for."""
    os.kill(pid_of(machine, word), signal.SIGKILL)


def memory_until_the_result(machine: Machine) -> int:
    """The most memory that the runner needed, in bytes."""
    most = 0
    deadline = time.monotonic() + PATIENCE
    while machine.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, StopIteration):
            status = (PROC / str(machine.process.pid) / "status").read_text()
            most = max(most, int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1]) * 1024)
        time.sleep(0.02)
    return most


def cut_short(cli: Path, at: Path, size: int = -40) -> Path:
    """A program of the same name in the folder `at`: the real one, of whose output only the first `size` bytes arrive;
    all but the last so many, if that is negative."""
    at.mkdir()
    script = at / cli.name
    script.write_text(f'#!/bin/sh\n"{cli}" "$@" | head -c {size}\n')
    script.chmod(0o755)
    return script


def _processes() -> list[Path]:
    return [entry for entry in PROC.iterdir() if entry.name.isdigit()]


def _command(process: Path) -> str:
    return _read(process / "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
