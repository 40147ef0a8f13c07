"""Starts processes, waits until they answer, restarts the ones that die, stops them all."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from porter.errors import StartError

log = logging.getLogger(__name__)

_STOP_SECONDS = 12.0  # a worker finishes the job it is at
_PR_SET_PDEATHSIG = 1
_MARKS: dict[int, socket.socket] = {}  # the ports that are this process's


@dataclass(frozen=True)
class Program:
    """A process to keep running. `ready` answers whether it serves yet; `env` is added to ours."""

    name: str
    argv: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    again_at: float = 0.0


class Supervisor:
    """Runs programs with their output in `logs/<name>.log`. Use as a context: leaving it stops every one."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.logs.mkdir(parents=True, exist_ok=True)
        self._children: list[_Child] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, *programs: Program, seconds: float = 60.0) -> None:
        """Start them at once, wait until each is ready. Raises StartError with the end of the log of one that isn't."""
        begun = [self._spawn(program) for program in programs]
        self._children += begun
        deadline = time.monotonic() + seconds
        for child in begun:
            self._wait_ready(child, deadline)

    def watch(self, *, until: Callable[[], bool] = lambda: False, seconds: float | None = None) -> bool:
        """Keep all running until `until` is true (then True) or `seconds` are over (then False)."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not until():
            if deadline is not None and time.monotonic() > deadline:
                return False
            for child in self._children:
                self._mend(child)
            time.sleep(0.1)
        return True

    def stop(self) -> None:
        """Stop all, the last started first, politely and then not."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("%s did not stop in time and is killed", child.program.name)
            _kill_group(child.process.pid)
            child.process.wait()
        self._children.clear()

    def pid(self, name: str) -> int:
        """The process that runs the program now. Raises KeyError for an unknown name."""
        return {child.program.name: child.process.pid for child in self._children}[name]

    def tail(self, name: str, lines: int = 15) -> str:
        """The end of a program's log."""
        file = self.logs / f"{name}.log"
        return "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else ""

    def _spawn(self, program: Program) -> _Child:
        with (self.logs / f"{program.name}.log").open("ab") as output:
            process = subprocess.Popen(
                program.argv,
                env={**os.environ, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        return _Child(program, process, time.monotonic())

    def _wait_ready(self, child: _Child, deadline: float) -> None:
        name, ready = child.program.name, child.program.ready
        while ready is not None and not ready():
            if child.process.poll() is not None:
                raise StartError(f"{name} ended with {child.process.returncode} while starting:\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} does not answer; the end of its log:\n{self.tail(name)}")
            time.sleep(0.05)

    def _mend(self, child: _Child) -> None:
        if child.process.poll() is None:
            return
        now = time.monotonic()
        if child.again_at == 0.0:
            lived = now - child.started
            child.failures = 1 if lived > 60 else child.failures + 1
            wait = min(30.0, 0.5 * 2 ** (child.failures - 1))
            child.again_at = now + wait
            message = "%s ended with %s and is started again in %.1f s (see %s)"
            file = self.logs / f"{child.program.name}.log"
            log.warning(message, child.program.name, child.process.returncode, wait, file)
        elif now >= child.again_at:
            fresh = self._spawn(child.program)
            child.process, child.started, child.again_at = fresh.process, fresh.started, 0.0


def answers(url: str) -> Callable[[], bool]:
    """Whether an HTTP server answers at `url` with a success."""

    def check() -> bool:
        try:
            with urlopen(url, timeout=2) as answer:  # noqa: S310  our own address
                return bool(answer.status < 400)
        except (URLError, OSError):
            return False

    return check


def listens(url: str) -> Callable[[], bool]:
    """Whether something accepts connections at a `unix://` path or an `http://host:port`."""
    unix = url.startswith("unix://")
    address = url.removeprefix("unix://") if unix else ("127.0.0.1", urlsplit(url).port or 80)

    def check() -> bool:
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
            return probe.connect_ex(address) == 0

    return check


def free_port(preferred: int) -> int:
    """`preferred` if nothing listens there and no other Porter that is just starting has chosen it, else any free port
    of the loopback. It is this process's until it ends."""
    for port in (preferred, *[0] * 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if _chosen(found):
            return found
    raise StartError("no free port on 127.0.0.1")


def _chosen(port: int) -> bool:
    """Whether this process may have the port: seconds pass until somebody listens on it, and two may be looking.

    The mark is a socket with a name that is no file: https://man7.org/linux/man-pages/man7/unix.7.html (abstract)
    """
    if port in _MARKS:
        return True
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0porter-port-{port}")
    except OSError as error:
        mark.close()
        return error.errno != errno.EADDRINUSE  # a system without such names: then nobody else has a mark either
    _MARKS[port] = mark
    return True


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _end_with_parent() -> None:
    """Linux ends the child when we are killed, so that a dead supervisor leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
