"""What a reader changes on the settings page. The answer is a sentence that stands beside the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard import fields, present
from jobs import changing, fly_settings, fly_setup
from jobs.bootstrap import Services
from jobs.changing import For
from jobs.errors import JobError
from jobs.fly_setup import Change, Report
from jobs.setting_kinds import OF_MACHINES

NOT_YOURS = "Only an admin of this Porter may change that."
_WHOLE = ("machine_cpus", "machine_memory_mb")


@dataclass(frozen=True)
class Outcome:
    """What became of a change: a `fault`, or a `note` that it is done. `once`: a secret made here, shown this once."""

    fault: str = ""
    note: str = ""
    once: str = field(default="", repr=False)


def carry_out(
    services: Services,
    said: Mapping[str, Any],
    *,
    by: str,
    is_admin: bool,
    of_repository: Callable[[str], str] = lambda _name: NOT_YOURS,
) -> Outcome:
    """Change one setting or secret, at once. Whoever is no admin changes their own, and those of the repositories that
    `of_repository` gives no reason against."""
    try:
        whom = For.read(str(said.get("scope", "")))
        if not is_admin and (refused := _not_theirs(whom, by, of_repository)):
            return Outcome(refused)
        return _done(services, said, whom, by)
    except JobError as error:
        return Outcome(sentence(str(error), str(said.get("name", ""))))


def _not_theirs(whom: For, by: str, of_repository: Callable[[str], str]) -> str:
    if whom == For("user", by):
        return ""
    return of_repository(whom.name) if whom.kind == "repo" else NOT_YOURS


def _done(services: Services, said: Mapping[str, Any], whom: For, by: str) -> Outcome:
    name, value = str(said.get("name", "")), str(said.get("value", ""))
    match said.get("do"):
        case "save":
            return _saved(services, whom, name, value, by)
        case "unset":
            changing.unset(services, whom, name, by=by)
            return Outcome(note="Removed")
        case "secret":
            changing.put_secret(services, whom, name, value, by=by)
            return Outcome(note="Saved. It is sealed, and never shown again.")
        case "forget":
            there = changing.remove_secret(services, whom, name, by=by)
            return Outcome(note="Removed" if there else "It was removed before.")
    return Outcome("Nothing was changed: that is nothing this page can do.")


def _saved(services: Services, whom: For, name: str, value: str, by: str) -> Outcome:
    words = fields.typed(name, value)
    if not words:
        return Outcome("A blank changes nothing. Remove takes the setting away.")
    if isinstance(words, str):
        changing.put_text(services, whom, name, words, by=by)
    else:
        changing.put(services, whom, name, words, by=by)
    return Outcome(note="Saved")


def ask_fly(services: Services, said: Mapping[str, Any], *, by: str) -> Outcome:
    """Give Fly's part a value, if Fly takes it, or forget it. Fly is asked: not for a page's own thread."""
    name, value = str(said.get("name", "")), str(said.get("value", "")).strip()
    if said.get("do") == "fly-forget":
        was_there = fly_settings.forget(services.db, by=by, now=services.clock())
        return Outcome(note="Removed" if was_there else "It was removed before.")
    if not value:
        return Outcome("A blank changes nothing.")
    try:
        change = _change(name, value, said)
        tried = fly_setup.try_out(services, change)
        if name == "org" and tried.verdict.ok and tried.verdict.org != value:
            there = f"the app {tried.verdict.app} is in the organisation {tried.verdict.org}"
            return Outcome(f"Nothing was changed: {there}. Name another app to have it made elsewhere.")
        if said.get("do") == "fly-try" or not tried.verdict.ok:
            return _told(tried, "Good, and nothing was saved.")
        return _told(fly_setup.save(services, change, by=by), "Saved.")
    except JobError as error:
        return Outcome(sentence(str(error), name))


def _change(name: str, value: str, said: Mapping[str, Any]) -> Change:
    """A token is tried with the app and the organisation that are typed, but not saved, beside it."""
    if name == "token":
        return Change(token=value, app=str(said.get("app") or ""), org=str(said.get("org") or "").strip() or None)
    if name in OF_MACHINES:
        parts: Any = [one.strip() for one in value.split(",") if one.strip()] if name == "regions" else value
        return Change(sizes={name: int(value) if name in _WHOLE and value.isdecimal() else parts})
    return Change(org=value) if name == "org" else Change(app=value)


def _told(report: Report, done: str) -> Outcome:
    verdict = report.verdict
    words = present.plain(" ".join(present.sentence(part) for part in (verdict.message, verdict.action or "") if part))
    return Outcome(note=f"{done} {words}") if verdict.ok else Outcome(f"Nothing was saved. {words}")


def sentence(words: str, name: str) -> str:
    """Without the setting's own name, which stands beside the field already."""
    return present.sentence(words.removeprefix(f"{name}: ").removeprefix(f"{name.partition(':')[0]}: "))
