"""Sends what channels are to be told, until it arrives or is given up; one notice is sent by one worker at a time.

At least once, not exactly once: a worker that dies between the receiver's answer and its own note sends the same notice
again, with the same id (docs/notifications.md).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any

from jobs.bootstrap import Services
from jobs.cleaning import one_line
from jobs.notify import bodies, mail, target, wire
from jobs.notify.errors import BadTarget, Refused, Unreachable
from jobs.notify.wire import Answer
from jobs.notify.words import Telling, telling
from store import channels, notices, settings, vault
from store.channels import Channel, Occasion, Way
from store.errors import NotFound, VaultError
from store.notices import Notice, State
from worker.masking import Mask

_log = logging.getLogger(__name__)

# After each attempt that failed; after the last one it is given up, ten and a half hours after the first.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
LONGEST_REST = timedelta(minutes=15)  # of a channel whose receiver does not answer
LONGEST_WAIT = timedelta(hours=6)  # that a receiver may ask for
BUDGET = 60.0  # seconds one job goes on with a channel; what is left then the sweep brings
_SHOWN = 200  # characters of what went wrong, or of what a receiver said
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


def send_due(services: Services, channel_id: str) -> None:
    """Send what this channel is to be told now, the oldest first, until something does not arrive."""
    end = monotonic() + BUDGET
    while monotonic() < end:
        notice = notices.claim(services.db, channel_id, now=services.clock())
        if notice is None or not _try(services, notice):
            return


def _try(services: Services, notice: Notice) -> bool:
    """Whether the channel may be told the next thing at once."""
    if notice.attempts > len(PAUSES) + 1:  # its workers died of it: nobody has counted its end
        _give_up(services, notice, notice.answer or "each attempt ended in an error; the workers' log says which")
        return True
    try:
        answer = _deliver(services, notice, channels.get(services.db, notice.channel_id))
    except (Unreachable, VaultError) as trouble:
        _later(services, notice, trouble)
        return False
    except (Refused, BadTarget) as refusal:
        _give_up(services, notice, str(refusal))
        return True
    except NotFound:
        return False  # removed since
    notices.settle(services.db, notice, State.SENT, _short(services, answer), now=services.clock())
    return True


def _deliver(services: Services, notice: Notice, channel: Channel) -> str:
    """What the receiver said. Raises Unreachable, Refused, BadTarget, VaultError."""
    config = services.config
    facts = {name: _hidden(services, value) for name, value in notice.facts.items()}
    told = telling(notice.event, facts, dashboard_url=config.dashboard_url)
    if channel.kind is Way.EMAIL:
        message = bodies.mail(notice, told, sender=config.smtp_from or "", to=channel.place)
        return mail.send(config, message)
    headers, body = _packed(services, notice, channel, facts, told)
    return _posted(services, _kept(services, channels.address_name(channel.id)), headers, body)


def _packed(
    services: Services, notice: Notice, channel: Channel, facts: Mapping[str, Any], told: Telling
) -> tuple[dict[str, str], bytes]:
    if channel.kind is Way.SLACK:
        return bodies.slack(told)
    page = f"{services.config.dashboard_url}/task?id={notice.task_id}"
    secret = _kept(services, channels.secret_name(channel.id))
    return bodies.webhook(notice, facts, told, secret=secret, url=page, now=services.clock())


def _posted(services: Services, url: str, headers: Mapping[str, str], body: bytes) -> str:
    config = services.config
    place = target.read(url, listed=config.notify_networks, plain=not config.is_production)
    answer = wire.post(place, headers, body, listed=config.notify_networks, now=services.clock().timestamp())
    own = Mask([place.resource, *re.split(r"[/?&=]", place.resource)])  # a receiver may tell it back
    return judged(replace(answer, words=own.text(answer.words)))


def judged(answer: Answer) -> str:
    """An answer in words, if what was sent has arrived. Raises Unreachable when it is worth another try, else Refused.
    Pure."""
    said = f"{answer.status} {answer.reason}".strip()
    if 200 <= answer.status < 300:
        return said
    words = f"{said}: {answer.words}" if answer.words else said
    if answer.status >= 500 or answer.status in _LATER:
        raise Unreachable(words, wait=answer.wait)
    if 300 <= answer.status < 400:
        raise Refused(f"{said}: a redirect is not followed; set the address it leads to")
    raise Refused(words)


def pause(attempts: int, wait: float | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None: no more. `wait`: seconds that the receiver asked for. Pure."""
    if attempts > len(PAUSES):
        return None
    asked = min(timedelta(seconds=wait or 0), LONGEST_WAIT)
    return max(PAUSES[attempts - 1], asked)


def _later(services: Services, notice: Notice, trouble: Unreachable | VaultError) -> None:
    wait = trouble.wait if isinstance(trouble, Unreachable) else None
    length = None if notice.event is Occasion.TEST else pause(notice.attempts, wait)
    if length is None:
        _give_up(services, notice, str(trouble))
        return
    now = services.clock()
    # A receiver that is down for all of them is not asked for each of them.
    worst = min(notices.worst(services.db, notice.channel_id), len(PAUSES))
    rest = length if wait else min(PAUSES[worst - 1], LONGEST_REST)
    notices.put_off(services.db, notice, _short(services, str(trouble)), until=now + length, rest=now + rest)
    extra = {"action": "notice_put_off", "notice": notice.id, "channel": notice.channel_id, "attempt": notice.attempts}
    _log.info("a notification did not arrive; it is tried again", extra=extra)


def _give_up(services: Services, notice: Notice, words: str) -> None:
    said = _short(services, words)
    notices.settle(services.db, notice, State.FAILED, said, now=services.clock())
    extra = {"action": "notice_given_up", "notice": notice.id, "channel": notice.channel_id, "why": said}
    _log.warning("a notification was given up", extra=extra)


def _kept(services: Services, name: str) -> str:
    value = vault.use(services.db, services.vault, settings.PORTER, name)
    if value is None:
        raise Refused("its address or its secret is not kept here; replace it in Settings, Notifications")
    return value


def _hidden(services: Services, value: Any) -> Any:
    return services.secrecy.text(value) if isinstance(value, str) else value


def _short(services: Services, words: str) -> str:
    return one_line(services.secrecy.text(words), _SHOWN)
