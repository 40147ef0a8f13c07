"""Pull requests to decide on: the list, or, with an id in the address, the one with its change."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import components, data, decisions, page, person, pulls, review, reviews
from dashboard.errors import DatabaseAway
from dashboard.wanted import WantedReviews
from jobs.bootstrap import Services
from store.errors import NotFound
from store.records import Task

_SOON = 1.0  # seconds between looks while GitHub is at something


def render() -> None:
    """Draw what the address asks for."""
    if "id" not in st.query_params:
        page.live(_list, every=page.QUIET)
        return
    task_id = _task_id()
    seen = pulls.lines(pulls.known(task_id))
    # The lines stand apart from the head, so that a tick of it does not draw them.
    key = st.session_state["review_lines"] = seen["key"] if seen else ""
    page.live(_head, every=st.session_state.setdefault("review_pace", _SOON))
    # After the head, which has just looked whether this reader may see the task at all.
    if seen:
        here = st.session_state
        pulls.draw_lines(seen, wanted=lambda: "review_gone" not in here and here["review_lines"] == key)


def _list() -> None:
    page.go_if_asked()
    services = page.services()
    now, wanted = services.clock(), WantedReviews.read(st.query_params)
    try:
        view = data.watch().look(lambda: data.review_list(services.db, wanted, only=person.sees(services)), now)
    except DatabaseAway as error:
        old = st.session_state.get("reviews_seen")
        page.away(error, instead_of="" if old else "Review")
        if old:
            components.draw("reviews", old, act=_choose)
        return
    seen = reviews.listed(view, wanted, now=now, zone=page.zone(), github_url=services.config.github_url)
    st.session_state["reviews_seen"] = seen
    st.session_state["reviews_params"] = wanted.params()
    components.draw("reviews", seen, act=_choose)
    page.notices()


def _choose() -> None:
    said: dict[str, Any] = components.told("reviews", "act")
    match said.get("do"):
        case "filter" | "older":
            st.query_params.from_dict(WantedReviews.read(said).params())
        case "open":
            page.go("task" if said.get("page") == "task" else "review", id=str(said.get("id")))
        case "feed" | "dispatch" as where:
            page.go(where)


def _head() -> None:
    page.go_if_asked()
    services, task_id = page.services(), _task_id()
    st.session_state.pop("review_gone", None)
    try:
        task = data.watch().look(lambda: data.visible(services.db, task_id, person.sees(services)), services.clock())
    except DatabaseAway as error:
        old = st.session_state.get("review_seen", {})
        is_same = old.get("id") == task_id
        page.away(error, instead_of="" if is_same else "Review")
        if is_same:
            components.draw("review", old, act=_act)
        return
    except NotFound:
        _missing("There is no such task", "The address names a task that does not exist. The feed shows all there are.")
        return
    if task.pr_number is None:
        _missing("There is nothing to review yet", "This task has no pull request.", task=task_id)
        return
    _draw(services, task, _settled(task_id))


def _draw(services: Services, task: Task, doing: str) -> None:
    now = services.clock()
    seen = pulls.look(services, task, now=now)
    pull = pulls.standing(seen)
    if said := st.session_state.get("review_refused"):
        page.problem(said)
    elif words := review.trouble(seen.error, has_old=pull.value is not None):
        page.problem(words)
    config = services.config
    head = review.head(task, pull, doing=doing, now=now, zone=page.zone(), github_url=config.github_url)
    st.session_state["review_seen"] = head
    components.draw("review", head, act=_act)
    wanted = _SOON if doing or (pull.value is None and seen.error is None) else page.QUIET
    lines = pulls.lines(seen)
    if (lines["key"] if lines else "") != st.session_state["review_lines"] or wanted != st.session_state["review_pace"]:
        st.session_state["review_pace"] = wanted
        st.rerun()
    page.notices()  # last: what a run that is begun anew has shown is gone


def _settled(task_id: str) -> str:
    """What is being done as a sentence; what has been done is said once, and looked at anew."""
    if pulls.is_under_way(task_id):
        return str(st.session_state.get("review_doing", "Somebody's decision is being carried out…"))
    if said := pulls.ended(task_id):
        if said.is_done:
            page.notice(said.text)
        else:
            st.session_state["review_refused"] = said.text
    return ""


def _act() -> None:
    said, task_id = components.told("review", "act"), _task_id()
    st.session_state.pop("review_refused", None)
    match said.get("do"):
        case "back":
            page.go("review", **st.session_state.get("reviews_params", {}))
        case "task":
            page.go("task", id=task_id)
        case "merge" | "reject" | "changes" as verb:
            st.session_state["review_doing"] = decisions.DOING[verb]
            st.session_state["review_refused"] = pulls.decide(page.services(), verb, task_id, said)


def _missing(title: str, text: str, *, task: str = "") -> None:
    st.session_state["review_gone"] = True
    components.draw("review", {"missing": title, "text": text, "task": task}, act=_act)


def _task_id() -> str:
    return str(st.query_params.get("id", ""))[:40]


if __name__ == "__main__":
    render()
