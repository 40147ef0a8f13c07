"""`python -m worker.agents.mock < prompt`: a coding agent without a model, in the current git working copy."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from worker.agents.mock import antics, conversation
from worker.agents.mock.edit import make_edit
from worker.agents.mock.prompt import directives

DEFAULT_PACE = 0.25  # seconds between events, so that people can watch


def main() -> int:
    asked = _arguments()
    prompt = sys.stdin.read()
    wanted = directives(prompt)
    try:
        talk = conversation.begin(asked.resume)
    except FileNotFoundError:
        sys.stderr.write(f"No conversation found with session ID: {asked.resume}\n")
        return 1
    talk.turns += 1
    talk.cost_usd += float(wanted.get("cost") or 0)
    talk.keep()
    tell("session", id=talk.id)
    tell("step", text="reading the task")
    if talk.turns > 1:
        tell("text", text=f"This is turn {talk.turns} of our conversation.")
    tell("percent", value=10)
    if (ending := _misbehave_before(wanted)) is not None:
        return ending
    message = _work(prompt, wanted)
    _misbehave_after(wanted, message)
    tell("percent", value=100)
    tell("usage", input_tokens=len(prompt) // 4, output_tokens=len(message) // 4, cost_usd=talk.cost_usd)
    if "exit" in wanted:
        return int(wanted["exit"] or 1)
    tell("result", ok=True, message=message)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mock", description="A coding agent without a model.")
    parser.add_argument("--model")
    parser.add_argument("--resume")
    return parser.parse_args()


def tell(kind: str, **fields: object) -> None:
    """Print one event and take a breath."""
    print(json.dumps({"type": kind, **fields}), flush=True)  # noqa: T201  this is the program's output
    time.sleep(float(os.environ.get("MOCK_PACE") or DEFAULT_PACE))


def _work(prompt: str, wanted: dict[str, str]) -> str:
    if "no-changes" in wanted:
        return "There was nothing to change."
    tell("step", text="looking for the place to change")
    edit = make_edit(prompt, Path.cwd())
    tell("percent", value=60)
    for name in edit.files:
        tell("tool", text=f"Edit {name}")
    tell("text", text=edit.summary)
    return edit.summary


def _misbehave_before(wanted: dict[str, str]) -> int | None:
    """Directives that stand in the way of the work; an exit status if they end the agent."""
    if "ignore-term" in wanted:
        antics.ignore_signals()
    if "auth" in wanted:
        tell("result", ok=False, error="auth", message="The key was refused (asked for by a test directive).")
        return 1
    if "flood" in wanted:
        antics.flood(int(wanted["flood"] or 1000))
    if "search-secrets" in wanted:
        found = antics.search_secrets()
        tell("text", text="\n".join(["secrets found:", *found]) if found else "no secrets found")
    return None


def _misbehave_after(wanted: dict[str, str], message: str) -> None:
    """Directives that spoil work already done."""
    if "write" in wanted:
        antics.write(wanted["write"])
    if "leak" in wanted:
        antics.leak()
    if "commit" in wanted:
        antics.commit_all(message)
    if "orphan" in wanted:
        antics.leave_orphan()
    if "hook" in wanted:
        antics.plant_traps(wanted["hook"])
    if "sleep" in wanted:
        time.sleep(float(wanted["sleep"] or 1))
    if "hang" in wanted:
        antics.hang()


if __name__ == "__main__":
    sys.exit(main())
