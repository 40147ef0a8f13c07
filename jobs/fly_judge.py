"""Is a Fly token good, and for which app? Asks Fly; makes an app only when told to; stores nothing."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from enum import Enum

from jobs import fly_verdict
from jobs.fly_verdict import Mode, Verdict
from jobs.hosts.errors import HostError, HostRefused
from jobs.hosts.fly_apps import App, FlyApps, TokenInfo
from jobs.hosts.fly_place import may_be_token

TRIES = 3  # at a name of our own making
LONGEST_NAME = 63
PERSONAL = "personal"  # https://fly.io/docs/reference/organizations/


class Absent(Enum):
    """What to do about an app that is not there: say so, say that saving makes it, make it."""

    TELL = "tell"
    PROMISE = "promise"
    MAKE = "make"


@dataclass(frozen=True)
class Wish:
    """What somebody wants to use. `app` was chosen; `kept` is the one in use so far, which is only a suggestion. `mode`
    None: the token tells."""

    token: str = field(repr=False)
    app: str | None = None
    kept: str | None = None
    org: str | None = None
    mode: Mode | None = None


def judge(fly: FlyApps, wish: Wish, absent: Absent) -> Verdict:
    """The verdict on a token and an app. Never raises for what Fly says."""
    if not wish.token:
        return fly_verdict.missing_token()
    if not may_be_token(wish.token):
        return fly_verdict.invalid_token("it has characters in it that no token has")
    try:
        info = fly.token()
        mode = wish.mode or (Mode.DEPLOY if info.apps or not info.orgs else Mode.ORG)
        if mode is Mode.DEPLOY or not info.orgs:
            return _existing(fly, wish, info)
        return _of_organisation(fly, wish, info, absent)
    except HostError as failed:
        return fly_verdict.of_error(failed)


def clean_name(name: str) -> str:
    """As Fly wants an app's name: small letters, digits and single hyphens between them, 63 at most."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME].strip("-")


def _existing(fly: FlyApps, wish: Wish, info: TokenInfo) -> Verdict:
    """A deploy token: the app must be there, and the only one it is good for needs no name."""
    name = wish.app or (info.apps[0] if len(info.apps) == 1 else None)
    if name is None and wish.kept is not None and (wish.kept in info.apps or not info.apps):
        name = wish.kept
    if name is None:
        return fly_verdict.missing_app_name(info.apps, Mode.DEPLOY)
    try:
        app = fly.app(name)
    except HostRefused as refusal:
        if refusal.status != 403:
            raise
        apps = f"; it is good for {', '.join(info.apps[:TRIES])}" if info.apps else ""
        return fly_verdict.insufficient_scope(f"use the app {name}{apps}", Mode.DEPLOY)
    if app is None:
        return fly_verdict.app_not_found(name, Mode.DEPLOY)
    return fly_verdict.ready(app.name, app.org, Mode.DEPLOY)


def _of_organisation(fly: FlyApps, wish: Wish, info: TokenInfo, absent: Absent) -> Verdict:
    """An organisation's token: the app is used if it is there, else made."""
    if wish.org is not None and wish.org not in info.orgs:
        return fly_verdict.insufficient_scope(f"act for {wish.org}; it is for {', '.join(info.orgs)}", Mode.ORG)
    org = wish.org or (PERSONAL if PERSONAL in info.orgs else info.orgs[0])
    name = wish.app or wish.kept
    app = _seen(fly, name, absent) if name else None
    if app is not None:
        return fly_verdict.ready(app.name, app.org or org, Mode.ORG)
    match absent:
        case Absent.TELL if name:
            return fly_verdict.app_not_found(name, Mode.ORG)
        case Absent.TELL:
            return fly_verdict.missing_app_name(info.apps, Mode.ORG)
        case Absent.PROMISE:
            return fly_verdict.would_be_made(name, org)
        case Absent.MAKE:
            return _made(fly, wish, org)


def _seen(fly: FlyApps, name: str, absent: Absent) -> App | None:
    """Whether somebody else's app is forbidden or unknown, only an attempt to take its name tells for sure."""
    try:
        return fly.app(name)
    except HostRefused as refusal:
        if refusal.status == 403 and absent is not Absent.TELL:
            return None
        raise


def _made(fly: FlyApps, wish: Wish, org: str) -> Verdict:
    """A chosen name is taken as it is or not at all; any other is replaced by one of our own making."""
    own = [f"porter-{secrets.token_hex(4)}" for _ in range(TRIES)]
    names = [wish.app] if wish.app else [wish.kept, *own] if wish.kept else own
    for name in names:
        try:
            if fly.create(name, org):
                return fly_verdict.ready(name, org, Mode.ORG, created=True)
        except HostRefused as refusal:
            if refusal.status != 422:
                raise
            return fly_verdict.name_conflict(name, str(refusal))
    return fly_verdict.name_conflict(names[-1])
