"""Codex: how it is called headless, and how its JSON events are read. Pure.

Command line and events: https://developers.openai.com/codex/noninteractive; what the manual leaves out was tried with
the pinned version (tests/worker/test_codex.py runs the real CLI).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from worker.agents.agent import Agent, Conversation, Model, Part
from worker.agents.stream import (
    Finish,
    Line,
    Lines,
    Parsed,
    Percent,
    Session,
    Step,
    Trouble,
    Used,
    as_count,
    as_event,
    first_line,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Price, Usage

VERSION = "0.169.0"

# The models that this version's own catalogue lists (`codex debug models --bundled`), those above 272,000 input tokens
# apart: https://developers.openai.com/api/docs/pricing
MODELS = (
    Model("gpt-6.1-sol", Price(2.0, 10.0, cache_read=0.1, cache_write=2.5)),
    Model("gpt-6.1-terra", Price(1.0, 5.0, cache_read=0.05, cache_write=1.25)),
    Model("gpt-6-astra", Price(10.0, 50.0, cache_read=1.0)),
    Model("gpt-6-sol", Price(2.0, 10.0, cache_read=0.2, cache_write=2.5)),
    Model("gpt-6-luna", Price(0.1, 0.5, cache_read=0.01, cache_write=0.125)),
    Model("gpt-5.6-sol", Price(5.0, 30.0, cache_read=0.5)),
    Model("gpt-5.6-terra", Price(2.0, 12.0, cache_read=0.2)),
    Model("gpt-5.6-luna", Price(0.2, 1.2, cache_read=0.02)),
    Model("gpt-5.5", Price(5.0, 30.0, cache_read=0.5)),
)

# Its sentences about the model service; the first that fits names the ending.
_COMPLAINTS = (
    (re.compile(r"status:? 40[13]\b|incorrect api key|missing environment variable", re.I), Ending.AUTH),
    (re.compile(r"quota exceeded|usage limit", re.I), Ending.BUDGET),
    (re.compile(r"status:? 429\b|rate limit", re.I), Ending.RATE_LIMITED),
    (re.compile(r"ran out of room in the model's context window", re.I), Ending.TOO_LONG),
    (re.compile(r"at capacity|high demand|overloaded|status:? 5\d\d\b|server had an error", re.I), Ending.OVERLOADED),
    (re.compile(r"connection failed", re.I), Ending.OVERLOADED),
    (re.compile(r"idle timeout", re.I), Ending.STALLED),
)
_DENIED = re.compile(r"tools::router: error=.*\b[Rr]ejected\b")
_TOOLS = {"command_execution": "exec_command", "file_change": "apply_patch"}


class CodexParser:
    """Reads `codex exec --json`, and on standard error the tools that it was not allowed to use.

    Nothing among the events tells of those, and the two streams may come in any order: so the last event is told when
    all was heard.
    """

    expects_finish = True

    def __init__(self) -> None:
        self._lines = Lines()
        self._last = ""
        self._denied: list[str] = []
        self._finish: Finish | None = None

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def complaint(self, line: str) -> list[Parsed]:
        if _DENIED.search(line):
            self._denied.append("exec_command" if "exec_command" in line else "apply_patch")
        return []

    def used(self, record: bytes) -> Usage | None:
        """From its conversation's file, for a turn that did not end well. The figures are the whole thread's.

        Those of a prompt that was too long are noughts.
        """
        for line in reversed(record.splitlines()):
            if b'"token_count"' in line and (event := as_event(line.decode(errors="replace"))):
                told = _usage(_table(_table(_table(event.get("payload")).get("info")).get("total_token_usage")))
                if told != Usage():
                    return told
        return None

    def close(self) -> list[Parsed]:
        parsed = [parsed for line in self._lines.close() for parsed in self._line(line)]
        return [*parsed, replace(self._finish, denials=tuple(self._denied))] if self._finish else parsed

    def _line(self, line: str) -> list[Parsed]:
        event = as_event(line)
        if event is None:
            return [Line(printable(line), kind=Kind.OUTPUT)] if line.strip() else []
        match event.get("type"):
            case "thread.started":
                return [Session(event["thread_id"])] if isinstance(event.get("thread_id"), str) else []
            case "turn.started":
                return [Step("reading the task")]
            case "item.started" | "item.updated" | "item.completed":
                return self._item(_table(event.get("item")), str(event["type"]))
            case "error":
                return _trouble(_text(event.get("message")))
            case "turn.completed":
                self._finish = Finish(True, self._last)
                return [Used(_usage(_table(event.get("usage"))))]
            case "turn.failed":
                said = _text(_table(event.get("error")).get("message"))
                self._finish = Finish(False, said or self._last, _ending(said))
        return []

    def _item(self, item: Mapping[str, Any], event: str) -> list[Parsed]:
        is_done, kind, text = event == "item.completed", item.get("type"), _text(item.get("text"))
        if is_done and item.get("status") == "declined":
            self._denied.append(_TOOLS.get(str(kind), printable(str(kind), 100)))
        match kind:
            case "agent_message" if is_done and text:
                self._last = text
                return [Line(printable(text)), Step(first_line(text))]
            case "reasoning" if is_done and text:
                return [Line(printable(text), Level.DEBUG), Step(first_line(text.strip("* ")))]
            case "command_execution" if event == "item.started":
                return _tool(f"Run {first_line(_shell(_text(item.get('command'))), 300)}")
            case "command_execution" if is_done:
                return _output(item)
            case "file_change" if is_done:
                return _changes(item)
            case "mcp_tool_call" if event == "item.started":
                return _tool(f"{item.get('server', 'mcp')}.{item.get('tool', 'tool')}")
            case "web_search" if is_done:
                return _tool(f"Search {first_line(_text(item.get('query')), 300)}")
            case "todo_list":
                return _progress(item)
            case "error" if is_done and text + _text(item.get("message")):  # a warning: a failure is `turn.failed`
                return [Line(printable(text or _text(item.get("message")), 1000), Level.WARNING, Kind.STEP)]
        return []


def _tool(said: str) -> list[Parsed]:
    said = printable(said.strip())
    return [Line(said, kind=Kind.TOOL), Step(first_line(said))]


def _shell(command: str) -> str:
    """What was typed, out of `/bin/bash -lc '…'`."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    return words[2] if len(words) == 3 and words[0].endswith("sh") and words[1] in ("-c", "-lc") else command


