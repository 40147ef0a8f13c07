"""aider: how it is called headless. It prints text only, and commits by itself. Pure.

https://aider.chat/docs/config/options.html
"""

from __future__ import annotations

from worker.agents.agent import Agent

AGENT = Agent(
    name="aider",
    title="aider",
    package="aider-chat",
    version="0.86.2",
    installer="pip",
    argv=(
        "aider",
        ("--model", "{model}"),
        ("--reasoning-effort", "{effort}"),
        ("--yes-always", "--no-pretty", "--no-stream"),
        ("--analytics-disable", "--no-check-update", "--no-show-model-warnings", "--no-show-release-notes"),
        "--no-gitignore",
        ("--message-file", "/dev/stdin"),
    ),
    stream="text",
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
    env={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},  # else it asks a host for prices at each start
    settings=("ANTHROPIC_BASE_URL", "OPENAI_API_BASE"),
    excludes=(".aider*",),
)
