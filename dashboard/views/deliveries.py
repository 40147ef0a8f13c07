"""Every delivery from GitHub with its verdict: the answer to "why did nothing happen?"."""

from __future__ import annotations

import streamlit as st

from dashboard import cards, components, data, page, person
from dashboard.errors import DatabaseAway


def render() -> None:
    """Draw the list, and again every few seconds."""
    st.fragment(_live, run_every=page.QUIET)()


def _live() -> None:
    page.go_if_asked()
    services = page.services()
    now = services.clock()
    try:
        found = data.watch().look(lambda: data.latest_deliveries(services.db, only=person.sees(services)), now)
    except DatabaseAway as error:
        page.away(error, instead_of="Why nothing happened")
        return
    components.draw("deliveries", cards.delivery_rows(found, now=now, zone=page.zone()), open=_open)


def _open() -> None:
    page.go("task", id=str(components.told("deliveries", "open")))


if __name__ == "__main__":
    render()
