"""Queues, machines, deliveries, the sweep, health and the audit log: what an operator looks at. For admins."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import streamlit as st
from redis.exceptions import RedisError

from dashboard import components, data, operations, operations_acts, operations_reads, operations_rows, page, person
from dashboard.errors import DatabaseAway
from dashboard.lookout import lookout
from dashboard.operations import Wanted
from jobs import health, preconditions, queue_view, redelivering
from jobs.bootstrap import Services

_SOON, _CALM = 1.0, 5.0  # seconds between looks: while something outside is asked, and else
_FRESH, _CHECKED = timedelta(seconds=10), timedelta(seconds=45)
_DEED = "operations_deed"
_REDIS_AWAY = (
    "Redis does not answer. No task is lost: the database keeps them, and the sweep brings their jobs back with Redis. "
    "The other tabs still work."
)
_OUTSIDE = {"GitHub App": preconditions.app, "Machines": preconditions.host}  # they ask somebody, so beside the page
Found = tuple[list[dict[str, Any]], str, bool]  # groups, the key of the next page, whether something is still asked


def render() -> None:
    """Draw the tab, and again every few seconds."""
    page.live(_live, every=st.session_state.setdefault("operations_pace", _CALM))


def _live() -> None:
    page.go_if_asked()
    services = page.services()
    now, busy = services.clock(), _settled()
    is_admin, wanted = False, Wanted.read(st.query_params)
    found: Found = ([], "", False)
    try:
        is_admin = data.watch().look(lambda: person.is_admin(services), now)
        wanted = Wanted.read(st.query_params, is_admin=is_admin)
        found = data.watch().look(lambda: _tab(services, wanted, is_admin), now)
    except DatabaseAway as error:
        page.away(error, instead_of="" if is_admin else "Operations")
        if not is_admin:
            return
    except RedisError:
        page.problem(_REDIS_AWAY)
    groups, next_key, asking = found
    st.session_state["operations_wanted"] = wanted
    seen = operations.page(wanted, groups, is_admin=is_admin, next_key=next_key, busy=busy)
    components.draw("operations", seen, act=_act)
    page.notices()
    _keep_pace(_SOON if busy or asking else _CALM)


def _tab(services: Services, wanted: Wanted, is_admin: bool) -> Found:
    now, zone = services.clock(), page.zone()
    match wanted.tab:
        case "machines":
            return _machines(services)
        case "deliveries":
            found = operations_reads.deliveries(services.db, wanted, person.sees(services))
            narrow = bool(wanted.q or wanted.verdict)
            rows = operations_rows.deliveries(found.deliveries, now=now, zone=zone, is_admin=is_admin, narrow=narrow)
            return [rows], found.next_key or "", False
        case "sweep":
            return operations_rows.sweep(operations_reads.sweep(services.db, now), now=now, zone=zone), "", False
        case "health":
            return _health(services)
        case "audit":
            lines = operations_reads.audit_page(services.db, wanted)
            rows = operations_rows.audit(lines.notes, now=now, zone=zone, narrow=bool(wanted.q))
            return [rows], lines.next_key, False
        case _:
            view = queue_view.look(services.queues, hide=services.secrecy.text)
            return operations_rows.queues(view, now=now, zone=zone), "", False


def _machines(services: Services) -> Found:
    """The host is asked beside the page; until it answers, and while it is away, the tables are shown alone."""
    now = services.clock()
    seen = lookout().look(("machines",), lambda: services.host.list(), now=now, fresh_for=_FRESH)
    if seen.error is not None:
        page.problem(
            f"The host could not be asked: {seen.error}" + (" What you see is from before." if seen.at else "")
        )
    if seen.value is None:
        return (
            [operations.group("machines", "", [], empty="" if seen.error else "The host is being asked…")],
            "",
            seen.is_pending,
        )
    view = operations_reads.machines(services.db, services.host.name, seen.value)
    return operations_rows.machines(view, now=now, zone=page.zone()), "", False


def _health(services: Services) -> Found:
    now, waited_for = services.clock(), []
    checks = [preconditions.look(services, check) for check in health.QUICK.values()]
    for title, check in _OUTSIDE.items():
        look = partial(preconditions.look, services, check)
        seen = lookout().look(("health", title), look, now=now, fresh_for=_CHECKED)
        if seen.value is not None:
            checks.append(seen.value)
        elif seen.error is not None:
            checks.append(health.Check(title, title, None, "It could not be asked; the dashboard's log says why."))
        else:
            waited_for.append(title)
    return [operations_rows.health(checks, waited_for)], "", bool(waited_for)


def _act() -> None:
    said: dict[str, Any] = components.told("operations", "act")
    wanted: Wanted = st.session_state.get("operations_wanted") or Wanted()
    match said.get("do"):
        case "tab":
            st.query_params.from_dict(wanted.elsewhere(str(said.get("tab"))).params())
        case "filter":
            st.query_params.from_dict(Wanted.read({"tab": wanted.tab} | said).params())
        case "open":
            page.go("task", id=str(said.get("id")))
        case "requeue" | "forget" | "redeliver" as verb:
            _do(verb, str(said.get("id"))[:200], str(said.get("queue"))[:100])


def _do(verb: str, key: str, queue: str) -> None:
    """Whether the reader is an admin is asked again at the moment it is done."""
    services, by = page.services(), person.who()
    try:
        if not data.watch().look(lambda: person.is_admin(services), services.clock()):
            page.notice(operations_acts.REFUSED)
        elif verb == "redeliver":
            _redeliver(services, key, by)
        else:
            deed = operations_acts.requeue if verb == "requeue" else operations_acts.forget
            page.notice(data.watch().look(lambda: deed(services, queue, key, by=by), services.clock()))
    except DatabaseAway:
        page.notice("The database does not answer. Look again in a moment.")


def _redeliver(services: Services, key: str, by: str) -> None:
    """GitHub is asked beside the page; one at a time for each reader."""
    if _DEED in st.session_state:
        return
    st.session_state[_DEED] = ("redeliver", key, by)
    lookout().forget(st.session_state[_DEED])
    lookout().look(
        st.session_state[_DEED],
        lambda: redelivering.redeliver(services, key, by=by),
        now=services.clock(),
        fresh_for=None,
    )


def _settled() -> str:
    """What is being done as a sentence; what has been done is said once."""
    deed = st.session_state.get(_DEED)
    if deed is None:
        return ""
    seen = lookout().seen(deed)
    if seen.is_pending:
        return "GitHub is being asked to send it again…"
    del st.session_state[_DEED]
    page.notice(seen.value or "It could not be done; the dashboard's log says why.")
    return ""


def _keep_pace(wanted: float) -> None:
    if wanted != st.session_state["operations_pace"]:
        st.session_state["operations_pace"] = wanted
        st.rerun()


if __name__ == "__main__":
    render()
