"""Who is looking. The one place that knows, so that a real sign-in has one place to go."""

from __future__ import annotations

import streamlit as st

from dashboard.gate import PERSON_HEADER, is_loopback, passed
from jobs.config import Config

EMBEDDED_NOTE = "No sign-in: this Porter runs for you alone on this computer."


def who() -> str:
    """The name written into a task's history for what the reader does."""
    return st.context.headers.get(PERSON_HEADER) or "the operator"


def login(config: Config) -> str | None:
    """Whom GitHub is asked about before the reader decides on a pull request; None for the local operator."""
    return who() if config.is_production else None


def refusal(config: Config) -> str:
    """Why this reader may not look, as a sentence; empty when they may.

    Asked by the pages too, because `streamlit run dashboard/app.py` has no gate before it.
    """
    if config.is_production:
        return "" if passed(st.context.headers) else "In production, start the dashboard as dashboard.asgi:app."
    host = st.context.headers.get("Host")
    if host is None or is_loopback(host):
        return ""
    return "This Porter runs for one person on one computer: open it as http://127.0.0.1 there."
