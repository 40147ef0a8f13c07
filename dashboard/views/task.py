"""One task: its story, its log as it is written, its prompt, inputs, usage and pull request."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import actions, components, data, held, page, person, story
from dashboard.data import LogPiece, TaskView
from dashboard.errors import DatabaseAway
from jobs.bootstrap import Services
from store.errors import NotFound
from store.records import Run

_SENT, _ASKED = "log_sent", "log_asked"


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
        # On its own: each piece of a long log that the browser asks for draws nothing else anew.
        st.fragment(_log)()
    components.draw("details", story.details(view, zone=zone), act=_open)


def _log() -> None:
    """The lines behind those sent before, or the piece that the browser asks for: an older one, or what got lost."""
    page.go_if_asked()
    view, services = st.session_state["task_seen"], page.services()
    run, asked = _chosen(view), st.session_state.pop(_ASKED, {})
    if asked.get("run") != run.id:
        asked = {}
    try:
        piece = data.watch().look(lambda: _piece(services, view.task.id, run.id, asked), services.clock())
    except (DatabaseAway, NotFound):
        asked, piece = {}, LogPiece([], 0, 0)
    live = view.task.is_live and run.id == view.task.run_id
    seen = story.log(run.id, piece, asked=int(asked.get("asked", 0)), live=live, zone=page.zone())
    components.draw("log", seen | {"runs": story.runs(view)}, pull=_pull, act=_choose_run)


def _piece(services: Services, task_id: str, run_id: str, asked: dict[str, Any]) -> LogPiece:
    """Raises NotFound for a task that this reader may see no more."""
    data.visible(services.db, task_id, person.sees(services))
    if "before" in asked:
        return data.log_end(services.db, run_id, upto=max(0, int(asked["before"])))
    sent: dict[str, int] = st.session_state[_SENT]
    after = max(0, int(asked["after"])) if "after" in asked else sent.get(run_id)
    piece = data.log_end(services.db, run_id) if after is None else data.log_chunk(services.db, run_id, after=after)
    sent[run_id] = piece.upto
    return piece


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
    st.session_state[_ASKED] = components.told("log", "pull")


def _choose_run() -> None:
    run_id = str(components.told("log", "act")["id"])
    st.session_state[_SENT].pop(run_id, None)
    st.query_params["run"] = run_id


if __name__ == "__main__":
    render()
