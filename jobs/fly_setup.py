"""Setting Fly up: look at what there is, try what somebody pasted, save it if it is good.

Nothing is stored that Fly did not accept; looking and trying make nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from jobs import fly_settings
from jobs.bootstrap import Services
from jobs.config import HostKind
from jobs.errors import JobError
from jobs.fly_judge import Absent, Wish, clean_name, judge
from jobs.fly_settings import Known
from jobs.fly_verdict import FlyStatus, Mode, Verdict
from jobs.hosts import fly_place
from jobs.hosts.fly_place import FlyPlace
from jobs.setting_kinds import BadSetting, checked
from store import runs, settings
from store.errors import StoreError

_log = logging.getLogger(__name__)


class FlyInUse(JobError):
    """The app cannot be changed while machines are at work in it: Porter would lose sight of them."""

    def __init__(self, app: str, machines: int) -> None:
        super().__init__(
            f"{machines} machine{'s are' if machines > 1 else ' is'} at work in the app {app}; wait until they have "
            f"ended, or stop their tasks, and save the other app then"
        )


@dataclass(frozen=True)
class Change:
    """What somebody asks for. Nothing said about the token or the app keeps the one there is; `sizes` are settings."""

    token: str = field(default="", repr=False)
    app: str = ""
    org: str | None = None
    mode: Mode | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """How it stands with Fly. `in_use`: machines do come from there; the sources are `stored`, `environment`, None."""

    verdict: Verdict
    token_source: str | None
    app_source: str | None
    in_use: bool
    place: FlyPlace
    warnings: list[str]


def look(services: Services) -> Report:
    """What is set up now, as Fly sees it."""
    known = _known(services)
    wish = Wish(known.token, kept=known.app, org=known.org)
    verdict = judge(services.fly_apps(known.token), wish, Absent.TELL)
    return _report(services, verdict, known)


def try_out(services: Services, change: Change) -> Report:
    """The same of what somebody wants, without keeping or making any of it. Raises BadSetting."""
    known, wish = _known(services), _wish(services, change)
    sizes = _sizes(services, change)
    return _report(services, judge(services.fly_apps(wish.token), wish, Absent.PROMISE), known, sizes)


def save(services: Services, change: Change, *, by: str) -> Report:
    """Keep it if it is good, making the app if need be; else nothing. Raises BadSetting, FlyInUse."""
    known, wish, sizes = _known(services), _wish(services, change), _sizes(services, change)
    at_work = runs.with_machine_on(services.db, HostKind.FLY)
    verdict = judge(services.fly_apps(wish.token), wish, Absent.PROMISE if at_work else Absent.MAKE)
    if verdict.ok and at_work and (verdict.to_make or verdict.app != known.app):
        raise FlyInUse(known.app or "", at_work)
    if verdict.ok and verdict.app is not None:
        token = wish.token if fly_place.bare(change.token) else None
        fly_settings.save(
            services.db, services.vault, token=token, app=verdict.app, org=verdict.org, sizes=sizes, by=by,
            now=services.clock(),
        )  # fmt: skip
        extra = {"action": "fly_saved", "app": verdict.app, "made": verdict.created, "new_token": token is not None}
        _log.info("Fly was set up", extra=extra)
    return _report(services, verdict, _known(services), sizes)


def warn(services: Services) -> None:
    """Say at the start of a process what will be in the way or may surprise. Asks nobody."""
    if services.config.host is not HostKind.FLY:
        return
    try:
        known = _known(services)
    except (SQLAlchemyError, StoreError) as error:  # whoever needs it next says so too
        _log.warning("how Fly is set up cannot be read", extra={"action": "fly_warning", "error": type(error).__name__})
        return
    missing = [] if known.token and known.app else ["Fly is not set up: no machine can be rented (docs/operations.md)"]
    for words in (*missing, *_warnings(services, _place(services, known, {}))):
        _log.warning(words, extra={"action": "fly_warning"})


def _known(services: Services) -> Known:
    return fly_settings.known(services.db, services.vault, services.config)


def _wish(services: Services, change: Change) -> Wish:
    known = _known(services)
    return Wish(
        token=fly_place.bare(change.token) or known.token,
        app=clean_name(change.app) or None,
        kept=known.app,
        org=change.org or None,
        mode=change.mode,
    )


def _sizes(services: Services, change: Change) -> dict[str, Any]:
    """The settings as they are stored. Raises BadSetting for one that Fly would not take."""
    sizes = {name: checked(name, value, "global") for name, value in change.sizes.items()}
    faults = fly_place.faults(_place(services, _known(services), sizes)) if sizes else []
    if faults:
        raise BadSetting("; ".join(faults))
    return sizes


def _place(services: Services, known: Known, sizes: Mapping[str, Any]) -> FlyPlace:
    everyone = {**settings.of_scope(services.db, settings.GLOBAL), **sizes}
    return fly_settings.sized(known.token, known.app or "", everyone, services.config)


def _warnings(services: Services, place: FlyPlace) -> list[str]:
    url = services.config.url
    local = [f"PORTER_URL is {url}, which no machine on Fly can reach"] if "//127.0.0.1" in url else []
    return [*fly_place.faults(place), *fly_place.warnings(place), *local]


def _report(services: Services, verdict: Verdict, known: Known, sizes: Mapping[str, Any] | None = None) -> Report:
    place = _place(services, known, sizes or {})
    in_use = services.config.host is HostKind.FLY
    warnings = _warnings(services, place)
    if not in_use and verdict.status is not FlyStatus.MISSING_TOKEN:
        warnings = [f"machines come from {services.config.host}; set PORTER_HOST=fly to use Fly", *warnings]
    return Report(verdict, known.token_source, known.app_source, in_use, place, warnings)
