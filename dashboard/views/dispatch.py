"""A new task: a repository, an issue or words alone, and an agent. Then it leads to the task's page."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import choices, components, data, dispatch, page, person, present
from dashboard.dispatch import Form
from dashboard.errors import DatabaseAway
from dashboard.lookout import Glimpse, lookout
from jobs import dispatching
from jobs.bootstrap import Services
from jobs.dispatching import CannotDispatch, IssueChoice

_FRESH = timedelta(seconds=15)
_SOON = 0.5  # seconds between looks while GitHub is asked
_FORM, _FAULTS, _ANSWER = "dispatch_form", "dispatch_faults", "dispatch_answer"
_FIELDS = {"issue_number": "issue", "instructions": "prompt", "base_branch": "base"}  # where the jobs' word differs


def render() -> None:
    """Draw the form, filled in as the address says."""
    st.session_state[_FORM] = _from_address(st.session_state.get(_FORM))
    page.live(_live, every=st.session_state.setdefault("dispatch_pace", page.QUIET))


def _from_address(known: Form | None) -> Form:
    """Within one visit the form knows more than the address: the words. A fresh visit may name an issue to look up."""
    told = Form.read(dict(st.query_params))
    if known is not None and known.params() == told.params():
        return known
    return replace(told, q=told.issue)


def _live() -> None:
    page.go_if_asked()
    services, form = page.services(), st.session_state[_FORM]
    try:
        barred = data.watch().look(lambda: bool(person.barred(services, form.repository)), services.clock())
        issues = Glimpse(value=list[IssueChoice]()) if barred else _issues(services, form)
        view = data.watch().look(lambda: _drawn(services, form, issues, hidden=barred), services.clock())
        bound = data.watch().look(lambda: person.bound(services), services.clock())
    except DatabaseAway as error:
        old = st.session_state.get("dispatch_seen")
        page.away(error, instead_of="" if old else "New task")
        if old:  # with what was said and answered since, or the form would wait for it
            components.draw("dispatch", old | {"form": asdict(form)} | _answered(), act=_act)
        return
    st.session_state["dispatch_seen"] = view
    if bound:
        page.problem(bound)
    components.draw("dispatch", view, act=_act)
    page.notices()
    wanted = _SOON if issues.is_pending else page.QUIET
    if wanted != st.session_state["dispatch_pace"]:
        st.session_state["dispatch_pace"] = wanted
        st.rerun()


def _drawn(services: Services, form: Form, issues: Glimpse[list[IssueChoice]], *, hidden: bool) -> dict[str, Any]:
    offered = choices.offered(services, person.who(), form.repository, only=person.sees(services))
    agents = dispatch.agent_rows(offered.agents, offered.default_agent, offered.configured)
    if not form.agent and agents and agents[0]["ready"]:
        form = replace(form, agent=agents[0]["name"])
    return dispatch.drawn(
        form,
        repositories=offered.repositories,
        issues=issues,
        agents=agents,
        took=[] if hidden else choices.took(services.db, form.repository, form.agent),
        recent=dispatch.recent_rows(offered.recent, services.clock()),
        **_answered(),
    )


def _answered() -> dict[str, Any]:
    """What is wrong with what was sent last, and how often something was sent."""
    return {"faults": st.session_state.get(_FAULTS, {}), "answer": st.session_state.get(_ANSWER, 0)}


def _issues(services: Services, form: Form) -> Glimpse[list[IssueChoice]]:
    if form.faults().get("repository"):
        return Glimpse(value=[])
    return lookout().look(
        ("issues", form.repository.lower(), form.q or form.issue),
        lambda: dispatching.issues_of(services, form.repository, form.q or form.issue),
        now=services.clock(),
        fresh_for=_FRESH,
    )


def _act() -> None:
    said = components.told("dispatch", "act")
    form = Form.read(said)
    st.session_state[_FORM] = form
    if said.get("do") == "dispatch":
        st.session_state[_ANSWER] = st.session_state.get(_ANSWER, 0) + 1
        st.session_state[_FAULTS] = _dispatched(form)
    if "going" not in st.session_state:  # an address that is written now would win over the one that is gone to
        st.query_params.from_dict(form.params())


def _dispatched(form: Form) -> dict[str, str]:
    """Leads to the new task; or what is in the way, by field."""
    if faults := form.faults():
        return faults
    services = page.services()
    try:
        if words := data.watch().look(lambda: person.refused_work(services, form.repository), services.clock()):
            return {"" if words == person.NOT_KNOWN else "repository": words}
        task = data.watch().look(
            lambda: dispatching.dispatch(
                services, choices.roster_of(services), form.wish(), by=person.who(), source="dashboard"
            ),
            services.clock(),
        )
    except CannotDispatch as refused:
        words = " ".join(present.sentence(part) for part in (str(refused), refused.action or "") if part)
        return {_FIELDS.get(refused.field, refused.field): words}
    except DatabaseAway:
        return {"": "The database does not answer, so nothing was started. Your words are still here: try again."}
    if not services.queues.ping():
        page.notice("It is kept. Redis is away, so it starts when the sweep finds it.")
    st.session_state[_FORM] = Form()
    page.go("task", id=task.id)
    return {}


if __name__ == "__main__":
    render()
