"""How a Fly token and an app were found: one status each, with a sentence that says what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jobs.hosts.errors import HostError, HostRefused

TOKENS = "https://fly.io/docs/security/tokens/"
_MAKE_ONE = "`fly tokens create org --expiry 2160h`, or `fly tokens create deploy --app <app>` for one app, prints one"
_SHOWN = 3  # apps named in a sentence


class FlyStatus(StrEnum):
    """What stands in the way of renting machines, if anything."""

    READY = "ready"
    MISSING_TOKEN = "missing_token"  # noqa: S105  a status
    MISSING_APP_NAME = "missing_app_name"
    INVALID_TOKEN = "invalid_token"  # noqa: S105  a status
    INSUFFICIENT_SCOPE = "insufficient_scope"
    APP_NOT_FOUND = "app_not_found"
    NAME_CONFLICT = "name_conflict"
    ERROR = "error"


class Mode(StrEnum):
    """`org`: a token of an organisation, with which apps can be made. `deploy`: one for apps that exist."""

    ORG = "org"
    DEPLOY = "deploy"


@dataclass(frozen=True)
class Verdict:
    """`message` says what is so and why, `action` what to do next. `created`: the app was made just now; `to_make`: it
    is not there yet, and saving makes it."""

    status: FlyStatus
    message: str
    action: str | None = None
    app: str | None = None
    org: str | None = None
    mode: Mode | None = None
    created: bool = False
    to_make: bool = False

    @property
    def ok(self) -> bool:
        return self.status is FlyStatus.READY


def ready(app: str, org: str | None, mode: Mode, *, created: bool = False) -> Verdict:
    where = f" of the organisation {org}" if org else ""
    made = "was made and machines are rented in it" if created else "is there and machines are rented in it"
    return Verdict(FlyStatus.READY, f"Fly is set up: the app {app}{where} {made}", None, app, org, mode, created)


def would_be_made(app: str | None, org: str) -> Verdict:
    """The token is good, and only saving would make the app."""
    what = f"the app {app}" if app else "an app with a name of Porter's making"
    words = f"Fly accepts the token, and {what} is not there yet"
    action = f"save, and it is made in the organisation {org}"
    return Verdict(FlyStatus.READY, words, action, app, org, Mode.ORG, to_make=True)


def missing_token() -> Verdict:
    words = "there is no Fly token, so no machine can be rented"
    return Verdict(FlyStatus.MISSING_TOKEN, words, f"paste a token and save: {_MAKE_ONE}")


def missing_app_name(apps: Sequence[str], mode: Mode) -> Verdict:
    """`apps`: what the token says it is good for, if it says so."""
    if len(apps) > 1:
        more = ", …" if len(apps) > _SHOWN else ""
        words = f"the token is good for several apps ({', '.join(apps[:_SHOWN])}{more}), and none of them was chosen"
    else:
        words = "no app was chosen, and the token does not say which it is for"
    action = "name the app that the machines are to run in; with an organisation's token, the mode `org` makes one"
    return Verdict(FlyStatus.MISSING_APP_NAME, words, action, mode=mode)


def invalid_token(why: str = "it is wrong, expired or revoked") -> Verdict:
    words = f"Fly does not accept the token: {why}"
    return Verdict(FlyStatus.INVALID_TOKEN, words, f"paste all of a new token: {_MAKE_ONE}")


def insufficient_scope(why: str, mode: Mode | None = None) -> Verdict:
    action = f"use a token of the app's organisation, or a deploy token of that very app: {_MAKE_ONE}"
    return Verdict(FlyStatus.INSUFFICIENT_SCOPE, f"the token is genuine but may not do this: {why}", action, mode=mode)


def app_not_found(app: str, mode: Mode) -> Verdict:
    made = (
        "save again with an organisation's token, which makes it" if mode is Mode.ORG else "a deploy token makes none"
    )
    action = f"check the name, or make it with `fly apps create {app}`; {made}"
    return Verdict(FlyStatus.APP_NOT_FOUND, f"there is no app {app} that this token can see", action, app, mode=mode)


def name_conflict(app: str, why: str = "") -> Verdict:
    """`why`: Fly's words, when it is not that somebody else has the name."""
    taken = f"the name {app} is taken by an app that this token cannot see; names are unique on all of Fly"
    words = f"the name {app} cannot be had. {why}" if why else taken
    action = "choose another name, or leave it out and Porter makes one up"
    return Verdict(FlyStatus.NAME_CONFLICT, words, action, app, mode=Mode.ORG)


def error(why: str) -> Verdict:
    action = "try again in a minute; nothing was changed"
    return Verdict(FlyStatus.ERROR, f"whether the token is good could not be found out: {why}", action)


def of_error(failed: HostError) -> Verdict:
    """What a request that failed says about the token."""
    status = failed.status if isinstance(failed, HostRefused) else None
    if status == 401:
        return invalid_token(f"it is wrong, expired or revoked. {failed}")
    if status == 403:
        return insufficient_scope(str(failed))
    return error(str(failed))
