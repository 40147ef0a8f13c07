"""The stage with people to be told: receivers on the loopback are allowed, and a clock that tests move."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from jobs import notifying
from jobs.finish import finish
from jobs.launch import launch
from jobs.notify.delivering import send_due
from jobs.notifying import NewChannel
from jobs.sweep import Sweep
from store import channels, notices
from store.notices import Notice
from store.records import Task
from tests.jobs.receivers import Receiver
from tests.jobs.stage import Stage

SECRET = "a-secret-for-the-webhook"
ALL = tuple(channels.CHOOSABLE)


def near(stage: Stage, **config: Any) -> Stage:
    """The same stage, which may send to this computer; `config`: fields of the configuration."""
    told = {"notify_networks": [ip_network("127.0.0.0/8")]} | config
    services = replace(stage.services, config=stage.services.config.model_copy(update=told))
    services.__dict__.update({"github": stage.services.github, "host": stage.host})
    stage.services = services
    return stage


def webhook(stage: Stage, receiver: Receiver, path: str = "/hook", **more: Any) -> str:
    """A channel that leads there; its id."""
    new = NewChannel("webhook", receiver.url + path, secret=SECRET, **({"events": ALL} | more))
    return notifying.add(stage.services, new, by="maria").channel.id


def done(stage: Stage, **result: Any) -> Task:
    """A task that came to its end, with a pull request unless its result says otherwise."""
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.report(task)
    stage.result(task, **result)
    finish(stage.services, task.run_id)
    return stage.now_task(task)


def sent(stage: Stage) -> None:
    """What the sweep finds to be sent now is sent, as the workers would."""
    Sweep(stage.services).quick()
    for channel_id in notices.due(stage.services.db, now=stage.clock()):
        send_due(stage.services, channel_id)


def last(stage: Stage, channel_id: str) -> Notice:
    """How it stands with what was tried last."""
    return notices.last(stage.services.db)[channel_id]


def is_signed(headers: dict[str, str], body: bytes, secret: str = SECRET) -> bool:
    """As docs/notifications.md tells a receiver to check."""
    at = headers["X-Porter-Timestamp"]
    expected = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(headers["X-Porter-Signature-256"], f"sha256={expected}")
