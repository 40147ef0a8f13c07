"""Set-up: what must be so before a comment becomes a pull request, each with the way there. For admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import choices, components, data, page, person, present, setup
from dashboard.errors import DatabaseAway
from dashboard.lookout import lookout
from dashboard.setup import Around
from jobs import app_settings, app_setup, merging, preconditions, self_test
from jobs.app_setup import CannotMakeApp
from jobs.bootstrap import Services
from jobs.config import HostKind
from jobs.dispatching import CannotDispatch
from jobs.errors import JobError
from jobs.health import Check
from store import installations

_OUTSIDE = ("app", "host")  # they ask somebody, so they are looked at beside the page
_FRESH = timedelta(seconds=8)
_LEAVING = timedelta(seconds=15)
_ADMINS = "Set-up is for admins of this Porter."
_LEAVE, _NOTICES, _SEEN = "setup_leave", "setup_notices", "setup_seen"


def render() -> None:
    """Draw the checklist, and again every few seconds."""
    page.live(_live, every=page.LIVELY)


def _live() -> None:
    page.go_if_asked()
    services = page.services()
    try:
        if not data.watch().look(lambda: person.is_admin(services), services.clock()):
            st.session_state.pop(_SEEN, None)
            page.problem(_ADMINS, title="Set-up")
            return
        view = data.watch().look(lambda: _drawn(services), services.clock())
    except DatabaseAway as error:
        old = st.session_state.get(_SEEN)
        page.away(error, instead_of="" if old else "Set-up")
        if old:
            components.draw("setup", old, act=_act)
        return
    st.session_state[_SEEN] = view
    components.draw("setup", view, act=_act)
    page.notices()


def _drawn(services: Services) -> dict[str, Any]:
    services.db.ping()
    ground = [_beside(services, f"ground {name}", check) for name, check in preconditions.GROUND.items()]
    steps = {
        key: _beside(services, key, check) if key in _OUTSIDE else preconditions.look(services, check)
        for key, check in preconditions.STEPS.items()
    }
    test = self_test.last(services)
    around = Around(
        install_page=preconditions.install_page(services) if services.config.names_app else "",
        repositories=installations.repositories(services.db, limit=200),
        test=test,
        test_closed=bool(test and test.pr_state in ("closed", "merged")),
        notices=st.session_state.get(_NOTICES),
        leave=_leaving(services),
        sign_in=_sign_in(services),
        on_fly=services.config.host is HostKind.FLY,
    )
    return setup.drawn(ground, steps, around)


def _beside(services: Services, key: str, check: Callable[[Services], Check]) -> Check | None:
    """What was seen last; an App that has just come is looked at at once."""
    known = ("setup", key, services.config.github_app_id)
    glimpse = lookout().look(
        known, lambda: preconditions.look(services, check), now=services.clock(), fresh_for=_FRESH
    )  # fmt: skip
    return glimpse.value


def _leaving(services: Services) -> dict[str, Any] | None:
    """Where the reader is just being sent; a page that comes back to life later sends nobody."""
    leave = st.session_state.get(_LEAVE)
    if leave is None or services.clock() - leave["at"] > _LEAVING:
        return None
    return {name: leave[name] for name in ("to", "ticket", "organisation")}


def _sign_in(services: Services) -> str:
    """What is still to be done before people sign in with the stored App, or what will change once there is one."""
    config = services.config
    if not config.is_production or config.signs_in:
        return ""
    if app_settings.may_sign_in(config):
        return "Once there is an App, people sign in with GitHub instead of the password, and you will be asked to."
    if not services.app_is_stored:
        return ""
    return (
        "To let people sign in with GitHub: name the admins in PORTER_ADMINS and restart the intake and the dashboard."
    )


def _act() -> None:
    said = components.told("setup", "act")
    services = page.services()
    acts: dict[str, Callable[[Services, dict[str, Any]], None]] = {
        "make_app": _make_app, "test": _test, "close": _close, "open": _open,
    }  # fmt: skip
    act = acts.get(str(said.get("do")))
    st.session_state[_NOTICES] = {}
    if act is None:
        return
    try:
        if not data.watch().look(lambda: person.is_admin(services), services.clock()):  # at the moment it is done
            page.notice(_ADMINS)
            return
        data.watch().look(lambda: act(services, said), services.clock())
    except DatabaseAway:
        page.notice("The database does not answer, so nothing was done. Try again in a moment.")


def _make_app(services: Services, said: dict[str, Any]) -> None:
    """A ticket for the intake, which the page posts there at once: it stands in no address."""
    try:
        ticket = app_setup.ticket(services, by=person.who())
    except CannotMakeApp as refused:
        st.session_state[_NOTICES] = {"app": present.sentence(str(refused))}
        return
    st.session_state[_LEAVE] = {
        "to": f"{services.config.url}/api/setup/app",
        "ticket": ticket,
        "at": services.clock(),
        "organisation": str(said.get("organisation") or "").strip()[:40],
    }


def _test(services: Services, said: dict[str, Any]) -> None:
    try:
        self_test.start(services, choices.roster_of(services), str(said.get("repository") or ""), by=person.who())
    except CannotDispatch as refused:
        words = " ".join(present.sentence(part) for part in (str(refused), refused.action or "") if part)
        st.session_state[_NOTICES] = {"first_task": words}


def _close(services: Services, _said: dict[str, Any]) -> None:
    try:
        self_test.close(services, by=person.who(), login=person.login(services.config) if _asks(services) else None)
        page.notice("The pull request of the self-test is closed, and so is its issue.")
    except (merging.CannotDecide, JobError) as refused:
        st.session_state[_NOTICES] = {"first_task": present.sentence(str(refused))}


def _asks(services: Services) -> bool:
    """With a password for all there is no login that GitHub could be asked about; only admins come here."""
    return services.config.signs_in


def _open(services: Services, _said: dict[str, Any]) -> None:
    test = self_test.last(services)
    if test is not None:
        page.go("task", id=test.id)


if __name__ == "__main__":
    render()
