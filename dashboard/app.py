"""The dashboard's entry: the frame and the page in it. `streamlit run dashboard/app.py`, or dashboard.asgi."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from dashboard import components, data, person, present
from dashboard.errors import DatabaseAway
from dashboard.page import QUIET, away, go, go_if_asked, problem, services
from jobs.config import Config
from jobs.errors import ConfigurationError
from store.errors import VaultError
from store.members import Role

_VIEWS = Path(__file__).parent / "views"  # not "pages": Streamlit would run those by itself, without the frame
_ICON = Path(__file__).parent / "static" / "porter.svg"
_MENU = {
    "feed": ("Feed", "/"),
    "review": ("Review", "/review"),
    "dispatch": ("Dispatch", "/dispatch"),
    "history": ("History", "/history"),
    "insights": ("Insights", "/insights"),
    "settings": ("Settings", "/settings"),
    "operations": ("Operations", "/operations"),
    "setup": ("Set-up", "/setup"),
}
_FOR_ADMINS = ("setup",)
_OTHERWISE = {"operations": "Deliveries"}  # what of it whoever is no admin sees
_WORDS = {Role.ADMIN: "Admin", Role.MEMBER: "", Role.VIEWER: "Viewer: you look, and change nothing."}


def render() -> None:
    """Draw the frame and the page the address asks for."""
    pages = {
        "feed": st.Page(_VIEWS / "feed.py", title="Feed", default=True),
        "task": st.Page(_VIEWS / "task.py", title="Task", url_path="task"),
        "review": st.Page(_VIEWS / "review.py", title="Review", url_path="review"),
        "dispatch": st.Page(_VIEWS / "dispatch.py", title="Dispatch", url_path="dispatch"),
        "history": st.Page(_VIEWS / "history.py", title="History", url_path="history"),
        "insights": st.Page(_VIEWS / "insights.py", title="Insights", url_path="insights"),
        "settings": st.Page(_VIEWS / "settings.py", title="Settings", url_path="settings"),
        "operations": st.Page(_VIEWS / "operations.py", title="Operations", url_path="operations"),
        "deliveries": st.Page(_VIEWS / "deliveries.py", title="Deliveries", url_path="deliveries"),
        "setup": st.Page(_VIEWS / "setup.py", title="Set-up", url_path="setup"),
    }
    here = st.navigation(list(pages.values()), position="hidden")
    st.set_page_config(page_title=f"{here.title} · Porter", page_icon=str(_ICON), layout="wide")
    try:
        config = services().config
    except (ConfigurationError, VaultError) as error:
        problem(f"Porter cannot start as it is configured. {error}")
        return
    try:
        refused = data.watch().look(lambda: person.refusal(config), services().clock())
    except DatabaseAway as error:
        away(error, instead_of="Porter")
        return
    if refused:
        way_out = ("Sign in again", person.sign_in_address(config, "/")) if refused == person.SIGNED_OUT else None
        problem(refused, link=way_out)
        return
    if going := st.session_state.pop("going", None):
        st.switch_page(pages[going["page"]], query_params=going.get("params"))
    st.fragment(_frame, run_every=QUIET)(next(name for name, one in pages.items() if one == here), config)
    here.run()


def _frame(here: str, config: Config) -> None:
    """In a fragment, so that its count is right on every page, and no page outlives its reader's sign-in for long."""
    go_if_asked()
    counts, role = {"review": _waiting()}, _role()
    menu = [
        {"key": name, "title": title, "href": address, "here": name == here, "count": counts.get(name, "")}
        for name, title, address in _menu(role)
    ]
    note = _WORDS[role] if config.signs_in else "" if config.is_production else person.EMBEDDED_NOTE
    out = f"{config.url}{person.SIGN_OUT}" if config.signs_in else ""
    components.draw("frame", {"pages": menu, "person": person.who(), "note": note, "sign_out": out}, go=_go)


def _menu(role: Role) -> list[tuple[str, str, str]]:
    """Name, title and address of what this reader may open."""
    shown = {name: one for name, one in _MENU.items() if role is Role.ADMIN or name not in _FOR_ADMINS}
    titles = {} if role is Role.ADMIN else _OTHERWISE
    return [(name, titles.get(name, title), address) for name, (title, address) in shown.items()]


def _role() -> Role:
    """What the reader is; while the database is away, what they were a moment ago."""
    here = services()
    with suppress(DatabaseAway):
        st.session_state["role"] = data.watch().look(lambda: person.role(here), here.clock())
    known: Role = st.session_state.get("role", Role.MEMBER)
    return known


def _waiting() -> str:
    """How many tasks wait for a decision that this reader may see; empty for none."""
    here = services()
    try:
        found = data.watch().look(lambda: data.waiting_for_me(here.db, only=person.sees(here)), here.clock())
    except DatabaseAway:  # the page says so
        return ""
    return present.counted(found) if found else ""


def _go() -> None:
    go(components.told("frame", "go"))


if __name__ == "__main__":
    render()
