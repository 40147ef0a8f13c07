"""The tab Notifications as JSON: where people are told, of what, and how the last delivery went. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.present import Tone
from dashboard.settings_reads import ChannelsView
from dashboard.settings_tabs import whose
from jobs.config import Config
from jobs.notify.words import TITLES
from jobs.notifying import FIRST
from store.channels import CHOOSABLE, Channel, Occasion, Way
from store.notices import Notice, State

EVENTS: Mapping[Occasion, str] = {
    Occasion.PULL_REQUEST: "Pull request ready",
    Occasion.NEEDS_YOU: "Waits for approval",
    Occasion.FAILED: "Failed",
    Occasion.NO_CHANGES: "Nothing to change",
    Occasion.CANCELLED: "Stopped",
}
KINDS: Mapping[Way, str] = {Way.SLACK: "Slack-compatible", Way.WEBHOOK: "Webhook", Way.EMAIL: "E-mail"}
_ABOUT: Mapping[Way, tuple[str, str, str]] = {
    Way.SLACK: ("Incoming webhook's URL", "https://hooks.slack.com/services/…",
                "Slack, Mattermost, Rocket.Chat; Discord with /slack at the end. Sealed when saved: it is a secret."),
    Way.WEBHOOK: ("URL", "https://hooks.example.com/porter",
                  "Told in JSON, signed with a secret. Sealed when saved; only its host is shown."),
    Way.EMAIL: ("Address", "team@example.com", "One address; use a list's for several people."),
}  # fmt: skip
_NO_MAIL = "There is no mail server yet: an operator sets PORTER_SMTP_HOST and PORTER_SMTP_FROM."
_LEAD = "Porter tells them what became of tasks. What does not arrive is tried again for ten hours, then given up."
_EMPTY = "Nobody is told yet. Add a channel below: a chat, a webhook or an e-mail address."


def sections(seen: ChannelsView, config: Config, *, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """The tab for an admin."""
    rows = [_row(one, seen, now, zone) for one in seen.channels]
    there = {"key": "channels", "title": "Channels", "lead": _LEAD if rows else _EMPTY, "channels": rows}
    adding = {
        "kinds": [_kind(one, config) for one in KINDS],
        "events": _events(FIRST),
        "repositories": list(seen.repositories),
    }
    return [there, {"key": "add", "title": "Add a channel", "lead": "", "adding": adding}]


def is_busy(seen: ChannelsView, now: datetime) -> bool:
    """Whether something is being sent, so that a reader wants to see how it goes."""
    return any(seen.waiting.get(one.id) and not _rests(one, now) for one in seen.channels)


def _kind(kind: Way, config: Config) -> dict[str, Any]:
    label, example, help_ = _ABOUT[kind]
    if kind is Way.EMAIL and not config.sends_mail:
        help_ = _NO_MAIL
    return {"value": kind, "text": KINDS[kind], "label": label, "example": example, "help": help_}


def _events(chosen: Sequence[str]) -> list[dict[str, Any]]:
    shown = sorted(CHOOSABLE, key=list(EVENTS).index)
    return [{"value": one.value, "text": EVENTS[one], "on": one in chosen} for one in shown]


def _row(one: Channel, seen: ChannelsView, now: datetime, zone: tzinfo) -> dict[str, Any]:
    label, example, _ = _ABOUT[one.kind]
    return {
        "id": f"channel:{one.id}",
        "kind": KINDS[one.kind],
        "place": one.place,
        "whose": "all repositories" if one.scope == "global" else whose(one.scope),
        "by": f"by {one.created_by}, {present.ago(one.created_at, now)}",
        "exact": present.exact(one.created_at, zone),
        "events": _events(one.events),
        "label": label,
        "example": example,
        "signed": one.kind is Way.WEBHOOK,
        "private": one.kind is Way.SLACK,
        "standing": _standing(seen.last.get(one.id), seen.waiting.get(one.id, 0), now, zone),
    }


def _standing(last: Notice | None, waiting: int, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """How the last delivery went: a word, a sentence, and when."""
    if last is None:
        return _said(
            "Waiting" if waiting else "", Tone.WAITING, "To be sent." if waiting else "Nothing was sent there yet."
        )
    word, tone, text = _fate(last, now, zone)
    behind = waiting - (last.state is State.PENDING)
    more = f"{behind:,} more waiting." if behind > 0 else ""
    at = last.done_at or last.tried_at or last.at
    when = {"when": present.ago(at, now), "exact": present.exact(at, zone)}
    return _said(word, tone, " ".join(filter(None, (text, more)))) | when


def _fate(last: Notice, now: datetime, zone: tzinfo) -> tuple[str, str, str]:
    event, said = TITLES[last.event], present.sentence(last.answer)
    match last.state:
        case State.SENT:
            return "Arrived", Tone.DONE, f"{event}."
        case State.FAILED:
            return "Failed", Tone.FAILED, f"{event}. {said}" + (" Given up." if last.event is not Occasion.TEST else "")
    if not said or (last.lease_until is not None and last.lease_until > now):
        return "Sending", Tone.WAITING, f"{event}."
    return "Trying again", present.NEEDS, f"{event}. {said} Next try at {present.clock(last.due_at, zone)}."


def _said(word: str, tone: str, text: str) -> dict[str, Any]:
    badge = {"word": word, "tone": tone} if word else None
    return {"badge": badge, "text": text, "when": "", "exact": ""}


def _rests(one: Channel, now: datetime) -> bool:
    return one.rests_until is not None and one.rests_until > now
