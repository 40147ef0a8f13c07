"""Codex: how it is called headless, and how its JSON events are read. Pure.

Command line: https://developers.openai.com/codex/noninteractive; what the manual leaves out was tried with the pinned
version.
"""

from __future__ import annotations

from worker.agents.agent import Agent, Conversation, Model, Part
from worker.contract import Price

VERSION = "0.169.0"

# https://platform.openai.com/docs/pricing
MODELS = (
    Model("gpt-5.1-codex", Price(1.25, 10.0, cache_read=0.125)),
    Model("gpt-5.1-codex-mini", Price(0.25, 2.0, cache_read=0.025)),
    Model("gpt-5-codex", Price(1.25, 10.0, cache_read=0.125)),
    Model("gpt-5.1", Price(1.25, 10.0, cache_read=0.125)),
)

_OPTIONS: tuple[Part, ...] = (
    "--json",
    "--dangerously-bypass-approvals-and-sandbox",
    ("-m", "{model}"),
    ("-c", "model_reasoning_effort={effort}"),
    ("--disable", "plugins"),
    ("--disable", "apps"),
    ("-c", "analytics.enabled=false"),
    ("-c", "check_for_update_on_startup=false"),
)

AGENT = Agent(
    name="codex",
    title="Codex",
    package="@openai/codex",
    version=VERSION,
    argv=("codex", "exec", *_OPTIONS, "-"),
    stream="text",
    keys=("OPENAI_API_KEY", "CODEX_API_KEY"),
    models=MODELS,
    settings=("OPENAI_BASE_URL",),
    instructions=("AGENTS.md",),
    conversation=Conversation(
        argv=("codex", "exec", "resume", *_OPTIONS, "{session}", "-"),
        path=".codex/sessions/*/*/*/rollout-*-{session}.jsonl",
        counts_all=("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    ),
)
