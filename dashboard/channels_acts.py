"""What an admin does about channels: add, choose, replace, try, remove. The answer is a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.settings_acts import Outcome, sentence
from jobs import notifying
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.notifying import Added, NewChannel
from store.errors import NotFound

VERBS = ("channel-add", "channel-events", "channel-replace", "channel-renew", "channel-test", "channel-remove")


def carry_out(services: Services, said: Mapping[str, Any], *, by: str) -> Outcome:
    """Whoever calls this has made sure that `by` is an admin. Raises SQLAlchemyError."""
    try:
        return _done(services, said, by)
    except JobError as refused:
        return Outcome(sentence(str(refused), ""))
    except NotFound:
        return Outcome("Somebody has removed this channel.")


def _done(services: Services, said: Mapping[str, Any], by: str) -> Outcome:
    key = str(said.get("id", "")).removeprefix("channel:")
    match said.get("do"):
        case "channel-add":
            return _added(notifying.add(services, _typed(said), by=by))
        case "channel-events":
            notifying.choose(services, key, _words(said), by=by)
            return Outcome(note="Saved")
        case "channel-replace":
            address, secret = str(said.get("address", "")), str(said.get("secret", ""))
            changed = notifying.replace(services, key, address=address, secret=secret, by=by)
            return Outcome(note=f"Saved. It leads to {changed.place}.")
        case "channel-renew":
            renewed = notifying.renew(services, key, by=by)
            return Outcome(note="Made. The old secret is good no more.", once=renewed.secret)
        case "channel-test":
            notifying.try_out(services, key, by=by)
            return Outcome(note="A test is on its way.")
    there = notifying.remove(services, key, by=by)
    return Outcome(note="Removed" if there else "It was removed before.")


def _added(added: Added) -> Outcome:
    if not added.secret:
        return Outcome(note=f"Added: {added.channel.place}. Send it a test.")
    return Outcome(note=f"Added: {added.channel.place}. Its secret is below.", once=added.secret)


def _typed(said: Mapping[str, Any]) -> NewChannel:
    texts = {name: str(said.get(name, "")) for name in ("kind", "address", "secret", "repository")}
    return NewChannel(**texts, events=_words(said))


def _words(said: Mapping[str, Any]) -> list[str]:
    told = said.get("events")
    return [str(one) for one in told[:20]] if isinstance(told, list) else []
