"""Amp: how it is called headless. Its service holds the thread and chooses the model: there is none to name. Pure.

https://ampcode.com/manual. Nothing but Amp's own service can answer it, so no test runs it to the end: its command line
is that of the pinned version's help, its stream is read as Claude Code's, which is what that help says it is. A thread
stays with the service, so there is nothing to carry into a follow-up.
"""

from __future__ import annotations

import json

from worker.agents.agent import Agent

# `files` are the only way: the command line has no flag for them.
_SETTINGS = {"amp.dangerouslyAllowAll": True, "amp.updates.mode": "disabled"}

AGENT = Agent(
    name="amp",
    title="Amp",
    package="@sourcegraph/amp",
    version="0.0.1790142911-g7618fb",
    argv=(
        "amp",
        ("--executor", "local"),
        ("--visibility", "private"),
        ("--no-ide", "--no-notifications"),
        ("-m", "{effort}"),  # its modes: low, medium, high, ultra
        ("--stream-json", "-x"),
    ),
    stream="claude-code",
    keys=("AMP_API_KEY",),
    env={"AMP_REMOTE_CONTROL_TERMINAL": "0"},  # else its website may open a shell on the machine
    files={".config/amp/settings.json": json.dumps(_SETTINGS)},
    settings=("AMP_URL",),
    instructions=("AGENTS.md",),
)
