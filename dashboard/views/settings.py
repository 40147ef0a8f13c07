"""Settings: who works, where, with which keys, on which machines. One tab at a time, each with its own address."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import streamlit as st

from dashboard import (
    channels,
    channels_acts,
    choices,
    components,
    data,
    members,
    members_acts,
    page,
    person,
    repository_settings,
    settings_acts,
    settings_places,
    settings_reads,
)
from dashboard import settings_tabs as tabs
from dashboard.errors import DatabaseAway
from dashboard.lookout import lookout
from dashboard.settings_acts import Outcome
from jobs import fly_settings, fly_setup, readiness, settings
from jobs.bootstrap import Services
from jobs.changing import EVERYONE, For
from store import settings as kept
from store import vault

_FRESH = timedelta(seconds=60)
_SOON = 1.0  # seconds between looks while Fly or GitHub is asked
_FLY = ("fly", "look")
_AWAY = Outcome("The database does not answer, so nothing was changed. What you typed is still here: try again.")


def render() -> None:
    """Draw the tab that the address asks for."""
    st.session_state.setdefault("settings_answers", {})
    page.live(_live, every=st.session_state.setdefault("settings_pace", page.QUIET))


def _live() -> None:
    page.go_if_asked()
    services = page.services()
    _settle()
    try:
        view = data.watch().look(lambda: _drawn(services), services.clock())
        st.session_state["settings_seen"] = view
    except DatabaseAway as error:
        old = st.session_state.get("settings_seen")
        page.away(error, instead_of="" if old else "Settings")
        if not old:
            return
        view = old
    answers, heard = st.session_state["settings_answers"], st.session_state.get("settings_heard", 0)
    components.draw("settings", {**view, "answers": answers, "heard": heard}, act=_act)
    wanted = _SOON if view["pending"] else page.QUIET
    if wanted != st.session_state["settings_pace"]:
        st.session_state["settings_pace"] = wanted
        st.rerun()


def _drawn(services: Services) -> dict[str, Any]:
    admin = person.is_admin(services)
    tab = _tab(admin)
    there = {name: title for name, title in tabs.TABS.items() if admin or name not in tabs.FOR_ALL}
    shown = {"scope": EVERYONE.scope, "lead": "", "sections": [], "pending": False} | _TABS[tab](services)
    menu = [{"key": name, "title": title, "here": name == tab} for name, title in there.items()]
    return shown | {"tab": tab, "tabs": menu}


def _tab(admin: bool) -> str:
    wanted, usual = str(st.query_params.get("tab", "")), "agents" if admin else "yours"
    return wanted if wanted in tabs.TABS and (admin or wanted not in tabs.FOR_ALL) else usual


def _agents(services: Services) -> dict[str, Any]:
    roster, own = choices.roster_of(services), kept.of_scope(services.db, kept.GLOBAL)
    off, keys = readiness.off(services.db), readiness.names(services.db, readiness.Asker())
    agents = tabs.agent_sections(roster, own, services.config, off, keys)
    lead = "What holds for everyone, and each agent by itself."
    return {"lead": lead, "sections": [*agents, *tabs.everyone(own, roster, services.config, off)]}


def _repositories(services: Services) -> dict[str, Any]:
    wanted = str(st.query_params.get("repo", ""))[:200]
    return repository_settings.drawn(services, wanted, lambda whom: _keys(services, whom, "Its own keys"))


def _keys(services: Services, whom: For, title: str) -> dict[str, Any]:
    known = [one for one in vault.known(services.db) if one.owner == whom.scope]
    rows = tabs.secrets(known, choices.roster_of(services), now=services.clock(), zone=page.zone(), owners=[whom.scope])
    lead = "Of one name, a repository's key counts before a person's, and both before everyone's."
    return {"key": "keys", "title": title, "lead": lead, "secrets": rows, "fold": whom.kind == "repo" and not known}


def _secrets(services: Services) -> dict[str, Any]:
    known = vault.known(services.db)
    rows = tabs.secrets(known, choices.roster_of(services), now=services.clock(), zone=page.zone())
    everyone = [row for row in rows if row["owner"] == kept.GLOBAL]
    others = [row for row in rows if row["owner"] != kept.GLOBAL]
    sections = [
        {"key": "global", "title": "For everyone", "lead": "Any one key of an agent is enough.", "secrets": everyone}
    ]
    if others:
        lead = "Counts before everyone's: a repository's first, then a person's."
        sections.append({"key": "others", "title": "For one repository or person", "lead": lead, "secrets": others})
    lead = "Sealed when saved, and never shown again. A repository's own keys are set under Repositories."
    return {"lead": lead, "sections": sections}


def _fly(services: Services) -> dict[str, Any]:
    seen = lookout().look(_FLY, lambda: fly_setup.look(services), now=services.clock(), fresh_for=_FRESH)
    own = kept.of_scope(services.db, kept.GLOBAL)
    [*found] = [one for one in vault.known(services.db) if (one.owner, one.name) == (kept.GLOBAL, fly_settings.TOKEN)]
    row = tabs.token_row(found[0] if found else None, services.config, now=services.clock(), zone=page.zone())
    pending = lookout().seen(_deed()).is_pending
    before = st.session_state["settings_report"] = seen.value or st.session_state.get("settings_report")
    shown = settings_places.fly(seen.value, seen.error, own, row, before=before)
    lead = "Machines are rented in one Fly app. Nothing is kept that Fly did not accept."
    return {"lead": lead, "fly": shown, "pending": pending or seen.is_pending}


def _github(services: Services) -> dict[str, Any]:
    seen = settings_reads.github(services)
    shown = settings_places.github(seen, services.config, now=services.clock(), zone=page.zone())
    return {"lead": "The App that GitHub calls, and whether its calls arrive.", "sections": shown}


def _members(services: Services) -> dict[str, Any]:
    seen, own = settings_reads.members(services), kept.of_scope(services.db, kept.GLOBAL)
    shown = members.sections(
        seen, services.config, own, you=person.who(), now=services.clock(), zone=page.zone()
    )  # fmt: skip
    return {"lead": "Who looks here, who decides, who asks.", "sections": shown}


def _notifications(services: Services) -> dict[str, Any]:
    seen, now = settings_reads.channels(services), services.clock()
    shown = channels.sections(seen, services.config, now=now, zone=page.zone())
    lead = "Who hears, outside GitHub, what became of tasks."
    return {"lead": lead, "sections": shown, "pending": channels.is_busy(seen, now)}


def _yours(services: Services) -> dict[str, Any]:
    whom = For("user", person.who())
    asked = settings.layers(services.db, repository="", user=whom.name)
    roster, off = choices.roster_of(services), readiness.off(services.db)
    sections = [*tabs.person(asked, roster, services.config, off), _keys(services, whom, "Your own keys")]
    return {"lead": f"For what {whom.name} asks for.", "scope": whom.scope, "sections": sections}


_TABS = {
    "agents": _agents,
    "repositories": _repositories,
    "secrets": _secrets,
    "fly": _fly,
    "github": _github,
    "notifications": _notifications,
    "members": _members,
    "yours": _yours,
}


def _act() -> None:
    said: dict[str, Any] = components.told("settings", "act")
    st.session_state["settings_heard"] = int(said.get("n", 0))
    match said.get("do"):
        case "tab":
            st.query_params.from_dict({"tab": str(said.get("tab"))})
        case "repository":
            name = str(said.get("name") or "")
            st.query_params.from_dict({"tab": "repositories"} | ({"repo": name} if name else {}))
        case "fly" | "fly-try" | "fly-forget":
            _ask_fly(said)
        case "channel-seen":
            st.session_state["settings_answers"].get(str(said.get("id")), {}).pop("once", None)
        case _:
            _answer(said, _changed(said))


def _changed(said: dict[str, Any]) -> Outcome:
    services = page.services()
    try:
        return data.watch().look(lambda: _carried_out(services, said), services.clock())
    except DatabaseAway:
        return _AWAY


def _carried_out(services: Services, said: dict[str, Any]) -> Outcome:
    """Who asks is asked anew: a page that is open outlives its sign-in."""
    if refused := person.refusal(services.config) or person.bound(services):
        return Outcome(refused)
    is_admin = person.is_admin(services)
    for part in (members_acts, channels_acts):
        if said.get("do") in part.VERBS:
            own = part.carry_out(services, said, by=person.who()) if is_admin else None
            return own or Outcome(settings_acts.NOT_YOURS)
    return settings_acts.carry_out(
        services, said, by=person.who(), is_admin=is_admin,
        of_repository=lambda name: repository_settings.refusal(services, name),
    )  # fmt: skip


def _ask_fly(said: dict[str, Any]) -> None:
    """Begun here, carried out beside the page, one at a time."""
    services, by = page.services(), person.who()
    try:
        if not data.watch().look(lambda: person.is_admin(services), services.clock()):
            _answer(said, Outcome(settings_acts.NOT_YOURS))
            return
    except DatabaseAway:
        _answer(said, _AWAY)
        return
    if lookout().seen(_deed()).is_pending:
        _answer(said, Outcome("Fly is being asked already; try again in a few seconds."))
        return
    st.session_state["settings_fly"] = {"id": said.get("id"), "n": said.get("n")}
    lookout().forget(_deed())
    lookout().look(_deed(), lambda: settings_acts.ask_fly(services, said, by=by), now=services.clock(), fresh_for=None)


def _settle() -> None:
    """What Fly said, once it has."""
    asked, deed = st.session_state.get("settings_fly"), lookout().seen(_deed())
    if asked is None or deed.is_pending:
        return
    st.session_state.pop("settings_fly")
    lookout().forget(_deed())
    outcome = deed.value or Outcome("It could not be done; the dashboard's log says why.")
    if not outcome.fault:
        lookout().forget(_FLY)
    _answer(asked, outcome)


def _deed() -> tuple[str, str, str]:
    """What this very tab asks of Fly."""
    return ("fly", "deed", str(st.session_state.setdefault("settings_tab_id", secrets.token_hex(8))))


def _answer(said: dict[str, Any], outcome: Outcome) -> None:
    answer = {"n": int(said.get("n", 0)), "fault": outcome.fault, "note": outcome.note, "once": outcome.once}
    st.session_state["settings_answers"] = {**st.session_state["settings_answers"], str(said.get("id")): answer}


if __name__ == "__main__":
    render()