def _output(item: Mapping[str, Any]) -> list[Parsed]:
    text = _text(item.get("aggregated_output")).strip()
    level = Level.DEBUG if item.get("exit_code") == 0 else Level.WARNING
    return [Line(printable(text, 1000), level, Kind.OUTPUT)] if text else []


def _changes(item: Mapping[str, Any]) -> list[Parsed]:
    made = [change for change in _list(item.get("changes")) if isinstance(change, dict)]
    names = ", ".join(f"{change.get('kind', 'change')} {_below(_text(change.get('path')))}" for change in made[:20])
    if item.get("status") == "completed":
        return _tool(f"Patch {names}")
    return [Line(printable(f"the patch was not made: {names}"), Level.WARNING, Kind.OUTPUT)]


def _below(path: str) -> str:
    """A path in the repository as its people know it; worker/workspace.py says where it lies on the machine."""
    return path.partition("/agent/repo/")[2] or path


def _progress(item: Mapping[str, Any]) -> list[Parsed]:
    steps = [_table(step) for step in _list(item.get("items"))]
    done = sum(1 for step in steps if step.get("completed") is True)
    return [Percent(round(100 * done / len(steps)))] if steps else []


def _trouble(said: str) -> list[Parsed]:
    """An `error` event: it tries again, or `turn.failed` follows."""
    if not said.strip():
        return []
    line, ending = Line(printable(said, 1000), Level.WARNING, Kind.STEP), _ending(said)
    return [line, Trouble(ending, printable(said, 1000))] if ending else [line]


def _ending(said: str) -> Ending | None:
    return next((ending for pattern, ending in _COMPLAINTS if pattern.search(said)), None)


def _usage(told: Mapping[str, Any]) -> Usage:
    """Its input tokens hold those of the cache, and its output tokens those of the model's reasoning."""
    read, written = (as_count(told.get(f"{name}_input_tokens")) for name in ("cached", "cache_write"))
    return Usage(
        input_tokens=max(0, as_count(told.get("input_tokens")) - read - written),
        output_tokens=as_count(told.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def _text(value: object) -> str:
    return printable(value, MAX_SUMMARY) if isinstance(value, str) else ""


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# A provider of our own even for OpenAI itself, whose address it has without `base_url`: the built-in one tries a
# WebSocket first, and neither its key's variable nor its retries can be set.
_PROVIDER: tuple[Part, ...] = (
    ("-c", "model_provider=porter"),
    ("-c", "model_providers.porter.name=OpenAI API"),
    ("-c", "model_providers.porter.wire_api=responses"),
    ("-c", "model_providers.porter.env_key=OPENAI_API_KEY"),
    ("-c", "model_providers.porter.base_url={OPENAI_BASE_URL}"),
    ("-c", "model_providers.porter.request_max_retries=2"),
    ("-c", "model_providers.porter.stream_max_retries=2"),
)

_OPTIONS: tuple[Part, ...] = (
    "--json",
    "--dangerously-bypass-approvals-and-sandbox",
    ("-m", "{model}"),
    ("-c", "model_reasoning_effort={effort}"),
    *_PROVIDER,
    ("--disable", "unbounded_connection_retries"),  # else it waits for ever for a network that is not there
    ("--disable", "plugins"),  # this and the next: it would ask GitHub and ChatGPT for them
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
    stream="codex",
    parser=CodexParser,
    keys=("OPENAI_API_KEY",),
    models=MODELS,
    default_model="gpt-6.1-sol",  # the CLI's own choice, named so that its price is known
    settings=("OPENAI_BASE_URL",),
    instructions=("AGENTS.md",),
    conversation=Conversation(
        argv=("codex", "exec", "resume", *_OPTIONS, "{session}", "-"),
        path=".codex/sessions/*/*/*/rollout-*-{session}.jsonl",
        counts_all=("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"),
    ),
)
