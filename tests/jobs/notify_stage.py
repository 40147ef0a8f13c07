"""People to be told: the stage, or a house without GitHub, whose receivers are on the loopback."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

from fakeredis import FakeStrictRedis

from jobs import notifying
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.finish import finish
from jobs.launch import launch
from jobs.notify.delivering import send_due
from jobs.notifying import NewChannel
from jobs.queues import Queues
from jobs.sweep import Sweep
from store import channels, notices
from store.database import Database
from store.lifecycle import Status
from store.notices import Notice
from store.records import Task
from store.vault import Vault
from tests.builders import make_task
from tests.conftest import Clock
from tests.jobs.receivers import Receiver
from tests.jobs.stage import Stage

SECRET = "a-secret-for-the-webhook"
ALL = tuple(channels.CHOOSABLE)


@dataclass
class House:
    """Porter's tables, queues and clock, where tasks end by themselves: all that a notification needs."""

    services: Services
    clock: Clock

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def ended(self, status: Status = Status.FAILED, **task: Any) -> Task:
        """A task that came to this end."""
        return make_task(self.services.db, status=status, now=self.clock(), **task)


def house(folder: Path, db: Database, clock: Clock) -> House:
    """One that may send to this computer."""
    queues = Queues(None)
    queues.__dict__["redis"] = FakeStrictRedis()
    config = Config(PORTER_DATA_DIR=folder, PORTER_DEFAULT_AGENT="mock", PORTER_VAULT_KEYS="set")
    return near(House(Services(config, db, Vault({"v1": b"k" * 32}), queues, clock), clock))


Place = TypeVar("Place", House, Stage)


def near(stage: Place, **config: Any) -> Place:
    """The same, which may send to this computer; `config`: fields of the configuration."""
    told = {"notify_networks": [ip_network("127.0.0.0/8")]} | config
    services = replace(stage.services, config=stage.services.config.model_copy(update=told))
    if isinstance(stage, Stage):
        services.__dict__.update({"github": stage.services.github, "host": stage.host})
    stage.services = services
    return stage


def webhook(stage: House | Stage, receiver: Receiver, path: str = "/hook", **more: Any) -> str:
    """A channel that leads there; its id."""
    new = NewChannel(**({"kind": "webhook", "address": receiver.url + path, "secret": SECRET, "events": ALL} | more))
    return notifying.add(stage.services, new, by="maria").channel.id


def done(stage: Stage, **result: Any) -> Task:
    """A task that came to its end, with a pull request unless its result says otherwise."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    stage.result(task, **result)
    finish(stage.services, task.run_id)
    return stage.now_task(task)


def sent(stage: House | Stage) -> None:
    """What the sweep finds to be sent now is sent, as the workers would."""
    Sweep(stage.services).quick()
    for channel_id in notices.due(stage.services.db, now=stage.clock()):
        send_due(stage.services, channel_id)


def last(stage: House | Stage, channel_id: str) -> Notice:
    """How it stands with what was tried last."""
    return notices.last(stage.services.db)[channel_id]


def is_signed(headers: dict[str, str], body: bytes, secret: str = SECRET) -> bool:
    """As docs/notifications.md tells a receiver to check."""
    at = headers["X-Porter-Timestamp"]
    expected = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(headers["X-Porter-Signature-256"], f"sha256={expected}")
