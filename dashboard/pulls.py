"""A task's pull request on the pages of Review and of the task: looked at and decided on beside them, so that no page
waits for GitHub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import change, components, data, decisions, page, person
from dashboard.decisions import Decision, Said
from dashboard.errors import DatabaseAway
from dashboard.lookout import Glimpse, lookout
from jobs import pull_view
from jobs.bootstrap import Services
from jobs.pull_view import PullView
from store.errors import NotFound
from store.records import Task

_FRESH = timedelta(seconds=10)

Looked = tuple[PullView, dict[str, Any]]  # the pull request, and its change as the component draws it


def look(services: Services, task: Task, *, now: datetime) -> Glimpse[Looked]:
    """What is known of it; GitHub is asked meanwhile when that is older than a few seconds."""
    return lookout().look(_key(task.id), lambda: _look(services, task), now=now, fresh_for=_FRESH)


def known(task_id: str) -> Glimpse[Looked]:
    """The same, without asking anybody."""
    return lookout().seen(_key(task_id))


def standing(glimpse: Glimpse[Looked]) -> Glimpse[PullView]:
    """A glimpse without the lines of the change."""
    return Glimpse(glimpse.value[0] if glimpse.value else None, glimpse.at, glimpse.error, glimpse.is_pending)


def lines(glimpse: Glimpse[Looked]) -> dict[str, Any] | None:
    """The change, once it is there."""
    return glimpse.value[1] if glimpse.value else None


def draw_lines(lines: dict[str, Any], *, wanted: Callable[[], bool]) -> None:
    """Show a change, as wide as the address says, for as long as it is `wanted`.

    Again now and then, though a browser that has the lines is not sent them anew: what stands outside of all that ticks
    Streamlit loses from a page when one run follows another closely.
    """

    def drawn() -> None:
        if wanted():
            components.draw("change", {**lines, "view": _view()}, act=_turn)

    st.fragment(drawn, run_every=page.QUIET)()


def decide(services: Services, verb: str, task_id: str, said: Mapping[str, Any]) -> str:
    """Within an event's callback: begin what the reader decided, one thing at a time. Why not, as a sentence, or "".
    Whether they may write is asked of GitHub where it is carried out."""
    if is_under_way(task_id):
        return ""
    try:
        words = data.watch().look(lambda: _why_not(services, task_id), services.clock())
    except DatabaseAway:
        words = "The database does not answer, so nothing was done. Try again in a moment."
    if words:
        return words
    method = decisions.METHODS.get(str(said.get("method")), "merge")
    decision = Decision(
        verb, task_id, person.who(), person.login(services.config), str(said.get("head", "")), method,
        str(said.get("words", "")),
    )  # fmt: skip
    lookout().forget(_deed(task_id))
    lookout().look(
        _deed(task_id), lambda: decisions.carry_out(services, decision), now=services.clock(), fresh_for=None
    )
    return ""


def is_under_way(task_id: str) -> bool:
    """Whether a decision is being carried out."""
    return lookout().seen(_deed(task_id)).is_pending


def ended(task_id: str) -> Said | None:
    """What became of the last decision, told once; None when none has ended since."""
    deed: Glimpse[Said] = lookout().seen(_deed(task_id))
    if deed.is_pending or deed.tried_at is None:
        return None
    lookout().forget(_deed(task_id))
    lookout().forget(_key(task_id))  # whatever was done to it: the next look sees it anew
    return deed.value or Said("It could not be done; the dashboard's log says why.", is_done=False)


def _why_not(services: Services, task_id: str) -> str:
    try:
        data.visible(services.db, task_id, person.sees(services))
    except NotFound:
        return "There is no such task any more."
    return person.bound(services)


def _turn() -> None:
    view = str(components.told("change", "act").get("view"))
    if view in change.VIEWS:
        st.query_params["view"] = view


def _view() -> str:
    return str(view) if (view := st.query_params.get("view")) in change.VIEWS else change.VIEWS[0]


def _look(services: Services, task: Task) -> Looked:
    pull = pull_view.look(services, task)
    return pull, change.drawn(pull)


def _key(task_id: str) -> tuple[str, str]:
    return ("pull", task_id)


def _deed(task_id: str) -> tuple[str, str]:
    return ("deed", task_id)
