"""Claude Code: how it is called headless, and how its stream-json is read. Pure.

Flags and events: https://docs.claude.com/en/docs/claude-code/headless; what the manual leaves out was tried with the
pinned version (tests/worker/test_claude_code.py runs the real CLI).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.agents.agent import Agent, Conversation, Model
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
    as_number,
    first_line,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Price, Usage

VERSION = "2.1.329"

# https://docs.claude.com/en/docs/about-claude/pricing
MODELS = (
    Model("claude-opus-4-5", Price(5.0, 25.0, cache_read=0.5, cache_write=6.25)),
    Model("claude-opus-4-1", Price(15.0, 75.0, cache_read=1.5, cache_write=18.75)),
    Model("claude-sonnet-4-5", Price(3.0, 15.0, cache_read=0.3, cache_write=3.75)),
    Model("claude-haiku-4-5", Price(1.0, 5.0, cache_read=0.1, cache_write=1.25)),
)

_TOOL_DETAIL = (
    "file_path",
    "command",
    "path",
    "pattern",
    "url",
    "query",
    "description",
    "notebook_path",
    "skill",
    "prompt",
)


class ClaudeCodeParser:
    """Reads `--output-format stream-json --verbose`. Keys come in any order and new events at any time."""

    expects_finish = True

    def __init__(self) -> None:
        self._lines = Lines()
        self._usage: dict[str, Usage] = {}  # by message: one content block is one event, the usage comes with each

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def close(self) -> list[Parsed]:
        return [parsed for line in self._lines.close() for parsed in self._line(line)]

    def _line(self, line: str) -> list[Parsed]:
        event = as_event(line)
        if event is None:
            return [Line(printable(line), kind=Kind.OUTPUT)] if line.strip() else []
        match event.get("type"):
            case "system":
                return _system(event)
            case "assistant":
                return self._assistant(_table(event.get("message")))
            case "user":
                return _tool_results(_table(event.get("message")))
            case "result":
                return _result(event)
            case _:
                return []

    def _assistant(self, message: Mapping[str, Any]) -> list[Parsed]:
        parsed: list[Parsed] = []
        for block in _blocks(message):
            if block.get("type") == "text" and isinstance(text := block.get("text"), str) and text.strip():
                parsed += [Line(printable(text)), Step(first_line(text))]
            elif block.get("type") == "tool_use":
                parsed += _tool_use(block)
        if isinstance(message.get("usage"), dict):
            self._usage[str(message.get("id"))] = _usage(message["usage"], None)
            parsed.append(Used(_sum(self._usage)))
        return parsed


def _system(event: Mapping[str, Any]) -> list[Parsed]:
    if event.get("subtype") == "init":
        model = printable(str(event.get("model", "its default model")), 100)
        started: list[Parsed] = [Line(f"the agent works with {model}", kind=Kind.STEP), Step("reading the task")]
        return [Session(event["session_id"]), *started] if isinstance(event.get("session_id"), str) else started
    if event.get("subtype") == "api_retry":
        status, attempt, most = (event.get(key, "?") for key in ("error_status", "attempt", "max_retries"))
        said = f"the model service answered {status}; attempt {attempt} of {most} follows"
        line = Line(printable(said), Level.WARNING, Kind.STEP)
        ending = _ending_of_status(status)
        return [line, Trouble(ending, f"The model service kept answering {status}.")] if ending else [line]
    return []


def _tool_use(block: Mapping[str, Any]) -> list[Parsed]:
    name, given = str(block.get("name", "tool")), _table(block.get("input"))
    detail = next((given[key] for key in _TOOL_DETAIL if isinstance(given.get(key), str)), "")
    said = printable(f"{name} {first_line(detail, 300)}".strip())
    parsed: list[Parsed] = [Line(said, kind=Kind.TOOL), Step(first_line(said))]
    if name == "TodoWrite" and isinstance(todos := given.get("todos"), list) and todos:
        done = sum(1 for todo in todos if _table(todo).get("status") == "completed")
        parsed.append(Percent(round(100 * done / len(todos))))
    return parsed


def _tool_results(message: Mapping[str, Any]) -> list[Parsed]:
    parsed: list[Parsed] = []
    for block in _blocks(message):
        if block.get("type") == "tool_result":
            text = "\n".join(_texts(block.get("content"))).strip()
            level = Level.WARNING if block.get("is_error") else Level.DEBUG
            parsed += [Line(printable(text, 1000), level, Kind.OUTPUT)] if text else []
    return parsed


def _result(event: Mapping[str, Any]) -> list[Parsed]:
    """`subtype` may say "success" beside `is_error: true` (a refused key does that), so only `is_error` counts."""
    message = event.get("result")
    text = printable(message, MAX_SUMMARY) if isinstance(message, str) else ""
    ok = event.get("is_error") is False
    denials = tuple(str(_table(item).get("tool_name", "a tool")) for item in _list(event.get("permission_denials")))
    parsed: list[Parsed] = []
    if isinstance(event.get("usage"), dict):
        parsed.append(Used(_usage(event["usage"], as_number(event.get("total_cost_usd")))))
    return [*parsed, Finish(ok, text or _complaints(event), None if ok else _why(event, text), denials)]


def _why(event: Mapping[str, Any], text: str) -> Ending | None:
    subtype, terminal = event.get("subtype"), event.get("terminal_reason")
    if subtype == "error_max_turns":
        return Ending.TURNS
    if subtype == "error_max_budget_usd" or "credit balance is too low" in text.lower():
        return Ending.BUDGET
    if terminal == "prompt_too_long" or "prompt is too long" in text.lower():
        return Ending.TOO_LONG
    return _ending_of_status(event.get("api_error_status"))


def _ending_of_status(status: object) -> Ending | None:
    if status in (401, 403):
        return Ending.AUTH
    if status == 429:
        return Ending.RATE_LIMITED
    return Ending.OVERLOADED if isinstance(status, int) and status >= 500 else None


def _complaints(event: Mapping[str, Any]) -> str:
    return printable("; ".join(text for text in _list(event.get("errors")) if isinstance(text, str)), 1000)


def _usage(data: Mapping[str, Any], cost: float | None) -> Usage:
    return Usage(
        input_tokens=as_count(data.get("input_tokens")),
        output_tokens=as_count(data.get("output_tokens")),
        cache_read_tokens=as_count(data.get("cache_read_input_tokens")),
        cache_write_tokens=as_count(data.get("cache_creation_input_tokens")),
        cost_usd=cost,
    )


def _sum(by_message: Mapping[str, Usage]) -> Usage:
    every = by_message.values()
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in every),
        output_tokens=sum(usage.output_tokens for usage in every),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in every),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in every),
    )


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in _list(content) if isinstance(block, dict)]


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [text for block in _list(content) if isinstance(text := _table(block).get("text"), str)]


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


_ARGV = (
    "claude",
    "-p",
    ("--output-format", "stream-json", "--verbose"),
    "--dangerously-skip-permissions",
    ("--model", "{model}"),
    ("--effort", "{effort}"),
)

AGENT = Agent(
    name="claude-code",
    title="Claude Code",
    aliases=("claude",),
    package="@anthropic-ai/claude-code",
    version=VERSION,
    argv=_ARGV,
    stream="claude-code",
    parser=ClaudeCodeParser,
    keys=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"),
    models=MODELS,
    env={
        "IS_SANDBOX": "1",  # else it refuses to skip permissions as root; exactly "1"
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",  # by default it retries a refused key for minutes
    },
    settings=("ANTHROPIC_BASE_URL",),
    instructions=("CLAUDE.md", "AGENTS.md"),
    interrupt_first=True,  # it then prints what the run cost
    conversation=Conversation(
        argv=(*_ARGV, "--resume", "{session}"),
        path=".claude/projects/{directory}/{session}.jsonl",
        counts_all=("cost_usd",),
    ),
)
