"""One task: its story, its log as it is written, its prompt, inputs, usage, change and pull request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import actions, change, components, data, decisions, held, page, person, pulls, story
from dashboard.data import LogPiece, TaskView
from dashboard.errors import DatabaseAway
from dashboard.lookout import Glimpse, lookout
from dashboard.pulls import Looked
from jobs.bootstrap import Services
from store.errors import NotFound
from store.records import Run, Task

_SENT, _ASKED = "log_sent", "log_asked"
_SEEN, _LINES, _PACE, _MINE = "task_seen", "task_lines", "task_pace", "task_deed"
_TABS = ("prompt", "inputs", "usage", "changes", "result")
_AT_GITHUB = ("changes", "result")  # GitHub is asked only while one of these is open
_HEELS = timedelta(seconds=1)
_SOON = 1.0  # seconds between looks while GitHub is at something


def render() -> None:
    """Draw the task that the address names, and again every few seconds while it is at work."""
    st.session_state[_SENT] = {}  # a browser that has just opened the page has no lines yet
    st.session_state[_LINES] = None
    rhythm = st.session_state.setdefault(_PACE, page.LIVELY)
    page.live(_live, every=rhythm)
    # The lines of a change stand apart from what ticks above, and only who was just found to see the task is sent them.
    if lines := st.session_state[_LINES]:
        key = lines.get("key")
        pulls.draw_lines(lines, wanted=lambda: (st.session_state[_LINES] or {}).get("key") == key)


def _live() -> None:
    page.go_if_asked()
    services, task_id = page.services(), _task_id()
    try:
        view = data.watch().look(
            lambda: data.task_view(services.db, task_id, only=person.sees(services)), services.clock()
        )
    except DatabaseAway as error:
        old: TaskView | None = st.session_state.get(_SEEN)
        if old is None or old.task.id != task_id:
            page.away(error, instead_of="Task")
            return
        page.away(error)
        view = old
    except NotFound:
        _missing(task_id)
        return
    st.session_state[_SEEN] = view
    _draw(view, services)


def _draw(view: TaskView, services: Services) -> None:
    task, zone, config = view.task, page.zone(), services.config
    tab, doing, seen = _tab(), _settled(view.task.id), _glimpse(services, view.task)
    pull, lines = pulls.standing(seen), _lines(services, view, seen)
    head = story.head(view, pull, doing=doing, now=services.clock(), zone=zone, github_url=config.github_url)
    components.draw("task", head | {"refused": st.session_state.get("task_refused", "")}, act=_act)
    if view.held:
        components.draw("held", held.panel(task, view.held, url=config.url), act=_decide)
    left, right = st.columns([4, 7])
    with left:
        components.draw("story", {"lines": story.lines(view, zone=zone), "live": _is_at_work(view)})
    with right:
        # On its own: each piece of a long log that the browser asks for draws nothing else anew.
        st.fragment(_log)()
    below = story.details(view, pull, tab=tab, has_lines=lines is not None, zone=zone)
    components.draw("details", below, act=_open)
    _show(lines)
    _keep_pace(task, services, hurry=bool(doing) or (tab in _AT_GITHUB and below[tab]["loading"]))
    page.notices()  # last: what a run that is begun anew has shown is gone


def _glimpse(services: Services, task: Task) -> Glimpse[Looked]:
    if task.pr_number is None or _tab() not in _AT_GITHUB:
        return pulls.known(task.id)
    return pulls.look(services, task, now=services.clock())


def _lines(services: Services, view: TaskView, seen: Glimpse[Looked]) -> dict[str, Any] | None:
    """The change that the open tab is to show, once it is there."""
    if _tab() != "changes":
        return None
    if waiting := view.held:
        # Coloured once, beside the page.
        key = ("held", waiting.run_id)
        return lookout().look(key, lambda: change.held(waiting), now=services.clock(), fresh_for=None).value
    return pulls.lines(seen) if view.task.pr_number is not None else None


def _show(lines: dict[str, Any] | None) -> None:
    """Other lines than those that are shown need one run of the whole page, which draws them below."""
    shown = st.session_state[_LINES]
    st.session_state[_LINES] = lines or {}
    if shown is not None and shown.get("key") != (lines or {}).get("key"):
        st.rerun()


def _keep_pace(task: Task, services: Services, *, hurry: bool) -> None:
    if not hurry:
        page.keep_pace(_PACE, live=task.is_live, last_change=task.updated_at, now=services.clock())
    elif st.session_state[_PACE] != _SOON:
        st.session_state[_PACE] = _SOON
        st.rerun()


def _settled(task_id: str) -> str:
    """What is being done as a sentence; what this reader has done is said once."""
    if pulls.is_under_way(task_id):
        return decisions.DOING["changes"] if _is_mine(task_id) else "Somebody's decision is being carried out…"
    if _is_mine(task_id) and (said := pulls.ended(task_id)):
        st.session_state.pop(_MINE)
        if said.is_done:
            page.notice(said.text)
        else:
            st.session_state["task_refused"] = said.text
    return ""


def _is_mine(task_id: str) -> bool:
    return bool(st.session_state.get(_MINE) == task_id)


def _log() -> None:
    """The lines behind those sent before, or the piece that the browser asks for: an older one, or what got lost."""
    page.go_if_asked()
    view, services = st.session_state[_SEEN], page.services()
    run = _chosen(view)
    asked = _question(run.id, services.clock())
    try:
        piece = data.watch().look(lambda: _piece(services, view.task.id, run.id, asked), services.clock())
    except (DatabaseAway, NotFound):
        asked, piece = {}, LogPiece([], 0, 0)
    live = _is_at_work(view) and run.id == view.task.run_id
    seen = story.log(run.id, piece, asked=int(asked.get("asked", 0)), live=live, zone=page.zone())
    components.draw("log", seen | {"runs": story.runs(view)}, pull=_pull, act=_choose_run)


def _question(run_id: str, now: datetime) -> dict[str, Any]:
    """What the browser asks for. Once more if it was answered just now: of two answers on each other's heels it draws
    the second alone."""
    asked = st.session_state.get(_ASKED, {})
    answered = asked.setdefault("at", now)
    return asked if asked.get("run") == run_id and now - answered < _HEELS else {}


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


def _is_at_work(view: TaskView) -> bool:
    """Whether more is to come by itself: of what waits for a person it is not."""
    return view.task.is_live and view.held is None


def _chosen(view: TaskView) -> Run:
    wanted = st.query_params.get("run", view.task.run_id)
    return next((run for run in view.runs if run.id == wanted), view.runs[-1])


def _missing(task_id: str) -> None:
    if st.session_state[_LINES]:
        st.rerun()  # who may see the task no more keeps nothing of it
    text = f"Nothing here goes by the id {task_id[:40]}." if task_id else "The address names no task."
    components.draw(
        "task", {"missing": "There is no such task", "text": f"{text} The feed shows all there are."}, act=_act
    )


def _act() -> None:
    task_id, by, said = _task_id(), person.who(), components.told("task", "act")
    st.session_state.pop("task_refused", None)
    match said.get("do"):
        case "back":
            page.go("feed", **st.session_state.get("feed_params", {}))
        case "review":
            page.go("review", id=task_id)
        case "stop":
            page.do(task_id, lambda services: actions.stop(services, task_id, by=by))
        case "retry":
            st.query_params.pop("run", None)
            page.do(task_id, lambda services: actions.retry(services, task_id, by=by))
        case "follow":
            st.query_params.pop("run", None)
            _follow_up(task_id, by, said)


def _follow_up(task_id: str, by: str, said: dict[str, Any]) -> None:
    """On the pull request, if there is one: GitHub is asked for leave, beside the page. Else another run."""
    view: TaskView = st.session_state[_SEEN]
    if view.task.pr_number is None:
        words = str(said.get("words", "")).strip()
        page.do(task_id, lambda services: actions.retry(services, task_id, by=by, words=words))
        return
    if refused := pulls.decide(page.services(), "changes", task_id, said):
        st.session_state["task_refused"] = refused
    else:
        st.session_state[_MINE] = task_id


def _open() -> None:
    said = components.told("details", "act")
    match said.get("do"):
        case "review":
            page.go("review", id=_task_id())
        case "tab" if said.get("tab") in _TABS:
            st.query_params["tab"] = str(said["tab"])


def _tab() -> str:
    return str(tab) if (tab := st.query_params.get("tab")) in _TABS else _TABS[0]


def _task_id() -> str:
    return str(st.query_params.get("id", ""))


def _decide() -> None:
    """Only what the reader saw is decided on: a run that is no longer the task's is not."""
    task_id, said, by = _task_id(), components.told("held", "act"), person.who()
    decide = {"approve": actions.approve, "reject": actions.reject}.get(str(said.get("do")))
    if decide:
        page.do(task_id, lambda services: decide(services, task_id, run_id=str(said.get("run")), by=by))


def _pull() -> None:
    st.session_state[_ASKED] = dict(components.told("log", "pull"))


def _choose_run() -> None:
    run_id = str(components.told("log", "act")["id"])
    st.session_state[_SENT].pop(run_id, None)
    st.query_params["run"] = run_id


if __name__ == "__main__":
    render()
