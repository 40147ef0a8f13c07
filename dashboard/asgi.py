"""The dashboard for a server: `uvicorn dashboard.asgi:app`. The gate stands before Streamlit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.gate import LOOPBACK, Asgi, Gate, Password, Receive, Scope, Send, host_name
from dashboard.headers import security_headers, streamlit_inline_scripts
from dashboard.shell import Shell
from jobs.config import Config

_SCRIPT = Path(__file__).parent / "app.py"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application, built at its first request."""
    await _built()(scope, receive, send)


def gated(inner: Asgi, config: Config) -> Gate:
    """`inner` behind the gate this configuration asks for. Config refuses production without a password."""
    password = None
    hosts = LOOPBACK
    if config.is_production and config.dashboard_password is not None:
        password = Password(config.dashboard_password.get_secret_value())
        hosts = frozenset({host_name(config.dashboard_url.partition("//")[2])})
    headers = security_headers(streamlit_inline_scripts())
    return Gate(inner, hosts=hosts, password=password, headers=headers)


@cache
def _built() -> Gate:
    return gated(Shell(st.App(_SCRIPT)), Config.from_environment())
