"""What every page does alike: find the services, know the reader's time zone, say what is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from dashboard import components, data, person, present
from dashboard.errors import DatabaseAway
from jobs import bootstrap
from jobs.bootstrap import Services

LIVELY = 2.0  # seconds between looks while something runs
QUIET = 10.0
_SETTLING = timedelta(minutes=2)
# What has not left for the browser is dropped when the fragment's next run begins, and a notice is said only once.
_SENT = 0.1  # seconds; Streamlit sends every hundredth of one
_above: ContextVar[AbstractContextManager[object] | None] = ContextVar("above", default=None)


def services() -> Services:
    """Raises jobs.errors.ConfigurationError."""
    return bootstrap.from_environment()


def zone() -> tzinfo:
    """The reader's time zone, as their browser tells it."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def pace(*, live: bool, last_change: datetime | None, now: datetime) -> float:
    """Seconds to the next look: quick while something is at work or just was, for then more is likely to come."""
    recent = last_change is not None and now - last_change < _SETTLING
    return LIVELY if live or recent else QUIET


def live(draw: Callable[[], None], *, every: float | None) -> None:
    """Draw in a fragment of its own, again every so many seconds. What is wrong has its place above from the start: a
    page that had to move down for it would be mounted anew, and what is typed in it would be gone."""

    def drawn() -> None:
        token = _above.set(st.container())
        try:
            draw()
        finally:
            _above.reset(token)

    st.fragment(drawn, run_every=every)()


def problem(text: str, *, title: str = "", link: tuple[str, str] | None = None) -> None:
    """The one line at the top that says what is wrong; with the page's title when nothing else can be drawn. `link`:
    words and address of the way out."""
    shown = {"title": title, "text": text, "link": {"text": link[0], "href": link[1]} if link else None}
    with _above.get() or nullcontext():
        components.draw("problem", shown)


def away(error: DatabaseAway, *, instead_of: str = "") -> None:
    """Say that the database is away: over what was seen before, or instead of the page of this title."""
    problem(present.away(error.since, zone(), has_old=not instead_of), title=instead_of)


def go(name: str, **params: str) -> None:
    """Within an event's callback: leave for another page at the end of this run."""
    st.session_state["going"] = {"page": name, "params": params}


def go_if_asked() -> None:
    """Within a page's fragment: only a run of the whole app can change the page, or say that the reader was signed
    out meanwhile (app.py does)."""
    if "going" in st.session_state or _is_signed_out():
        st.rerun()


def _is_signed_out() -> bool:
    try:
        return person.session_ended(services().config)
    except SQLAlchemyError:  # nothing new can be read then; the page says so itself
        return False


def notice(text: str) -> None:
    """Within an event's callback: a sentence to show once."""
    st.session_state["notice"] = text


def do(task_id: str, act: Callable[[Services], str]) -> None:
    """Within an event's callback: change a task, if this reader may, and leave a sentence about it."""
    here = services()
    try:
        notice(data.watch().look(lambda: person.forbidden(here, task_id) or act(here), here.clock()))
    except DatabaseAway:
        notice("The database does not answer, so nothing was done. Try again in a moment.")


def notices() -> None:
    """Show what `notice` left."""
    if text := st.session_state.pop("notice", None):
        st.toast(text, duration="long")  # ten seconds: a sentence takes longer to read than a word
        time.sleep(_SENT)


def keep_pace(key: str, *, live: bool, last_change: datetime | None, now: datetime) -> None:
    """A fragment's rhythm is set where it is made: a new one needs one run of the whole page."""
    wanted = pace(live=live, last_change=last_change, now=now)
    if wanted != st.session_state[key]:
        st.session_state[key] = wanted
        st.rerun()
