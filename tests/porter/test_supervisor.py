"""The supervisor, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from porter.errors import StartError
from porter.supervisor import Program, Supervisor, answers, free_port, listens

_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_program_that_dies_is_started_again(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("sleeper", _SLEEP))
        first = supervisor.pid("sleeper")
        os.kill(first, signal.SIGKILL)
        assert supervisor.watch(until=lambda: supervisor.pid("sleeper") != first, seconds=10)


def test_leaving_the_block_stops_every_program_and_its_children(tmp_path: Path) -> None:
    forking = (
        "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
    )
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("parent", [sys.executable, "-c", forking]))
        assert supervisor.watch(until=lambda: bool(supervisor.tail("parent")), seconds=10)
        pids = [supervisor.pid("parent"), int(supervisor.tail("parent"))]
    assert _gone(pids)


def test_a_program_that_cannot_start_says_why_in_its_own_words(tmp_path: Path) -> None:
    broken = Program("broken", [sys.executable, "-c", "raise SystemExit('no such table')"], ready=lambda: False)
    with Supervisor(tmp_path) as supervisor, pytest.raises(StartError, match="no such table"):
        supervisor.start(broken)


def test_a_program_that_never_answers_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(StartError, match="does not answer"):
        supervisor.start(Program("mute", _SLEEP, ready=lambda: False), seconds=0.3)


def test_readiness_is_an_http_success_or_an_open_port() -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert listens(url)()
        assert not answers(url)()  # it answers 501
        assert free_port(server.server_port) != server.server_port
    finally:
        server.shutdown()
        server.server_close()
    assert not listens(url)()


def _gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while any(_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_that_start_at_once_choose_different_ports() -> None:
    first = free_port(0)
    assert free_port(first) == first, "whoever chose it may ask again"
    code = f"from porter.supervisor import free_port; print(free_port({first}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) != first
