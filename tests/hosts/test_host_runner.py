"""The real runner starts on every host: it asks Porter for its job with its token, and ends when there is none."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from jobs.hosts.port import MachineSpec, MachineState
from tests.emulators.fly_api import eventually
from tests.hosts.conftest import CANARY, HostFactory


@contextmanager
def porter_without_work(asked: list[tuple[str, str | None]]) -> Iterator[str]:
    """A Porter whose every run is over; notes who asked for what."""

    class Over(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(410)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Over) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_runner_asks_for_its_job_and_ends_when_the_run_is_over(host_for: HostFactory) -> None:
    host, asked = host_for([sys.executable, "-m", "worker"]), list[tuple[str, str | None]]()
    with porter_without_work(asked) as url:
        env = {"PORTER_URL": url, "TASK_ID": "t1", "RUN_ID": "r1", "CALLBACK_TOKEN": CANARY}
        machine = host.create(MachineSpec("r1", "t1", env, 60.0))
        eventually(lambda: (seen := host.get(machine.id)) is not None and seen.state is MachineState.STOPPED, 30)
        seen = host.get(machine.id)
    assert seen is not None
    assert seen.exit_code == 2
    assert asked == [("/api/runs/r1/job", f"Bearer {CANARY}")]
