"""Who is looking, and what they may see. The one place that knows."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from dashboard.errors import DatabaseAway
from dashboard.gate import PERSON_HEADER, is_loopback, passed
from jobs import bootstrap, signing_in
from jobs.bootstrap import Services
from jobs.config import Config
from store.browser_sessions import BrowserSession

EMBEDDED_NOTE = "No sign-in: this Porter runs for you alone on this computer."
SIGNED_OUT = "You are signed out."
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
    if services.config.is_admin(here.login):
        return None
    return signing_in.readable(services, st.context.cookies.get(signing_in.COOKIE, ""), here)


def is_admin(services: Services) -> bool:
    """Whether this reader may see and set what concerns all."""
    if not services.config.signs_in:
        return True
    here = session()
    return here is not None and services.config.is_admin(here.login)


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
