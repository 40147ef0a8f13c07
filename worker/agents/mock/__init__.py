"""The mock agent: no model, no key, a real edit. Its output is the plainest stream a custom agent can speak. Pure.

One JSON object a line: `{"type": "step"|"text"|"tool"|"percent"|"usage"|"session"|"result", …}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.agents.agent import Agent, Conversation
from worker.agents.stream import (
    Finish,
    Line,
    Lines,
    Parsed,
    Percent,
    Session,
    Step,
    Used,
    as_count,
    as_event,
    as_number,
    first_line,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Usage


class MockParser:
    """Reads one event a line; what is no event is kept as raw output."""

    expects_finish = True

    def __init__(self) -> None:
        self._lines = Lines()

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in _line(line)]

    def close(self) -> list[Parsed]:
        return [parsed for line in self._lines.close() for parsed in _line(line)]


def _line(line: str) -> list[Parsed]:
    event = as_event(line)
    if event is None:
        return [Line(printable(line), kind=Kind.OUTPUT)] if line.strip() else []
    text = event.get("text") if isinstance(event.get("text"), str) else ""
    match event.get("type"):
        case "step" if text:
            return [Step(first_line(text)), Line(printable(text), kind=Kind.STEP)]
        case "text" if text:
            return [Line(printable(text))]
        case "tool" if text:
            return [Line(printable(text), kind=Kind.TOOL)]
        case "percent" if (value := as_number(event.get("value"))) is not None:
            return [Percent(max(0, min(100, round(value))))]
        case "session" if isinstance(event.get("id"), str):
            return [Session(event["id"])]
        case "usage":
            return [Used(_usage(event))]
        case "result":
            return [_finish(event)]
        case _:
            return []


def _usage(event: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=as_count(event.get("input_tokens")),
        output_tokens=as_count(event.get("output_tokens")),
        cost_usd=as_number(event.get("cost_usd")),
    )


def _finish(event: Mapping[str, Any]) -> Finish:
    message, error = event.get("message"), event.get("error")
    ending = next((ending for ending in Ending if ending == error), None)
    words = printable(message, MAX_SUMMARY) if isinstance(message, str) else ""
    return Finish(event.get("ok") is True, words, ending)


# -P: the repository's own folders must not stand in for ours
_ARGV = ("{python}", "-P", "-m", "worker.agents.mock", ("--model", "{model}"))

AGENT = Agent(
    name="mock",
    title="Mock agent",
    argv=_ARGV,
    env={"PYTHONPATH": "{worker_path}", "PYTHONDONTWRITEBYTECODE": "1"},
    settings=("MOCK_PACE",),
    stream="mock",
    parser=MockParser,
    conversation=Conversation(
        argv=(*_ARGV, "--resume", "{session}"), path=".porter-mock/{session}.json", counts_all=("cost_usd",)
    ),
)
