"""Porter's jobs between a GitHub at the wire and a host of no machines, where any outside call can be the last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fakeredis import FakeStrictRedis

from emulators.github import create_app
from emulators.github.model import Comment, Issue
from jobs import status_comment
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.github.client import GitHub
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name
from jobs.queues import Queues
from jobs.sweep import Sweep
from store import reports, tasks
from store.database import Database
from store.records import Run, Task
from store.reports import Update
from store.vault import Vault
from tests.builders import new_task
from tests.contracts.github import check_request
from tests.emulators import github_stage
from tests.emulators.github_stage import APP_ID, Clock, key_pair

CHANGES: dict[str, Any] = {
    "ending": "changes",
    "message": "1 file changed",
    "summary": "Fixed the greeting, @maria. Closes #99",
    "pushed": True,
    "head_sha": "a" * 40,
    "diff": {"files": 1, "additions": 2, "deletions": 1},
    "usage": {"input_tokens": 10, "output_tokens": 20, "cost_usd": 0.25},
    "seconds": 61.0,
}


class Died(BaseException):
    """The process was killed here; nothing may catch it."""


@dataclass
class Outside:
    """Counts the calls to the outside, and kills the process at one of them, before or after it is done."""

    calls: int = 0
    die_at: int | None = None
    when: str = "before"

    @contextmanager
    def call(self) -> Iterator[None]:
        self.calls += 1
        fatal = self.calls == self.die_at
        if fatal and self.when == "before":
            raise Died
        yield
        if fatal:
            raise Died


@dataclass
class Wire(httpx.BaseTransport):
    """The line to GitHub: every request is held against GitHub's REST description."""

    inner: httpx.BaseTransport
    outside: Outside

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.read()) if request.read() else None
        check_request(request.method, str(request.url), body)
        with self.outside.call():
            return self.inner.handle_request(request)


@dataclass
class Host:
    """Machines that are entries of a table. As a real host does, it makes one machine of a name."""

    outside: Outside
    name: str = "table"
    machines: dict[str, Machine] = field(default_factory=dict)
    specs: list[MachineSpec] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def create(self, spec: MachineSpec) -> Machine:
        with self.outside.call():
            if self.trouble:
                raise self.trouble.pop(0)
            key = machine_name(spec.run_id)
            if key not in self.machines:
                self.specs.append(spec)
                self.machines[key] = Machine(key, spec.run_id, MachineState.RUNNING, created_at=self.clock())
            return self.machines[key]

    def list(self) -> list[Machine]:
        return list(self.machines.values())

    def get(self, machine_id: str) -> Machine | None:
        return self.machines.get(machine_id)

    def stop(self, machine_id: str) -> None:
        raise NotImplementedError

    def destroy(self, machine_id: str) -> None:
        with self.outside.call():
            if self.trouble:
                raise self.trouble.pop(0)
            if self.machines.pop(machine_id, None):
                self.destroyed.append(machine_id)

    def end(self, run_id: str, exit_code: int | None, *, oom: bool = False) -> None:
        key = machine_name(run_id)
        self.machines[key] = replace(
            self.machines[key], state=MachineState.STOPPED, exit_code=exit_code, oom_killed=oom
        )


@dataclass
class Stage:
    github: github_stage.Stage
    services: Services
    host: Host
    outside: Outside
    issue: Issue

    def task(self, **overrides: Any) -> Task:
        """A queued task from a comment that is there."""
        asker = overrides.get("requested_by", "maria")
        comment = self.github.world.comment(self.issue, asker, "@porter mock fix the greeting")
        asked = {
            "repository": "acme/widgets", "requested_by": asker, "agent": "mock", "source": "comment",
            "installation_id": self.github.installation, "issue_number": self.issue.number,
            "issue_title": self.issue.title, "comment_id": comment.id, "comment_line": 1,
        }  # fmt: skip
        return tasks.create(self.services.db, new_task(**(asked | overrides)), now=self.clock())

    @property
    def clock(self) -> Clock:
        return self.github.clock

    def now_task(self, task: Task) -> Task:
        return tasks.get(self.services.db, task.id)

    def now_run(self, task: Task) -> Run:
        return tasks.current_run(self.services.db, task.id)

    def wait(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def replies(self) -> list[Comment]:
        """What Porter has said on the issue."""
        return [one for one in self.issue.comments if one.actor.app is not None]

    def reactions(self, task: Task) -> list[str]:
        [comment] = [one for one in self.issue.comments if one.id == task.comment_id]
        return [reaction.content for reaction in comment.reactions]

    def pulls(self) -> list[Issue]:
        return [one for one in self.github.repository.issues.values() if one.pull is not None]

    def report(self, task: Task, *, seq: int = 1, phase: str = "running", **more: Any) -> None:
        reports.accept_update(self.services.db, Update(task.run_id, seq, phase=phase, **more), now=self.clock())

    def result(self, task: Task, *, push: bool = True, seq: int = 90, **overrides: Any) -> None:
        """The machine pushes its branch and says its last word."""
        task = self.now_task(task)
        if push and task.branch and task.branch not in self.github.repository.git.branches():
            self.github.branch(task.branch)
        reports.accept_result(self.services.db, task.run_id, seq, CHANGES | overrides, now=self.clock())

    def sweep_up(self, task: Task) -> None:
        """What the sweep brings about for a task that has ended: the last comment, and no machine."""
        status_comment.publish(self.services, task.id)
        Sweep(self.services).slow()

    def secret_texts(self) -> list[str]:
        return [spec.env["CALLBACK_TOKEN"] for spec in self.host.specs]

    def again(self) -> Services:
        """The same Porter in a new process."""
        fresh = replace(self.services)
        fresh.__dict__.update({"github": self.services.github, "host": self.host})
        return fresh


@contextmanager
def opened(folder: Path, db: Database, clock: Clock | None = None) -> Iterator[Stage]:
    with github_stage.opened(folder, clock) as github:
        outside = Outside()
        world = github.world
        transport = Wire(httpx.WSGITransport(create_app(world)), outside)
        secret = Vault({"v1": b"k" * 32})
        # Whoever speaks here speaks much: how much one may ask for has tests of its own.
        config = Config(
            PORTER_DATA_DIR=folder, PORTER_DEFAULT_AGENT="mock", PORTER_VAULT_KEYS="set",
            PORTER_MAX_COMMANDS_PER_HOUR=10_000,
        )  # fmt: skip
        queues = Queues(None)
        queues.__dict__["redis"] = FakeStrictRedis()
        services = Services(config=config, db=db, vault=secret, queues=queues, clock=github.clock)
        host = Host(outside, clock=github.clock)
        with httpx.Client(transport=transport) as http:
            client = GitHub(
                api_url="http://github.test/api",
                app_id=str(APP_ID),
                private_key=key_pair()[0],
                db=db,
                vault=secret,
                clock=github.clock,
                http=http,
                sleep=lambda seconds: github.clock.pass_by(seconds=seconds),
                hide=services.secrecy.text,
            )
            services.__dict__.update({"github": client, "host": host})
            issue = world.add_issue(github.repository, "maria", "The greeting says Helo", 'It prints "Helo".')
            yield Stage(github, services, host, outside, issue)
