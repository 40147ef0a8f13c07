"""Where the list of deliveries was before it became a tab of Operations: links to it still work."""

from __future__ import annotations

from pathlib import Path

import streamlit as st


def render() -> None:
    """Go to where it is now."""
    told = {name: value for name in ("q", "verdict") if (value := st.query_params.get(name))}
    st.switch_page(Path(__file__).parent / "operations.py", query_params={"tab": "deliveries", **told})


if __name__ == "__main__":
    render()
