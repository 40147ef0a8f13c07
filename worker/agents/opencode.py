"""opencode: how it is called headless, and how its JSON events are read. Pure.

Command line and configuration: https://opencode.ai/docs/cli and https://opencode.ai/docs/config; what the manual leaves
out was tried with the pinned version (tests/worker/test_opencode.py runs the real CLI).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
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
    Used,
    as_count,
    as_event,
    as_number,
    first_line,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Price, Usage

VERSION = "1.18.33"

# Those it finds the cost of by itself; more names: `opencode models`.
MODELS = (
    Model("anthropic/claude-opus-4-5", Price(5.0, 25.0, cache_read=0.5, cache_write=6.25)),
    Model("anthropic/claude-sonnet-4-5", Price(3.0, 15.0, cache_read=0.3, cache_write=3.75)),
    Model("anthropic/claude-haiku-4-5", Price(1.0, 5.0, cache_read=0.1, cache_write=1.25)),
    Model("openai/gpt-5.1", Price(1.25, 10.0, cache_read=0.125)),
    Model("google/gemini-2.5-pro", Price(1.25, 10.0, cache_read=0.125)),
    Model("google/gemini-2.5-flash", Price(0.30, 2.50, cache_read=0.03)),
)

_TOOL_DETAIL = ("filePath", "command", "path", "pattern", "url", "query", "description", "name", "prompt")
_DENIED = ("rejected permission to use this", "specified a rule which prevents you from using this")
_WORKING_TOOLS = frozenset(("edit", "write", "bash", "apply_patch", "task"))  # missing only where a rule denies them
_FAILED = re.compile(r'message=failed ref=\S+ error="((?:[^"\\]|\\.){1,2000})')  # in its log
_GOES_ON = ("tool-calls", "unknown")  # as the reason why a step ended


class OpencodeParser:
    """Reads `run --format json`. There is no closing event: the last step that asks for no tool is the final one."""

    expects_finish = True

    def __init__(self) -> None:
        self._lines = Lines()
        self._session = ""
        self._said = ""
        self._usage = Usage()
        self._denials: tuple[str, ...] = ()

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def complaint(self, line: str) -> list[Parsed]:
        """An error of its own is in its log alone: the event only points there."""
        failed = _FAILED.search(line)
        return [Finish(False, printable(failed[1], MAX_SUMMARY))] if failed else []

    def close(self) -> list[Parsed]:
        return [parsed for line in self._lines.close() for parsed in self._line(line)]

    def _line(self, line: str) -> list[Parsed]:
        event = as_event(line)
        if event is None:
            return [Line(printable(line, 1000), kind=Kind.OUTPUT)] if line.strip() else []
        return [*self._begun(event), *self._event(event)]

    def _begun(self, event: Mapping[str, Any]) -> list[Parsed]:
        name = event.get("sessionID")
        if self._session or not isinstance(name, str) or not name:
            return []
        self._session = name
        return [Session(name), Step("reading the task")]

    def _event(self, event: Mapping[str, Any]) -> list[Parsed]:
        part = _table(event.get("part"))
        match event.get("type"):
            case "text":
                return self._text(part)
            case "tool_use":
                return self._tool(part)
            case "step_finish":
                return self._step(part)
            case "error":
                return _error(_table(event.get("error")))
            case _:
                return []

    def _text(self, part: Mapping[str, Any]) -> list[Parsed]:
        text = part.get("text")
        if not isinstance(text, str) or not text.strip() or part.get("synthetic") is True:  # its own, not the model's
            return []
        self._said = printable(text, MAX_SUMMARY)
        return [Line(printable(text)), Step(first_line(printable(text)))]

    def _tool(self, part: Mapping[str, Any]) -> list[Parsed]:
        """It comes when the tool is done, so that the result is in the same event."""
        name, state = printable(str(part.get("tool", "tool")), 100), _table(part.get("state"))
        given, failed = _table(state.get("input")), state.get("status") == "error"
        detail = next((given[key] for key in _TOOL_DETAIL if isinstance(given.get(key), str)), "")
        said = printable(f"{name} {first_line(detail, 300)}".strip())
        text = state.get("error" if failed else "output")
        result = text.strip() if isinstance(text, str) else ""
        self._denials += _denied(name, given, result)
        level = Level.WARNING if failed else Level.DEBUG
        shown: list[Parsed] = [Line(printable(result, 1000), level, Kind.OUTPUT)] if result else []
        return [Line(said, kind=Kind.TOOL), Step(first_line(said)), *_progress(name, given), *shown]

    def _step(self, part: Mapping[str, Any]) -> list[Parsed]:
        tokens = _table(part.get("tokens"))
        if tokens:
            self._usage = _added(self._usage, tokens, as_number(part.get("cost")))
        parsed: list[Parsed] = [Used(self._usage)] if tokens else []
        if part.get("reason") not in _GOES_ON or self._denials:  # after a tool was refused it may just end
            parsed.append(Finish(True, self._said, denials=self._denials))
        return parsed


def _progress(name: str, given: Mapping[str, Any]) -> list[Parsed]:
    todos = given.get("todos")
    if name != "todowrite" or not isinstance(todos, list) or not todos:
        return []
    done = sum(1 for todo in todos if _table(todo).get("status") == "completed")
    return [Percent(round(100 * done / len(todos)))]


def _denied(name: str, given: Mapping[str, Any], result: str) -> tuple[str, ...]:
    """A tool that a rule denies is refused when it is used, or is not there at all."""
    if any(words in result for words in _DENIED):
        return (name,)
    return (str(given["tool"]),) if name == "invalid" and given.get("tool") in _WORKING_TOOLS else ()


def _error(error: Mapping[str, Any]) -> list[Parsed]:
    name, data = error.get("name"), _table(error.get("data"))
    message = data.get("message")
    said = printable(message, MAX_SUMMARY) if isinstance(message, str) else printable(str(name or "an error"), 200)
    if name == "UnknownError" and "ref" in data:  # see `complaint`
        return [Line(said, Level.ERROR)]
    return [Line(said, Level.ERROR), Finish(False, said, _ending(name, data, said))]


def _ending(name: object, data: Mapping[str, Any], said: str) -> Ending | None:
    status = data.get("statusCode")
    if name == "ContextOverflowError" or "prompt is too long" in said.lower():
        return Ending.TOO_LONG
    if "credit balance is too low" in said.lower() or status == 402:
        return Ending.BUDGET
    if name == "ProviderAuthError" or status in (401, 403):
        return Ending.AUTH
    if status == 429:
        return Ending.RATE_LIMITED
    garbled = "AI_JSONParseError" in str(data.get("responseBody"))  # counted as a 500, but the service answered 200
    return Ending.OVERLOADED if isinstance(status, int) and status >= 500 and not garbled else None


def _added(usage: Usage, tokens: Mapping[str, Any], cost: float | None) -> Usage:
    """One step more. What a model thought is paid for as output."""
    cache = _table(tokens.get("cache"))
    return replace(
        usage,
        input_tokens=usage.input_tokens + as_count(tokens.get("input")),
        output_tokens=usage.output_tokens + as_count(tokens.get("output")) + as_count(tokens.get("reasoning")),
        cache_read_tokens=usage.cache_read_tokens + as_count(cache.get("read")),
        cache_write_tokens=usage.cache_write_tokens + as_count(cache.get("write")),
        cost_usd=usage.cost_usd if cost is None else round((usage.cost_usd or 0.0) + cost, 6),
    )


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_ARGV = (
    "opencode",
    "run",
    ("--format", "json"),
    "--auto",  # else what its rules would ask a person is refused: a folder outside the repository, for one
    ("--print-logs", "--log-level", "ERROR"),  # the reason of an error is often there alone
    ("-m", "{model}"),
    ("--variant", "{effort}"),
)

# At each start it installs the library for plugins from npm, unless it finds that it is there. That is for people who
# write plugins; a plugin of the repository brings its own package.json, and what that names is installed.
_NO_INSTALL = {
    ".config/opencode/node_modules/.keep": "",
    ".config/opencode/package-lock.json": json.dumps(
        {"packages": {"": {"dependencies": {"@opencode-ai/plugin": VERSION}}}}
    ),
}

AGENT = Agent(
    name="opencode",
    title="opencode",
    package="opencode-ai",
    version=VERSION,
    argv=_ARGV,
    stream="opencode",
    parser=OpencodeParser,
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
    called={"GEMINI_API_KEY": "GOOGLE_GENERATIVE_AI_API_KEY"},  # its list of models takes either name, its client this
    models=MODELS,
    env={
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_SHARE": "1",
        "ANTHROPIC_BASE_URL": "{ANTHROPIC_BASE_URL}/v1",  # the one CLI that wants the version in it
    },
    files=_NO_INSTALL,
    settings=("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENCODE_CONFIG_CONTENT"),
    instructions=("AGENTS.md", "CLAUDE.md"),
    conversation=Conversation(
        argv=(*_ARGV, "-s", "{session}"),
        path=".porter/{session}.json",
        save=("opencode", "export", "{session}"),
        load=("opencode", "import", "{file}"),
    ),
)
