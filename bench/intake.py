"""Deliveries per second: Porter's intake against a bare Flask route, same signature check, same server, same run.

    ./run bench intake [requests a round, default 1500]

Rounds alternate, so that a busy neighbour slows both. "ignored" deliveries hold no command and are stored with a
verdict; "accepted" ones make a task and a job each. CPU is that of the server's processes, from the kernel.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import percentile
from porter import redis_server
from porter.data_dir import DataDir
from porter.stack import GUNICORN
from porter.supervisor import Program, Supervisor, answers, free_port, listens
from store.migrate import upgrade

_CONNECTIONS = 8
_ROUNDS = 3
_SECRET = "bench"  # noqa: S105  of this benchmark alone
_PAYLOAD = Path(__file__).parent.parent / "tests/payloads/github/issue_comment"


@dataclass
class Measured:
    """One variant: requests per second and CPU microseconds a request of each round, latencies in seconds."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def show(self, name: str) -> str:
        p50, p99 = percentile(self.latencies, 0.5) * 1000, percentile(self.latencies, 0.99) * 1000
        return f"{name:<18} {max(self.rates):7.0f}/s   {min(self.cpu):6.0f} us CPU   p50 {p50:5.1f}   p99 {p99:6.1f} ms"


def main() -> None:
    """Print the three variants and the ratios of their best rounds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    bare, ignored, accepted = Measured(), Measured(), Measured()
    with _servers() as (bare_server, intake_server):
        for _ in range(_ROUNDS):
            _round(bare_server, count, bare, lambda: _body("no command here"))
            _round(intake_server, count, ignored, lambda: _body("no command here"))
            _round(intake_server, count, accepted, lambda: _body("@porter mock fix it"))
    print(bare.show("bare Flask route"))
    print(ignored.show("intake, ignored"))
    print(accepted.show("intake, accepted"))
    for name, one in (("ignored", ignored), ("accepted", accepted)):
        share, cost = max(one.rates) / max(bare.rates), min(one.cpu) / min(bare.cpu)
        print(f"{name}: {share:.0%} of the bare route's requests per second, {cost:.1f} times its CPU")


@dataclass(frozen=True)
class _Server:
    port: int
    pid: Callable[[], int]


@contextmanager
def _servers() -> Iterator[tuple[_Server, _Server]]:
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as folder:
        data = DataDir(Path(folder))
        redis = redis_server.plan(data.path / "redis")
        environment = data.secrets() | {
            "GITHUB_WEBHOOK_SECRET": _SECRET,
            "PORTER_DATA_DIR": folder,
            "REDIS_URL": redis.url,
            "PORTER_LOG_LEVEL": "ERROR",
            "PORTER_MAX_COMMANDS_PER_HOUR": "1000000",
        }
        upgrade(f"sqlite:///{data.path / 'porter.db'}")
        with Supervisor(data.path / "logs") as supervisor:
            supervisor.start(Program("redis", redis.argv, ready=listens(redis.url)))
            yield (
                _start(supervisor, "bare", "bench.bare:create()", environment),
                _start(supervisor, "intake", "intake.app:from_environment()", environment),
            )


def _start(supervisor: Supervisor, name: str, app: str, environment: dict[str, str]) -> _Server:
    port = free_port(0)
    argv = [sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", *GUNICORN]
    supervisor.start(Program(name, argv, environment, answers(f"http://127.0.0.1:{port}/healthz")))
    return _Server(port, lambda: supervisor.pid(name))


def _round(server: _Server, count: int, into: Measured, body: Callable[[], bytes]) -> None:
    requests = [_signed(body()) for _ in range(count)]
    shares = [requests[start::_CONNECTIONS] for start in range(_CONNECTIONS)]
    spent, begun = _cpu_seconds(server.pid()), time.perf_counter()
    threads = [threading.Thread(target=_send, args=(server.port, share, into.latencies)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    into.rates.append(count / (time.perf_counter() - begun))
    into.cpu.append((_cpu_seconds(server.pid()) - spent) / count * 1e6)


def _send(port: int, requests: list[tuple[bytes, dict[str, str]]], latencies: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for body, headers in requests:
        begun = time.perf_counter()
        connection.request("POST", "/api/webhooks/github", body, headers)
        answer = connection.getresponse()
        answer.read()
        latencies.append(time.perf_counter() - begun)
        if answer.status != 202:
            raise SystemExit(f"expected 202, got {answer.status}")


def _body(text: str) -> bytes:
    payload = json.loads(next(iter(sorted(_PAYLOAD.glob("created*.json")))).read_text())
    payload["comment"]["id"] = uuid.uuid4().int >> 80
    payload["comment"]["body"] = text
    payload["issue"]["state"] = "open"
    payload.setdefault("installation", {"id": 1})
    return json.dumps(payload).encode()


def _signed(body: bytes) -> tuple[bytes, dict[str, str]]:
    signature = "sha256=" + hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issue_comment",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": signature,
    }


def _cpu_seconds(pid: int) -> float:
    """User and system time of the server and its workers, living ones only."""
    total = 0.0
    for process in [pid, *_children(pid)]:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


if __name__ == "__main__":
    main()
