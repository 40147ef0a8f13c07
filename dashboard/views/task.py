"""One task: its story, its log as it is written, its prompt, inputs, usage and pull request."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import actions, components, data, held, page, person, story
from dashboard.data import TaskView
from dashboard.errors import DatabaseAway
from jobs.bootstrap import Services
from store.errors import NotFound
from store.records import Run

_SENT = "log_sent"


def render() -> None:
    """Draw the task that the address names, and again every few seconds while it is at work."""
    st.session_state[_SENT] = {}  # a browser that has just opened the page has no lines yet
    rhythm = st.session_state.setdefault("task_pace", page.LIVELY)
    st.fragment(_live, run_every=rhythm)()


def _live() -> None:
    page.go_if_asked()
    services, task_id = page.services(), str(st.query_params.get("id", ""))
    try:
        view = data.watch().look(
            lambda: data.task_view(services.db, task_id, only=person.sees(services)), services.clock()
        )
    except DatabaseAway as error:
        old: TaskView | None = st.session_state.get("task_seen")
        if old is None or old.task.id != task_id:
            page.away(error, instead_of="Task")
            return
        page.away(error)
        view = old
    except NotFound:
        _missing(task_id)
        return
    st.session_state["task_seen"] = view
    _draw(view, services)
    page.notices()
    page.keep_pace("task_pace", live=view.task.is_live, last_change=view.task.updated_at, now=services.clock())


def _draw(view: TaskView, services: Services) -> None:
    zone, config = page.zone(), services.config
    head = story.head(view, now=services.clock(), zone=zone, github_url=config.github_url)
    components.draw("task", head, act=_act)
    if view.held:
        components.draw("held", held.panel(view.task, view.held, url=config.url), act=_decide)
    left, right = st.columns([4, 7])
    with left:
        components.draw("story", {"lines": story.lines(view, zone=zone), "live": view.task.is_live})
    with right:
        components.draw("log", _log(view, services), pull=_pull, act=_choose_run)
    components.draw("details", story.details(view, zone=zone), act=_open)


def _log(view: TaskView, services: Services) -> dict[str, Any]:
    """The lines behind those sent before; what got lost on the way the component asks for again (`_pull`)."""
    run = _chosen(view)
    sent: dict[str, int] = st.session_state[_SENT]
    after = sent.get(run.id, 0)
    try:
        found = data.watch().look(lambda: data.log_chunk(services.db, run.id, after=after), services.clock())
    except DatabaseAway:
        found = []
    if found:
        sent[run.id] = found[-1].n
    live = view.task.is_live and run.id == view.task.run_id
    more = len(found) == data.LOG_CHUNK
    return story.log(run.id, found, after=after, live=live, more=more, zone=page.zone()) | {"runs": story.runs(view)}


def _chosen(view: TaskView) -> Run:
    wanted = st.query_params.get("run", view.task.run_id)
    return next((run for run in view.runs if run.id == wanted), view.runs[-1])


def _missing(task_id: str) -> None:
    text = f"Nothing here goes by the id {task_id[:40]}." if task_id else "The address names no task."
    components.draw(
        "task", {"missing": "There is no such task", "text": f"{text} The feed shows all there are."}, act=_act
    )


def _act() -> None:
    task_id, by = str(st.query_params.get("id", "")), person.who()
    match components.told("task", "act").get("do"):
        case "back":
            page.go("feed", **st.session_state.get("feed_params", {}))
        case "review":
            page.go("review", id=task_id)
        case "stop":
            page.do(task_id, lambda services: actions.stop(services, task_id, by=by))
        case "retry":
            st.query_params.pop("run", None)
            page.do(task_id, lambda services: actions.retry(services, task_id, by=by))


def _open() -> None:
    if components.told("details", "act").get("do") == "review":
        page.go("review", id=str(st.query_params.get("id", "")))


def _decide() -> None:
    """Only what the reader saw is decided on: a run that is no longer the task's is not."""
    task_id, said, by = str(st.query_params.get("id", "")), components.told("held", "act"), person.who()
    decide = {"approve": actions.approve, "reject": actions.reject}.get(str(said.get("do")))
    if decide:
        page.do(task_id, lambda services: decide(services, task_id, run_id=str(said.get("run")), by=by))


def _pull() -> None:
    asked = components.told("log", "pull")
    st.session_state[_SENT][str(asked["run"])] = max(0, int(asked["have"]))


def _choose_run() -> None:
    run_id = str(components.told("log", "act")["id"])
    st.session_state[_SENT].pop(run_id, None)
    st.query_params["run"] = run_id


if __name__ == "__main__":
    render()
