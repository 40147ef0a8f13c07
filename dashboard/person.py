"""Who is looking, and what they may see. The one place that knows."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from dashboard import data
from dashboard.errors import DatabaseAway
from dashboard.gate import PERSON_HEADER, is_loopback, passed
from dashboard.lookout import Glimpse, lookout
from jobs import bootstrap, gate, repository, roles, signing_in
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.errors import JobError
from jobs.github.errors import GitHubRefused
from store import installations
from store.browser_sessions import BrowserSession
from store.errors import NotFound
from store.members import Role
from store.sign_ins import hashed

EMBEDDED_NOTE = "No sign-in: this Porter runs for you alone on this computer."
SIGNED_OUT = "You are signed out."
NOT_KNOWN = "GitHub does not answer, so it is not known whether you may do that. Nothing was done; try again soon."
_FRESH, _STALE = timedelta(seconds=15), timedelta(minutes=3)
SIGN_IN, SIGN_OUT = "/api/auth/sign-in", "/api/auth/logout"  # the intake's; a browser goes there, no code of ours


def who() -> str:
    """The name written into a task's history for what the reader does."""
    return st.context.headers.get(PERSON_HEADER) or "the operator"


def login(config: Config) -> str | None:
    """Whom GitHub is asked about before the reader decides on a pull request; None for the local operator."""
    return who() if config.is_production else None


def refusal(config: Config) -> str:
    """Why this reader may not look, as a sentence; empty when they may.

    Asked by the pages too, because `streamlit run dashboard/app.py` has no gate before it, and because a page that is
    open outlives its sign-in.
    """
    if config.is_production and not passed(st.context.headers):
        return "In production, start the dashboard as dashboard.asgi:app."
    if config.signs_in:
        return "" if session() is not None else SIGNED_OUT
    host = st.context.headers.get("Host")
    if config.is_production or host is None or is_loopback(host):
        return ""
    return "This Porter runs for one person on one computer: open it as http://127.0.0.1 there."


def session() -> BrowserSession | None:
    """The reader's sign-in as it is now: the cookie is that of the page's first request, so it is asked each time."""
    return signing_in.who(bootstrap.from_environment(), st.context.cookies.get(signing_in.COOKIE, ""))


def sees(services: Services) -> frozenset[str] | None:
    """The repositories that this reader may see; None for all: the operator, an admin, whoever has the password."""
    if not services.config.signs_in:
        return None
    here = session()
    if here is None:
        return frozenset()
    if roles.of_session(services, here) is Role.ADMIN:
        return None
    return _readable(services, here)


def sees_with(services: Services, cookie: str) -> frozenset[str] | None:
    """The same for a request that no page stands behind. Raises SQLAlchemyError."""
    if not services.config.signs_in:
        return None
    here = signing_in.who(services, cookie)
    if here is None:
        return frozenset()
    is_admin = roles.of_session(services, here) is Role.ADMIN
    return None if is_admin else signing_in.readable(services, cookie, here)


def forbidden(services: Services, task_id: str) -> str:
    """Why this reader may not change this task, at this moment, as a sentence; empty when they may.

    With a sign-in GitHub is asked: who may not write to the repository changes nothing. Raises SQLAlchemyError.
    """
    if not services.config.signs_in:
        return ""
    here = session()
    if here is None:
        return SIGNED_OUT
    if roles.of_session(services, here) is Role.VIEWER:
        return roles.VIEWS_ONLY
    try:
        task = data.visible(services.db, task_id, sees(services))
        place = repository.of(services, task.repository, task.installation_id)
        allowed = gate.may_write(services, place, here.login)
    except NotFound:
        return "There is no such task any more."
    except JobError:
        return NOT_KNOWN
    return "" if allowed else f"GitHub does not let {here.login} write to {task.repository}, so nothing was done."


def barred(services: Services, name: str) -> str:
    """Why this reader may have no work done in this repository; empty when they may, or when GitHub is to say so at the
    launch, which asks it in any case. Raises SQLAlchemyError."""
    if words := bound(services):
        return words
    only = sees(services)
    if only is None or name.lower() in {one.lower() for one in only}:
        return ""
    return f"GitHub does not let you read {name}, or Porter is not installed there."


def refused_work(services: Services, name: str) -> str:
    """Why this reader may have no work done in this repository: `barred`, and then asked of GitHub at this moment, as
    the launch asks it once more. Empty when they may, or when Porter cannot reach it and says so itself. Raises
    SQLAlchemyError."""
    if (words := barred(services, name)) or (here := session() if services.config.signs_in else None) is None:
        return words
    known = installations.reach(services.db, name)
    if known.is_over or known.elsewhere:
        return ""
    try:
        place = repository.of(services, known.full_name or name, known.installation_id)
        allowed = gate.may_ask(services, place, here.login, source="dashboard")
    except GitHubRefused:
        return f"GitHub does not know {name}, or Porter is not installed there."
    except JobError:
        return NOT_KNOWN
    return "" if allowed else f"GitHub does not let {here.login} write to {name}, so nothing was started."


def role(services: Services) -> Role:
    """What this reader is here, at this moment; without a sign-in there is only the operator."""
    if not services.config.signs_in:
        return Role.ADMIN
    here = session()
    return roles.of_session(services, here) if here is not None else Role.VIEWER


def bound(services: Services) -> str:
    """Why this reader changes nothing at all, whatever it is, as a sentence; empty when that depends on what it is."""
    if session_ended(services.config):
        return SIGNED_OUT
    return roles.VIEWS_ONLY if role(services) is Role.VIEWER else ""


def session_ended(config: Config) -> bool:
    """Whether a page that is open belongs to nobody any more."""
    return config.signs_in and session() is None


def _readable(services: Services, here: BrowserSession) -> frozenset[str]:
    """As GitHub said some seconds ago: it is asked beside the pages, so that none waits for it but the first."""
    cookie, now = st.context.cookies.get(signing_in.COOKIE, ""), services.clock()
    key = ("readable", hashed(cookie))
    known: Glimpse[frozenset[str]] = lookout().seen(key)
    if known.value is None or known.at is None or now - known.at > _STALE:
        names = signing_in.readable(services, cookie, here)
        lookout().keep(key, names, now=now)
        return names
    lookout().look(key, lambda: signing_in.readable(services, cookie, here), now=now, fresh_for=_FRESH)
    return known.value


def is_admin(services: Services) -> bool:
    """Whether this reader may see and set what concerns all."""
    return role(services) is Role.ADMIN


def login_of(cookie: str) -> str | None:
    """Who holds a cookie, for the gate. Raises DatabaseAway."""
    services = bootstrap.from_environment()
    try:
        here = signing_in.who(services, cookie)
    except SQLAlchemyError as error:
        raise DatabaseAway(services.clock()) from error
    return here.login if here else None


def sign_in_address(config: Config, path: str) -> str:
    """Where somebody goes who wanted to see a path of the dashboard."""
    return f"{config.url}{SIGN_IN}?to={quote(path, safe='/')}"
