"""The dashboard's own components: HTML of ours, fed one JSON value each, with actions as their events."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
# Components of several parts: a part may belong to more than one.
_ALSO = {
    "details": ("gates",),
    "dispatch": ("combo",),
    "feed": ("combo", "feed/card", "feed/glance"),
    "log": ("log/sheet",),
    "review": ("dialog", "gates"),
    "settings": ("settings/members", "settings/channels"),
    "task": ("dialog",),
}


@cache
def _component(name: str) -> Callable[..., Any]:
    """Read once a process, when first drawn. Only the frame's rules reach beyond it."""
    parts = [*_ALSO.get(name, ()), f"{name}/{name}"]
    script = "".join((_HERE / f"{part}.js").read_text() for part in ["dom", *parts])
    style = "".join((_HERE / f"{part}.css").read_text() for part in ["base", *parts])
    mount: Callable[..., Any] = st.components.v2.component(
        f"porter.{name}", css=style, js=script, isolate_styles=name != "frame"
    )
    return mount


def draw(name: str, data: Any, **events: Callable[[], None]) -> Any:
    """Show the component `name` with `data`; `events` are called with what the reader did (see `told`)."""
    return _component(name)(key=name, data=data, **{f"on_{event}_change": act for event, act in events.items()})


def told(name: str, event: str) -> Any:
    """What the component `name` said with its `event`, inside that event's callback."""
    return st.session_state[name][event]
