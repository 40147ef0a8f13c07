"""Keeps one local machine: `python -m jobs.hosts.local_machine RECORD --run R --task T --limit S -- argv…`.

It leaves the process that launched it, claims the record, runs argv, stops it when told (SIGTERM) or when the time is
up, buries every descendant, and writes the exit code down. The machine's environment comes as JSON on stdin: it holds
the run's token, and neither argv nor the environment of a parent is a place that an agent cannot look at.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace as change
from pathlib import Path

from jobs.hosts import local_record
from jobs.hosts.local_record import Record
from jobs.hosts.processes import die_with_parent, kill_descendants, start_time
from worker.isolation import harden
from worker.processes import end_all

STOP_GRACE = 9.0  # seconds between the polite signal and the other one: the runner ends a deaf agent first
BURIAL = 3.0  # seconds to keep killing what is left of the tree


def main(arguments: Sequence[str]) -> int:
    """Launch the keeper; returns as soon as the record is written (0) or a keeper is there already (also 0)."""
    options = _parser().parse_args(arguments)
    env: dict[str, str] = json.load(sys.stdin)
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(ready, 1) else 1
    os.close(ready)
    os.setsid()
    _keep(options, env, tell)
    return 0


def _keep(options: argparse.Namespace, env: dict[str, str], tell: int) -> None:
    harden()  # orphans come here, and the agent cannot read the memory of this process
    wake = _wake_on(signal.SIGTERM, signal.SIGCHLD)
    pid = os.getpid()
    record = Record(options.run, options.task, pid, start_time(pid) or "", time.time())
    claimed = local_record.claim(options.record, record)
    os.write(tell, b"k")
    os.close(tell)
    if not claimed:
        return
    code = _run(_spawn(options.argv, env), options.limit, wake)
    local_record.replace(options.record, change(record, exit_code=code, finished=True))


def _run(child: int, limit: float, wake: int) -> int:
    """See the child, and all it started, to the end; the exit code as a shell would say it."""
    kill_at, told = time.monotonic() + limit, False
    while (code := _reap(child)) is None:
        left = kill_at - time.monotonic()
        if left <= 0:
            kill_descendants(os.getpid())
        if _asked_to_stop(wake, max(0.05, left)) and not told:
            told, kill_at = True, min(kill_at, time.monotonic() + STOP_GRACE)
            os.kill(child, signal.SIGTERM)
    end_all(seconds=BURIAL)  # what the runner left behind must not work on
    return code


def _spawn(argv: list[str], env: dict[str, str]) -> int:
    child = os.fork()
    if child:
        return child
    os.setsid()
    die_with_parent()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, env)  # noqa: S606  argv comes from the configuration, never from GitHub
    except OSError as error:
        os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _reap(child: int) -> int | None:
    """Collect whatever died; the exit code of `child` if it was among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def _wake_on(*signals: signal.Signals) -> int:
    """A pipe that gets one byte, the signal's number, for each signal that arrives."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    os.set_blocking(readable, False)
    for number in signals:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _asked_to_stop(wake: int, seconds: float) -> bool:
    """Sleep until something happens; True when it was the request to stop."""
    select.select([wake], [], [], min(seconds, 60.0))
    try:
        return signal.SIGTERM in os.read(wake, 4096)
    except BlockingIOError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs.hosts.local_machine")
    parser.add_argument("record", type=Path)
    parser.add_argument("--run", required=True)
    parser.add_argument("--task", required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("argv", nargs="+")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
