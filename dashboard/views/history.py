"""History: every task there was, in a table, and what they all came to."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import components, data, histories, page, past_reads, person
from dashboard.errors import DatabaseAway
from dashboard.past import WantedHistory
from dashboard.past_reads import HistoryView
from jobs.bootstrap import Services

_RARELY = 30.0  # seconds: what is past changes little, and its figures are many rows'


def render() -> None:
    """Draw the page, and again now and then."""
    page.live(_live, every=_RARELY)


def _live() -> None:
    page.go_if_asked()
    services, wanted = page.services(), WantedHistory.read(st.query_params)
    now = services.clock()
    try:
        view = data.watch().look(lambda: _read(services, wanted), now)
    except DatabaseAway as error:
        old = st.session_state.get("history_seen")
        page.away(error, instead_of="" if old else "History")
        if old:
            components.draw("history", old, act=_act)
        return
    seen = histories.drawn(view, wanted, now=now, zone=page.zone(), github_url=services.config.github_url)
    st.session_state["history_seen"] = seen
    components.draw("history", seen, act=_act)


def _read(services: Services, wanted: WantedHistory) -> HistoryView:
    return past_reads.history_view(services.db, wanted, only=person.sees(services))


def _act() -> None:
    said: dict[str, Any] = components.told("history", "act")
    match said.get("do"):
        case "filter" | "turn":
            st.query_params.from_dict(WantedHistory.read(said).params())
        case "open":
            page.go("task", id=str(said.get("id")))
        case "dispatch":
            page.go("dispatch")


if __name__ == "__main__":
    render()
