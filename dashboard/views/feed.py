"""The feed: what runs, what waits, what failed and why, what it cost. Live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from dashboard import actions, cards, components, data, glance, page, person
from dashboard.data import FeedView
from dashboard.errors import DatabaseAway
from dashboard.glance_reads import glance_view
from dashboard.unfolded import MOST as MOST_OPEN
from dashboard.unfolded import unfolded
from dashboard.wanted import Wanted
from jobs.bootstrap import Services
from store.lifecycle import LIVE

_PAGE_SIZE = 50
_MOST = 300  # cards in one page; further back is what filters are for


def render() -> None:
    """Draw the feed, and again every few seconds."""
    rhythm = st.session_state.setdefault("feed_pace", page.LIVELY)
    page.live(_live, every=rhythm)


def _live() -> None:
    page.go_if_asked()
    services = page.services()
    now, wanted = services.clock(), Wanted.read(st.query_params)
    try:
        view, seen = data.watch().look(lambda: _read(services, wanted, now), now)
    except DatabaseAway as error:
        old = st.session_state.get("feed_seen")
        page.away(error, instead_of="Feed" if old is None else "")
        if old is not None:
            components.draw("feed", old, act=_act)
        return
    st.session_state["feed_seen"] = seen
    components.draw("feed", seen, act=_act)
    st.session_state["feed_params"] = wanted.params()
    page.notices()
    changed = max((task.updated_at for task in view.tasks), default=None)
    live = any(view.counts.get(status) for status in LIVE)  # also further back; but not what waits for a person
    page.keep_pace("feed_pace", live=live, last_change=changed, now=now)


def _read(services: Services, wanted: Wanted, now: datetime) -> tuple[FeedView, dict[str, Any]]:
    """What there is, and as the component is given it."""
    db, config, only, zone = services.db, services.config, person.sees(services), page.zone()
    asked, limit = st.session_state.get("feed_typed"), st.session_state.get("feed_limit", _PAGE_SIZE)
    view = data.feed_view(db, wanted, only=only, zone=zone, limit=limit)
    typed = data.typed(db, asked[0], asked[1], wanted, only=only) if asked else None
    shown = {task.id for task in view.tasks}.intersection(st.session_state.get("feed_open", ()))
    opened = {one: unfolded(data.task_view(db, one, only=only), zone=zone) for one in shown}
    seen = cards.feed(
        view, wanted, now=now, zone=zone, github_url=config.github_url, mention=config.mention, typed=typed,
        opened=opened,
    )  # fmt: skip
    if view.tasks or wanted.is_narrow:
        top = glance_view(db, wanted, only=only, zone=zone, now=now)
        seen["glance"] = glance.drawn(top, view.counts, view.needs, now=now)
    return view, seen


def _act() -> None:
    said: dict[str, Any] = components.told("feed", "act")
    task_id, by = str(said.get("id")), person.who()
    match said.get("do"):
        case "filter":
            st.query_params.from_dict(Wanted.read(said).params())
            st.session_state["feed_limit"] = _PAGE_SIZE
            st.session_state.pop("feed_typed", None)
        case "type":
            st.session_state["feed_typed"] = (str(said.get("of"))[:20], str(said.get("like"))[:200])
        case "more":
            st.session_state["feed_limit"] = min(_MOST, st.session_state.get("feed_limit", _PAGE_SIZE) + _PAGE_SIZE)
        case "unfold":
            st.session_state["feed_open"] = [str(one) for one in said.get("ids") or ()][-MOST_OPEN:]
        case "open":
            page.go("task", id=task_id)
        case "insights":
            page.go("insights")
        case "key":
            page.go("settings", tab="secrets")
        case "review":
            page.go("review", id=task_id)
        case "dispatch":
            page.go("dispatch")
        case "stop" | "retry" as verb:
            act = actions.stop if verb == "stop" else actions.retry
            page.do(task_id, lambda services: act(services, task_id, by=by))


if __name__ == "__main__":
    render()
