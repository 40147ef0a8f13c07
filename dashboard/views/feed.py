"""The feed: what runs, what waits, what failed and why, what it cost. Live."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import actions, cards, components, data, page, person
from dashboard.data import FeedView, Typed
from dashboard.errors import DatabaseAway
from dashboard.wanted import Wanted
from jobs.bootstrap import Services

_PAGE_SIZE = 50
_MOST = 300  # cards in one page; further back is what filters are for


def render() -> None:
    """Draw the feed, and again every few seconds."""
    rhythm = st.session_state.setdefault("feed_pace", page.LIVELY)
    st.fragment(_live, run_every=rhythm)()


def _live() -> None:
    page.go_if_asked()
    services, zone = page.services(), page.zone()
    now, wanted = services.clock(), Wanted.read(st.query_params)
    try:
        view, typed = data.watch().look(lambda: _read(services, wanted), now)
    except DatabaseAway as error:
        old = st.session_state.get("feed_seen")
        page.away(error, instead_of="Feed" if old is None else "")
        if old is not None:
            components.draw("feed", old, act=_act)
        return
    config = services.config
    seen = cards.feed(
        view, wanted, now=now, zone=zone, github_url=config.github_url, mention=config.mention, typed=typed
    )
    st.session_state["feed_seen"] = seen
    components.draw("feed", seen, act=_act)
    st.session_state["feed_params"] = wanted.params()
    page.notices()
    changed = max((task.updated_at for task in view.tasks), default=None)
    live = any(task.is_live for task in view.tasks)
    page.keep_pace("feed_pace", live=live, last_change=changed, now=now)


def _read(services: Services, wanted: Wanted) -> tuple[FeedView, Typed | None]:
    only, asked = person.sees(services), st.session_state.get("feed_typed")
    limit = st.session_state.get("feed_limit", _PAGE_SIZE)
    view = data.feed_view(services.db, wanted, only=only, zone=page.zone(), limit=limit)
    return view, data.typed(services.db, asked[0], asked[1], wanted, only=only) if asked else None


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
        case "open":
            page.go("task", id=task_id)
        case "review":
            page.go("review", id=task_id)
        case "dispatch":
            page.go("dispatch")
        case "stop" | "retry" as verb:
            act = actions.stop if verb == "stop" else actions.retry
            page.do(task_id, lambda services: act(services, task_id, by=by))


if __name__ == "__main__":
    render()
