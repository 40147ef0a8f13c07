"""What somebody may do here: admin, member or viewer. Decided anew each time, so that no page outlives a role."""

from __future__ import annotations

import re

from jobs.bootstrap import Services
from jobs.config import Config
from jobs.errors import JobError
from store import members, settings
from store.browser_sessions import BrowserSession
from store.errors import NotFound
from store.members import LastAdmin, Member, Role

DEFAULT = "default_role"  # the setting that says what whoever was given no role is
VIEWS_ONLY = "You are a viewer here: you see all that you may, and change nothing. An admin can change that."
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")  # an underscore stands in those that a company manages


class CannotGive(JobError):
    """The role stays as it is; the message says why."""


def decided(login: str, given: Role | None, newcomers: str | None, config: Config) -> Role:
    """Pure. Whom the environment names is what it says, whatever was given here since."""
    if config.is_admin(login):
        return Role.ADMIN
    if given is not None:
        return given
    named = login.lower() in {user.lower() for user in config.allowed_users}
    return Role.VIEWER if newcomers == Role.VIEWER and not named else Role.MEMBER


def of_session(services: Services, here: BrowserSession) -> Role:
    """The role of somebody who is signed in. Raises SQLAlchemyError."""
    return decided(here.login, here.role, _newcomers(services, here.role), services.config)


def of_login(services: Services, login: str) -> Role:
    """The role of somebody who speaks on GitHub. Raises SQLAlchemyError."""
    found = members.find(services.db, login)
    given = found.role if found is not None else None
    return decided(login, given, _newcomers(services, given), services.config)


def newcomers(services: Services) -> Role:
    """What whoever was given no role is."""
    return decided("", None, _newcomers(services, None), services.config)


def give(services: Services, member_id: int, wanted: str, *, by: str) -> Member:
    """Give somebody a role; an empty one is that of newcomers. Raises CannotGive with a sentence."""
    role = _role(wanted) if wanted else None
    try:
        who = members.get(services.db, member_id)
        _refuse_fixed(services.config, who.login)
        return members.give(
            services.db, member_id, role, by=by, now=services.clock(), others_remain=bool(services.config.admins)
        )
    except NotFound:
        raise CannotGive("there is no such member any more") from None
    except LastAdmin as last:
        raise CannotGive(str(last)) from last


def name(services: Services, login: str, wanted: str, *, by: str) -> Member:
    """Give a role to somebody by their login on GitHub, whether they have signed in or not. Raises CannotGive."""
    plain = login.strip().removeprefix("@")
    if not _LOGIN.fullmatch(plain):
        raise CannotGive("that is no login on GitHub; it has letters, digits and hyphens")
    _refuse_fixed(services.config, plain)
    known = members.find(services.db, plain)
    if known is not None:
        return give(services, known.id, wanted, by=by)
    return members.name(services.db, plain, _role(wanted), by=by, now=services.clock())


def _refuse_fixed(config: Config, login: str) -> None:
    if config.is_admin(login):
        raise CannotGive(f"{login} is an admin by PORTER_ADMINS, which counts before what is set here")


def _role(wanted: str) -> Role:
    try:
        return Role(wanted)
    except ValueError:
        raise CannotGive(f"there is no such role; there are {', '.join(Role)}") from None


def _newcomers(services: Services, given: Role | None) -> str | None:
    """Not asked for those who have a role of their own."""
    return None if given is not None else settings.get(services.db, settings.GLOBAL, DEFAULT)
