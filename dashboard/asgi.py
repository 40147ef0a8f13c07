"""The dashboard for a server: `uvicorn dashboard.asgi:app`. The gate stands before Streamlit."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import streamlit as st

from dashboard import page, person
from dashboard.doorway import Doorway
from dashboard.export import Export
from dashboard.gate import LOOPBACK, Asgi, Gate, Password, Receive, Scope, Send, Sessions, host_name
from dashboard.headers import security_headers, streamlit_inline_scripts
from dashboard.shell import Shell, first_script
from jobs import bootstrap
from jobs.config import Config
from jobs.logging import configure
from jobs.signing_in import COOKIE

log = logging.getLogger(__name__)

_SCRIPT = Path(__file__).parent / "app.py"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application, built at its first request."""
    await _built()(scope, receive, send)


def gated(inner: Asgi, config: Config) -> Gate:
    """`inner` behind the gate this configuration asks for. Config refuses production without any."""
    password, sessions, hosts = None, None, LOOPBACK
    if config.is_production:
        hosts = frozenset({host_name(config.dashboard_url.partition("//")[2])})
        if config.signs_in:
            sessions = Sessions(COOKIE, person.login_of, lambda path: person.sign_in_address(config, path))
        elif config.dashboard_password is not None:
            password, hosts = Password(config.dashboard_password.get_secret_value()), hosts | LOOPBACK
    headers = security_headers([*streamlit_inline_scripts(), first_script()], forms_to=config.url)
    return Gate(inner, hosts=hosts, password=password, sessions=sessions, headers=headers)


@cache
def _built() -> Doorway:
    config = bootstrap.from_environment().config  # with the stored App, if there is one
    configure(config, process="dashboard")
    logging.getLogger("uvicorn.access").disabled = True  # Streamlit turns on what `--no-access-log` turned off,
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # and tells of every connection
    pages = Shell(st.App(_SCRIPT, on_script_error=_unforeseen))
    inner = Export(pages, bootstrap.from_environment)
    return Doorway(bootstrap.from_environment, lambda now: gated(inner, now))


def _unforeseen(error: Exception) -> bool:
    """What no page expected: a line in the log for us, a sentence for the reader, never Streamlit's red box."""
    log.error("a page failed", exc_info=error, extra={"action": "page_failed"})
    page.problem(
        "This page met an error that nobody foresaw. It is in the dashboard's log; the other pages still work."
    )
    return True
