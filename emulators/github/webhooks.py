"""Signed webhook deliveries: sent in the background, recorded, sent again when asked. Never by themselves.

https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx

from emulators.github.model import App

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
SENDERS = 4


@dataclass(frozen=True)
class Delivery:
    """One attempt at one event. A redelivery is another Delivery with the same `guid`. `duration` is in seconds."""

    id: int
    guid: str
    event: str
    action: str | None
    app: App = field(repr=False)
    installation_id: int | None
    repository_id: int | None
    body: bytes = field(repr=False)
    delivered_at: datetime
    redelivery: bool = False
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded

    def headers(self) -> dict[str, str]:
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(self.app.slug.encode()).hexdigest()[:7]}",
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Event": self.event,
            "X-GitHub-Hook-ID": str(self.app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": "sha1=" + self._digest("sha1"),
            "X-Hub-Signature-256": "sha256=" + self._digest("sha256"),
        }

    def _digest(self, algorithm: str) -> str:
        return hmac.new(self.app.webhook_secret.encode(), self.body, algorithm).hexdigest()


class Webhooks:
    """The outgoing side. `transport` replaces the network in tests that run in one process."""

    def __init__(self, clock: Callable[[], datetime], transport: httpx.BaseTransport | None = None) -> None:
        self._clock = clock
        self._transport = transport
        self._ids = itertools.count(9_000_000_001)
        self._settled = threading.Condition()
        self._records: dict[int, Delivery] = {}
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def send(
        self, app: App, event: str, payload: dict[str, Any], *, installation_id: int | None, repository_id: int | None
    ) -> Delivery:
        """Puts an event on its way and returns at once."""
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        first = Delivery(
            next(self._ids),
            str(uuid.uuid4()),
            event,
            payload.get("action"),
            app,
            installation_id,
            repository_id,
            body,
            self._clock(),
        )
        return self._enqueue(first)

    def again(self, delivery: Delivery) -> Delivery:
        """The same body under the same guid."""
        fresh = replace(
            delivery, id=next(self._ids), redelivery=True, delivered_at=self._clock(), status="pending", status_code=0
        )
        return self._enqueue(replace(fresh, duration=0.0, answer="", answer_headers={}))

    def all(self, app: App | None = None) -> list[Delivery]:
        """Newest first."""
        with self._settled:
            return [one for one in reversed(self._records.values()) if app is None or one.app is app]

    def get(self, delivery_id: int) -> Delivery | None:
        with self._settled:
            return self._records.get(delivery_id)

    def settle(self, seconds: float = 10.0) -> bool:
        """Waits until nothing is on its way. False when that took longer than `seconds`."""
        with self._settled:
            return self._settled.wait_for(lambda: all(d.status != "pending" for d in self._records.values()), seconds)

    def close(self) -> None:
        """Lets the senders end; what hangs in a receiver is not waited for."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(timeout=0.5)

    def _enqueue(self, delivery: Delivery) -> Delivery:
        with self._settled:
            self._records[delivery.id] = delivery
            if not self._threads:
                self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(SENDERS)]
                for thread in self._threads:
                    thread.start()
        self._waiting.put(delivery.id)
        return delivery

    def _work(self) -> None:
        with httpx.Client(transport=self._transport, timeout=ANSWER_SECONDS, trust_env=False) as client:
            while (delivery_id := self._waiting.get()) is not None:
                done = attempt(client, self._records[delivery_id])
                level = logging.INFO if done.status == "OK" else logging.WARNING
                log.log(level, "webhook %s: %s", done.event, done.status, extra={"action": "webhook_sent"})
                with self._settled:
                    self._records[delivery_id] = done
                    self._settled.notify_all()


def attempt(client: httpx.Client, delivery: Delivery) -> Delivery:
    """Sends once. Whatever goes wrong is written in the delivery, never raised."""
    started = time.monotonic()
    try:
        answer = client.post(delivery.app.webhook_url, content=delivery.body, headers=delivery.headers())
    except httpx.TimeoutException:
        return replace(delivery, status="timed out", status_code=504, duration=_since(started))
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return replace(delivery, status="failed to connect to host", status_code=502, duration=_since(started))
    return replace(
        delivery,
        status="OK" if answer.is_success else f"Invalid HTTP Response: {answer.status_code}",
        status_code=answer.status_code,
        duration=_since(started),
        answer=answer.text[:10_000],
        answer_headers=dict(answer.headers),
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)
