"""What an admin does about people: give a role, name somebody, sign them out. The answer is a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.lookout import lookout
from dashboard.members import TITLES
from dashboard.settings_acts import Outcome, sentence
from jobs import roles, signing_in
from jobs.bootstrap import Services
from jobs.roles import CannotGive
from store import members
from store.errors import NotFound
from store.members import Role

VERBS = ("role", "name", "send-away")


def carry_out(services: Services, said: Mapping[str, Any], *, by: str) -> Outcome:
    """Whoever calls this has made sure that `by` is an admin. Raises SQLAlchemyError."""
    try:
        return _done(services, said, by)
    except CannotGive as refused:
        return Outcome(sentence(str(refused), ""))
    except NotFound:
        return Outcome("There is no such member any more.")


def _done(services: Services, said: Mapping[str, Any], by: str) -> Outcome:
    value = str(said.get("value", ""))
    if said.get("do") == "name":
        given = roles.name(services, value, str(said.get("role", "")), by=by)
        return Outcome(note=f"{given.login} is {_title(given.role)} now.")
    member_id = _number(str(said.get("id", "")))
    if said.get("do") == "role":
        given = roles.give(services, member_id, value, by=by)
        return Outcome(note=f"Saved: {_title(given.role)}.")
    return _sent_away(services, member_id, by)


def _sent_away(services: Services, member_id: int, by: str) -> Outcome:
    """Their sessions end at once; GitHub hears of it beside the page."""
    who = members.get(services.db, member_id)
    if who.person_id is None:
        return Outcome(f"{who.login} has never signed in.")
    person_id, tokens = who.person_id, signing_in.send_away(services, who.person_id, who.login, by=by)
    if not tokens:
        return Outcome(note=f"{who.login} was signed in nowhere.")
    now = services.clock()
    lookout().look(
        ("revoke", person_id, now), lambda: signing_in.revoke(services, person_id, tokens), now=now, fresh_for=None
    )
    return Outcome(note=f"{who.login} is signed out everywhere.")


def _title(role: Role | None) -> str:
    return f"{'an' if role is Role.ADMIN else 'a'} {TITLES[role].lower()}" if role else "as newcomers are"


def _number(text: str) -> int:
    """Out of a row's id; what is none is nobody's."""
    digits = text.partition(":")[2]
    return int(digits) if digits.isdecimal() and len(digits) < 12 else -1
