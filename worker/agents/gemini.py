"""Gemini CLI: how it is called headless, and how its stream-json is read. Pure.

Command line: https://google-gemini.github.io/gemini-cli/docs/cli/headless.html; what the manual leaves out was tried
with the pinned version.
"""

from __future__ import annotations

from worker.agents.agent import Agent, Conversation, Model
from worker.contract import Price

VERSION = "0.61.0"

# https://ai.google.dev/gemini-api/docs/pricing (prompts up to 200,000 tokens)
MODELS = (
    Model("gemini-2.5-pro", Price(1.25, 10.0, cache_read=0.125)),
    Model("gemini-2.5-flash", Price(0.30, 2.50, cache_read=0.03)),
    Model("gemini-2.5-flash-lite", Price(0.10, 0.40, cache_read=0.01)),
)

_ARGV = ("gemini", "--yolo", ("-o", "stream-json"), ("-m", "{model}"))

AGENT = Agent(
    name="gemini",
    title="Gemini CLI",
    aliases=("gemini-cli",),
    package="@google/gemini-cli",
    version=VERSION,
    argv=_ARGV,
    stream="text",
    keys=("GEMINI_API_KEY",),
    models=MODELS,
    env={"GEMINI_CLI_TRUST_WORKSPACE": "true"},
    settings=("GOOGLE_GEMINI_BASE_URL",),
    instructions=("GEMINI.md", "AGENTS.md"),
    conversation=Conversation(
        argv=(*_ARGV, "--session-file", "{file}"),
        path=".gemini/tmp/*/chats/session-*.jsonl",
    ),
)
