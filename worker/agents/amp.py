"""Amp: how it is called headless. Its service holds the thread and chooses the model: there is none to name. Pure.

https://ampcode.com/manual. It was tried only as far as it goes without Amp's service; its stream says that it is Claude
Code's.
"""

from __future__ import annotations

from worker.agents.agent import Agent

AGENT = Agent(
    name="amp",
    title="Amp",
    package="@sourcegraph/amp",
    version="0.0.1790142911",
    argv=("amp", "-x", "--stream-json", ("-m", "{effort}")),
    stream="claude-code",
    keys=("AMP_API_KEY",),
    settings=("AMP_URL",),
    instructions=("AGENTS.md",),
)
