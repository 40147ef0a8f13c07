"""Pull requests to decide on: the list, or, with an id in the address, the one with its change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import change, components, data, decisions, page, person, review, reviews
from dashboard.decisions import Decision, Said
from dashboard.errors import DatabaseAway
from dashboard.lookout import Glimpse, lookout
from dashboard.wanted import WantedReviews
from jobs import pull_view
from jobs.bootstrap import Services
from jobs.pull_view import PullView
from store.errors import NotFound
from store.records import Task

_FRESH = timedelta(seconds=10)
_SOON = 1.0  # seconds between looks while GitHub is at something


def render() -> None:
    """Draw what the address asks for."""
    if "id" not in st.query_params:
        st.fragment(_list, run_every=page.QUIET)()
        return
    task_id = _task_id()
    seen = lookout().seen(_pull_key(task_id)).value
    # The lines are sent once for each commit; what ticks is the head above them.
    st.session_state["review_lines"] = seen[1]["key"] if seen else ""
    st.fragment(_head, run_every=st.session_state.setdefault("review_pace", _SOON))()
    # After the head, which has just looked whether this reader may see the task at all.
    if seen and "review_gone" not in st.session_state:
        components.draw("change", {**seen[1], "view": _view()}, act=_turn)


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
        page.away(error, instead_of="Review")
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
    seen = lookout().look(_pull_key(task.id), lambda: _look(services, task), now=now, fresh_for=_FRESH)
    pull = Glimpse(seen.value[0] if seen.value else None, seen.at, seen.error, seen.is_pending)
    if said := st.session_state.get("review_refused"):
        page.problem(said)
    elif words := review.trouble(seen.error, has_old=pull.value is not None):
        page.problem(words)
    config = services.config
    head = review.head(task, pull, doing=doing, now=now, zone=page.zone(), github_url=config.github_url)
    components.draw("review", head, act=_act)
    wanted = _SOON if doing or (pull.value is None and seen.error is None) else page.QUIET
    lines = seen.value[1]["key"] if seen.value else ""
    if lines != st.session_state["review_lines"] or wanted != st.session_state["review_pace"]:
        st.session_state["review_pace"] = wanted
        st.rerun()
    page.notices()  # last: what a run that is begun anew has shown is gone


def _look(services: Services, task: Task) -> tuple[PullView, dict[str, Any]]:
    pull = pull_view.look(services, task)
    return pull, change.drawn(pull)


def _settled(task_id: str) -> str:
    """What is being done as a sentence; what has been done is said once, and looked at anew."""
    deed: Glimpse[Said] = lookout().seen(_deed_key(task_id))
    if deed.is_pending:
        return str(st.session_state.get("review_doing", "Somebody's decision is being carried out…"))
    if deed.tried_at is not None:
        lookout().forget(_deed_key(task_id))
        lookout().forget(_pull_key(task_id))
        said = deed.value or Said("It could not be done; the dashboard's log says why.", is_done=False)
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
            _decide(verb, task_id, said)


def _decide(verb: str, task_id: str, said: dict[str, Any]) -> None:
    """Begun here, carried out beside the page; one decision at a time."""
    services = page.services()
    if lookout().seen(_deed_key(task_id)).is_pending or not _is_shown(services, task_id):
        return
    method = decisions.METHODS.get(str(said.get("method")), "merge")
    decision = Decision(
        verb, task_id, person.who(), person.login(services.config), str(said.get("head", "")), method,
        str(said.get("words", "")),
    )  # fmt: skip
    st.session_state["review_doing"] = decisions.DOING[verb]
    lookout().forget(_deed_key(task_id))
    lookout().look(
        _deed_key(task_id), lambda: decisions.carry_out(services, decision), now=services.clock(), fresh_for=None
    )


def _is_shown(services: Services, task_id: str) -> bool:
    """Whether the reader may see the task now; whether they may write is asked where it is carried out."""
    try:
        data.watch().look(lambda: data.visible(services.db, task_id, person.sees(services)), services.clock())
    except (DatabaseAway, NotFound):
        return False
    return True


def _turn() -> None:
    view = str(components.told("change", "act").get("view"))
    if view in change.VIEWS:
        st.query_params["view"] = view


def _view() -> str:
    return str(view) if (view := st.query_params.get("view")) in change.VIEWS else change.VIEWS[0]


def _missing(title: str, text: str, *, task: str = "") -> None:
    st.session_state["review_gone"] = True
    components.draw("review", {"missing": title, "text": text, "task": task}, act=_act)


def _task_id() -> str:
    return str(st.query_params.get("id", ""))[:40]


def _pull_key(task_id: str) -> tuple[str, str]:
    return ("pull", task_id)


def _deed_key(task_id: str) -> tuple[str, str]:
    return ("deed", task_id)


if __name__ == "__main__":
    render()
