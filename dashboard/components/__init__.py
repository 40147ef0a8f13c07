"""The dashboard's own components: HTML of ours, fed one JSON value each, with actions as their events."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_ALSO = {"dispatch": "combo", "feed": "combo"}  # components with a part that is not theirs alone


@cache
def _component(name: str) -> Callable[..., Any]:
    """Read once a process, when first drawn. Only the frame's rules reach beyond it."""
    parts = ["dom", *([_ALSO[name]] if name in _ALSO else []), f"{name}/{name}"]
    script = "".join((_HERE / f"{part}.js").read_text() for part in parts)
    style = "".join((_HERE / f"{part}.css").read_text() for part in ["base", *parts[1:]])
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
