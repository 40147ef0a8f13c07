"""One delivery, from its bytes to the database: commit first, wake the workers after."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from werkzeug.datastructures import Headers as HttpHeaders

from intake import config_news, events, signature, surroundings
from intake.errors import IntakeError, Malformed, WrongSignature
from intake.judge import judge, refused
from intake.judgement import Heard, House, Judgement
from jobs.bootstrap import Services
from jobs.config import Config
from store import deliveries
from store.deliveries import Stored
from store.records import Verdict

log = logging.getLogger(__name__)

_LONGEST_HEADER = 64  # characters; GitHub sends a GUID and a word


@dataclass(frozen=True)
class Headers:
    """What GitHub says of a delivery outside its body."""

    delivery: str
    event: str

    @classmethod
    def read(cls, headers: HttpHeaders) -> Headers:
        """Raises Malformed for a header that is missing or cannot be GitHub's."""
        found = []
        for name in ("X-GitHub-Delivery", "X-GitHub-Event"):
            value = headers.get(name, "")
            if not (0 < len(value) <= _LONGEST_HEADER and value.isascii() and value.isprintable()):
                raise Malformed(f"the header {name} is missing or too long")
            found.append(value)
        return cls(*found)


def webhook_secrets(config: Config) -> list[str]:
    """The secret, and the previous one while it is being replaced."""
    both = (config.github_webhook_secret, config.github_webhook_secret_previous)
    return [secret.get_secret_value() for secret in both if secret is not None]


def accept(services: Services, house: House, headers: HttpHeaders, body: bytes) -> Stored:
    """Verify, judge and store a delivery, then wake the workers.

    Raises WrongSignature before anything of the body is read; Malformed, which is stored too, so that the list of
    deliveries tells of it.
    """
    if not signature.verify(body, headers.get(signature.HEADER), webhook_secrets(services.config)):
        raise WrongSignature("the signature does not fit", action="check that GitHub and Porter have the same secret")
    known, now = Headers.read(headers), services.clock()
    try:
        heard = Heard(known.delivery, known.event, now, events.parse(known.event, body))
    except Malformed as error:
        _keep_refused(services, known, error)
        raise
    judgement = judge(heard, house, surroundings.look(services, heard.payload, house))
    stored = deliveries.accept(
        services.db,
        judgement.delivery,
        judgement.tasks,
        requests=judgement.requests,
        follow_ups=judgement.follow_ups,
        news=judgement.news,
        repository=judgement.repository,
        nothing=judgement.nothing,
        now=now,
    )
    _tell(stored)
    _wake(services, judgement, stored)
    for name in config_news.repositories(known.event, body) if stored.delivery.verdict is not Verdict.DUPLICATE else []:
        if not services.queues.refresh_config(name):
            break
    return stored


def _keep_refused(services: Services, known: Headers, error: IntakeError) -> None:
    now = services.clock()
    stored = deliveries.accept(services.db, refused(known.delivery, known.event, error.message, at=now), now=now)
    _tell(stored)


def _tell(stored: Stored) -> None:
    delivery = stored.delivery
    extra = {"action": f"delivery_{delivery.verdict}", "delivery": delivery.id, "tasks": stored.task_ids}
    log.info("delivery %s: %s", delivery.verdict, delivery.reason[:200], extra=extra)


def _wake(services: Services, judgement: Judgement, stored: Stored) -> None:
    """Ring until the first refusal: with Redis hung each ring costs its timeout, and the sweep brings the rest."""
    queues = services.queues
    if len(stored.task_ids) == len(judgement.tasks):  # else another delivery made one of them, and rang for it
        for task_id, task in zip(stored.task_ids, judgement.tasks, strict=True):
            if not queues.launch(f"{task_id}-1", task.priority):
                return
    for request_id in stored.request_ids:
        if not queues.answer(request_id):
            return
    for task_id in stored.touched:
        if not queues.publish(task_id):
            return
    for follow_up_id in stored.follow_up_ids:
        if not queues.follow_up(follow_up_id):
            return
