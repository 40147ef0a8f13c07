"""The settings' tab Repositories: what of them a reader sees, and which they may change. GitHub says who administers
one; the admins of this Porter may change all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from dashboard import choices, person, present
from dashboard import settings_tabs as tabs
from dashboard.lookout import Glimpse, lookout
from jobs import config_file, gate, readiness, repository, settings
from jobs.bootstrap import Services
from jobs.changing import For
from jobs.errors import JobError
from jobs.repository_config import ConfigFile
from jobs.setting_kinds import BadSetting
from store import installations
from store import settings as kept

_FRESH = timedelta(seconds=60)
_LEAD = "What one repository decides for itself."
_UNREAD = "The repository's own file could not be read, so what it says is missing here."
Keys = Callable[[For], Mapping[str, Any]]


def drawn(services: Services, wanted: str, keys: Keys) -> dict[str, Any]:
    """The tab: the list, or the repository `wanted` if this reader may see it. `keys` makes the section of its keys,
    which only those see who may change them. Raises SQLAlchemyError."""
    only, counts = person.sees(services), kept.counts(services.db)
    names = [name for name in installations.repositories(services.db) if _is_seen(name, only)]
    items = [{"name": name, "count": counts.get(kept.of_repository(name), 0)} for name in names]
    shown: dict[str, Any] = {"picker": {"items": items, "chosen": ""}, "lead": _LEAD}
    try:
        whom = For.read(f"repo:{wanted}") if wanted else None
    except BadSetting:
        whom = None
    if whom is None:
        return shown
    if not _is_seen(whom.name, only):
        return shown | {"lead": f"GitHub does not let you read {whom.name}, or Porter is not installed there."}
    return shown | _one(services, whom, items, keys)


def refusal(services: Services, name: str) -> str:
    """Why this reader may not change a repository's settings and keys at this moment, as a sentence; empty when they
    may. GitHub is asked anew. Raises SQLAlchemyError."""
    if words := person.bound(services):
        return words
    here = person.session() if services.config.signs_in else None
    if here is None or person.is_admin(services):
        return ""
    if not _is_seen(name, person.sees(services)):
        return f"GitHub does not let you read {name}, or Porter is not installed there."
    try:
        allowed = _administers(services, name, here.login)
    except JobError:
        return (
            "GitHub does not answer, so it is not known whether you may do that. Nothing was changed; try again soon."
        )
    return "" if allowed else f"GitHub does not call {here.login} an admin of {name}, so nothing was changed."


def _one(services: Services, whom: For, items: list[dict[str, Any]], keys: Keys) -> dict[str, Any]:
    seen, may = _file(services, whom.name), _may(services, whom.name)
    file = seen.value
    asked = settings.layers(services.db, repository=whom.name, user="", file=file.config.values() if file else None)
    sections = tabs.repository(asked, choices.roster_of(services), services.config, readiness.off(services.db), file)
    return {
        "picker": {"items": items, "chosen": whom.name},
        "scope": whom.scope,
        "lead": " ".join(filter(None, [_file_line(seen), _may_line(may)])),
        "sections": [*sections, keys(whom)] if may.value else tabs.read_only(sections),
        "pending": (seen.is_pending and seen.value is None) or (may.is_pending and may.value is None),
    }


def _may(services: Services, name: str) -> Glimpse[bool]:
    """Whether this reader administers it, as GitHub said a little while ago; asked again when something is changed."""
    if person.is_admin(services):
        return Glimpse(value=True)
    here = person.session()
    if here is None or person.bound(services):
        return Glimpse(value=False)
    return lookout().look(
        ("administers", here.person_id, name.lower()),
        lambda: _administers(services, name, here.login),
        now=services.clock(),
        fresh_for=_FRESH,
    )


def _administers(services: Services, name: str, login: str) -> bool:
    return gate.administers(services, repository.of(services, name, None), login)


def _may_line(may: Glimpse[bool]) -> str:
    if may.value:
        return ""
    if may.value is None and may.error is None:
        return "GitHub is being asked whether you may change this…"
    if may.value is None:
        return "GitHub does not say whether you may change this, so you may only look for now."
    return "You may look; its admins on GitHub may change it."


def _file(services: Services, name: str) -> Glimpse[ConfigFile]:
    return lookout().look(
        ("config-file", name.lower()),
        lambda: config_file.read(services, repository.of(services, name, None)),
        now=services.clock(),
        fresh_for=_FRESH,
    )


def _file_line(seen: Glimpse[ConfigFile]) -> str:
    if seen.value is None:
        return _UNREAD if seen.error is not None else "Reading the repository's own file…"
    if seen.value.path is None:
        return "The repository has no .porter/config.json of its own."
    if seen.value.mistakes:
        return f"{seen.value.path} has a mistake: {present.sentence(str(seen.value.mistakes[0]))}"
    return f"What {seen.value.path} says wins over what is set here."


def _is_seen(name: str, only: Sequence[str] | frozenset[str] | None) -> bool:
    return only is None or name.lower() in {one.lower() for one in only}
