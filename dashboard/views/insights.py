"""Insights: how tasks ended, how long a pull request takes, and what it costs, over a period."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import components, data, insights, page, past_reads, person
from dashboard.errors import DatabaseAway
from dashboard.past import WantedInsights
from dashboard.past_reads import InsightsView
from jobs.bootstrap import Services

_RARELY = 60.0  # seconds


def render() -> None:
    """Draw the page, and again now and then."""
    page.live(_live, every=_RARELY)


def _live() -> None:
    page.go_if_asked()
    services, wanted = page.services(), WantedInsights.read(st.query_params)
    now = services.clock()
    try:
        view = data.watch().look(lambda: _read(services, wanted), now)
    except DatabaseAway as error:
        old = st.session_state.get("insights_seen")
        page.away(error, instead_of="" if old else "Insights")
        if old:
            components.draw("insights", old, act=_act)
        return
    seen = insights.drawn(view, wanted)
    st.session_state["insights_seen"] = seen
    components.draw("insights", seen, act=_act)


def _read(services: Services, wanted: WantedInsights) -> InsightsView:
    return past_reads.insights_view(services.db, wanted, only=person.sees(services), now=services.clock())


def _act() -> None:
    said: dict[str, Any] = components.told("insights", "act")
    match said.get("do"):
        case "period":
            st.query_params["days"] = str(WantedInsights.read(said).days)
        case "dispatch":
            page.go("dispatch")


if __name__ == "__main__":
    render()
