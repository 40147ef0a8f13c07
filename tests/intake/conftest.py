"""A real intake on a real SQLite file, with a Redis that is away unless a test brings one."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from intake.app import create_app
from intake.signature import sign
from jobs import bootstrap
from jobs.bootstrap import Services
from jobs.config import Config
from store import credentials, runs, tasks
from store.credentials import Credential
from store.lifecycle import Status
from store.records import NewTask, Task
from tests.conftest import Clock

SECRET = "webhook-secret-of-the-tests"
PAYLOADS = Path(__file__).parent.parent / "payloads" / "github"


@dataclass
class House:
    """The intake under test, and what stands behind it."""

    services: Services
    clock: Clock
    client: FlaskClient
    count: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))

    def deliver(self, payload: Any, event: str = "issue_comment", **changes: Any) -> TestResponse:
        """Post a signed delivery. `changes`: `id`, `secret`, `headers`."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": changes.get("id") or secrets.token_hex(16),
            "X-Hub-Signature-256": sign(body, changes.get("secret", SECRET)),
            "Content-Type": "application/json",
        } | changes.get("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.client.post("/api/webhooks/github", data=body, headers=headers)

    def comment(self, body: str, **changes: Any) -> dict[str, Any]:
        """GitHub's own example of a comment, with this text, a fresh id, and an installation."""
        payload = json.loads((PAYLOADS / "issue_comment" / "created.json").read_text())
        payload["comment"] |= {"body": body, "id": next(self.count)} | changes.get("comment", {})
        payload["issue"] |= changes.get("issue", {})
        payload["sender"] |= changes.get("sender", {})
        payload["installation"] = {"id": 7}
        return payload | changes.get("payload", {})

    def task(self, **changes: Any) -> Task:
        """A queued task of the mock agent."""
        asked = {"repository": "acme/greeter", "requested_by": "mona", "agent": "mock", "source": "comment"}
        asked |= {"issue_number": 4, "comment_id": next(self.count), "comment_line": 1}
        return tasks.create(self.services.db, NewTask(**(asked | changes)), now=self.clock())

    def launched(self, **changes: Any) -> Machine:
        """A task whose machine has just been made."""
        task, db, now = self.task(**changes), self.services.db, self.clock()
        claim = runs.claim(db, task.run_id, now=now)
        assert claim is not None
        token = secrets.token_urlsafe(32)
        runs.add_token(db, claim, token, now=now)
        runs.write(db, claim, prompt="# Task\nSay hello.", machine_id="m1", host="local")
        tasks.change(db, task.id, now=now, branch="porter/issue-4-mock-abc123", base_branch="main")
        with db.write() as connection:
            tasks.move(connection, task.id, Status.LAUNCHING, now=now, kind="launching", text="a machine is starting")
        runs.release(db, claim)
        return Machine(self, task.id, task.run_id, token)

    def keep(self, run_id: str, purpose: str, value: str, *, seconds: float = 3600) -> None:
        """What `mint` does: keep a token for the run."""
        ends = self.clock() + timedelta(seconds=seconds)
        credentials.keep(self.services.db, self.services.vault, f"run:{run_id}", purpose, Credential(value, ends))


@dataclass
class Machine:
    """The machine's end of the wire."""

    house: House
    task_id: str
    run_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def job(self) -> TestResponse:
        return self.house.client.get(f"/api/runs/{self.run_id}/job", headers=self.headers)

    def post(self, path: str, **body: Any) -> TestResponse:
        data = {"run_id": self.run_id} | body
        return self.house.client.post(f"/api/callbacks/{path}", json=data, headers=self.headers)

    def put_session(self, **body: Any) -> TestResponse:
        return self.house.client.put(f"/api/runs/{self.run_id}/session", json=body, headers=self.headers)

    def update(self, seq: int, **body: Any) -> TestResponse:
        return self.post("task-update", seq=seq, **body)

    def complete(self, seq: int, **result: Any) -> TestResponse:
        return self.post("task-complete", seq=seq, result={"ending": "changes", "message": "done"} | result)


def config(directory: Path, **changes: str) -> Config:
    """The configuration of the tests; environment names."""
    key = base64.b64encode(bytes(32)).decode()
    values = {
        "PORTER_DATA_DIR": str(directory),
        "PORTER_VAULT_KEYS": f"v1:{key}",
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "PORTER_DEFAULT_AGENT": "mock",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    return Config.model_validate(values | changes)


def build(directory: Path, **changes: str) -> House:
    """A house of its own, on the database that is in the directory."""
    clock = Clock()
    services = bootstrap.build(config(directory, **changes), clock=clock)
    return House(services, clock, create_app(services, poll_seconds=0.01).test_client())


@pytest.fixture
def home(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A data directory with an empty database."""
    shutil.copy(migrated_sqlite, tmp_path / "porter.db")
    return tmp_path


@pytest.fixture
def house(home: Path) -> Iterator[House]:
    made = build(home)
    yield made
    made.services.db.close()
