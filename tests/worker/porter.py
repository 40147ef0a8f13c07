"""Porter as the machine sees it: a small HTTP server that is strict about tokens, order and shapes."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from worker.contract import JobDocument

RUN_ID = "run-0042"
# Of this test process alone: an agent that searches all of /proc also sees the machines of the tests beside it.
TOKEN = f"run-token-{secrets.token_hex(12)}"
PUSH_TOKEN = f"ghs_PUSH{secrets.token_hex(12)}"


@dataclass
class Porter:
    """What the tests set, and what they look at afterwards."""

    job: JobDocument | None = None
    job_answers: list[int] = field(default_factory=list)  # statuses to give before the job itself
    push_answers: list[int] = field(default_factory=list)
    token: str = TOKEN  # the run's
    push_token: str = PUSH_TOKEN
    cancel_when: str = ""  # order a cancel once a log line holds this text
    away: bool = False
    away_once_seen: str = ""  # go away (503) for `away_seconds` once a line holds this text
    away_seconds: float = 0.0
    hang_on: str = ""  # say nothing to requests whose path ends so
    cut_answers: int = 0  # accept so many requests and let the connection drop in the middle of the answer
    lose_answers: int = 0  # accept so many reports but answer 503, as if the reply had been lost

    logs: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    held: dict[str, Any] | None = None
    held_answer: int = 200
    complete_answer: int = 200
    session: dict[str, Any] | None = None
    session_answer: int = 200
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    away_until: float = 0.0
    url: str = ""
    last_seq: int = 0
    _cancel: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)  # at the end of the test

    @property
    def text(self) -> str:
        return "\n".join(line["text"] for line in self.logs)

    def everything(self) -> str:
        """All that the machine ever said, for hunting secrets."""
        return json.dumps([self.reports, self.result])

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:
        self.requests.append(f"{method} {path}")
        if token != f"Bearer {self.token}":
            self.problems.append(f"wrong token on {path}")
            return 401, {"error": "unauthorized", "message": "wrong token"}
        if self.away or time.monotonic() < self.away_until:
            return 503, {}
        match method, path:
            case "GET", "/api/runs/run-0042/job":
                return self._job()
            case "POST", "/api/callbacks/task-update":
                return self._update(body)
            case "PUT", "/api/runs/run-0042/session":
                self.session = body if self.session_answer == 200 else None
                return self.session_answer, {"kept": True}
            case "POST", "/api/callbacks/push-token":
                return self._push_token()
            case "POST", "/api/callbacks/held":
                return self._hold(body)
            case "POST", "/api/callbacks/task-complete":
                return self._complete(body)
        self.problems.append(f"unknown request {method} {path}")
        return 404, {}

    def _job(self) -> tuple[int, dict[str, Any]]:
        if self.job_answers:
            status = self.job_answers.pop(0)
            return status, {"wait_seconds": 0.1} if status == 202 else {"error": "x", "message": "the run is over"}
        assert self.job is not None
        return 200, self.job.to_json()

    def _update(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body.get("run_id") != RUN_ID or body.get("phase") not in ("cloning", "setup", "running", "finishing"):
            self.problems.append(f"malformed report {str(body)[:200]}")
            return 400, {}
        if body["seq"] <= self.last_seq:
            return 200, {"accepted": False, "orders": []}
        if body["seq"] != self.last_seq + 1:
            self.problems.append(f"report {body['seq']} came after {self.last_seq}")
        self.last_seq = body["seq"]
        self.reports.append(body)
        self.logs += body["logs"]
        new = "\n".join(line["text"] for line in body["logs"])
        if self.away_once_seen and self.away_once_seen in new:
            self.away_until, self.away_once_seen = time.monotonic() + self.away_seconds, ""
        if self.cancel_when and self.cancel_when in new:
            self._cancel = True
        if self.lose_answers:
            self.lose_answers -= 1
            return 503, {}
        return 200, {"accepted": True, "orders": ["cancel"] if self._cancel else []}

    def _push_token(self) -> tuple[int, dict[str, Any]]:
        status = self.push_answers.pop(0) if self.push_answers else 200
        if status == 202:
            return 202, {"wait_seconds": 0.1}
        if status == 200:
            return 200, {"token": self.push_token, "expires_at": "2026-01-01T00:00:00Z"}
        return status, {"error": "gone", "message": "the run is over"}

    def _hold(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.held_answer != 200:
            return self.held_answer, {"error": "too_large", "message": "no"}
        self.held = body["held"]
        return self._complete(body)

    def _complete(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.complete_answer != 200:
            return self.complete_answer, {"error": "malformed", "message": "that is no result"}
        if body.get("run_id") != RUN_ID or body.get("seq") != self.last_seq + 1:
            self.problems.append(f"result {body.get('seq')} came after {self.last_seq}")
        self.last_seq, self.result = body["seq"], body["result"]
        return 200, {"accepted": True, "orders": []}


@contextmanager
def listening(porter: Porter) -> Iterator[Porter]:
    """Porter on an ephemeral port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"porter": porter}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    porter.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield porter
    finally:
        porter.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    porter: Porter

    def do_GET(self) -> None:
        self._do({})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._do(json.loads(data))

    def _do(self, body: dict[str, Any]) -> None:
        if self.porter.hang_on and self.path.endswith(self.porter.hang_on):
            self.porter.requests.append(f"hung {self.path}")
            self.porter.released.wait(60)
            return
        with self.porter.lock:
            status, answer = self.porter.answer(self.command, self.path, body, self.headers.get("Authorization", ""))
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.porter.cut_answers:
            self.porter.cut_answers -= 1
            data = data[: len(data) // 2]
        self.wfile.write(data)

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""
