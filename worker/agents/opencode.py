"""opencode: how it is called headless, and how its JSON events are read. Pure.

Command line: https://opencode.ai/docs/cli; what the manual leaves out was tried with the pinned version.
"""

from __future__ import annotations

from worker.agents.agent import Agent, Conversation

VERSION = "1.18.33"

_ARGV = ("opencode", "run", "--format", "json", ("-m", "{model}"), ("--variant", "{effort}"))

AGENT = Agent(
    name="opencode",
    title="opencode",
    package="opencode-ai",
    version=VERSION,
    argv=_ARGV,
    stream="text",
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
    env={"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    settings=("ANTHROPIC_BASE_URL", "OPENCODE_CONFIG_CONTENT"),
    instructions=("AGENTS.md", "CLAUDE.md"),
    conversation=Conversation(
        argv=(*_ARGV, "-s", "{session}"),
        path=".porter/{session}.json",
        save=("opencode", "export", "{session}"),
        load=("opencode", "import", "{file}"),
    ),
)
