"""Gemini CLI: how it is called headless, and how its stream-json is read. Pure.

Command line and events: https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/headless.md; what the manual
leaves out was tried with the pinned version (tests/worker/test_gemini.py runs the real CLI).
"""

from __future__ import annotations

import json
import re
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
    first_line,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Price, Usage

VERSION = "0.61.0"

# https://ai.google.dev/gemini-api/docs/pricing (prompts up to 200,000 tokens)
MODELS = (
    Model("gemini-2.5-pro", Price(1.25, 10.0, cache_read=0.125)),
    Model("gemini-2.5-flash", Price(0.30, 2.50, cache_read=0.03)),
    Model("gemini-2.5-flash-lite", Price(0.10, 0.40, cache_read=0.01)),
    Model("gemini-3.1-pro-preview", Price(2.0, 12.0, cache_read=0.20)),
    Model("gemini-3.5-flash", Price(1.50, 9.0, cache_read=0.15)),
    Model("gemini-3.8-flash", Price(1.50, 7.50, cache_read=0.15)),  # half of it until the end of 2026
    Model("gemini-3-flash-preview", Price(0.50, 3.0, cache_read=0.05)),
)
_PRICES = {model.name: model.price for model in MODELS}

_TOOL_DETAIL = ("file_path", "command", "pattern", "dir_path", "path", "query", "title", "agent_name", "prompt", "name")
_ITS_OWN = {"run_shell_command", "replace", "write_file"}  # not offered to the model when they are not allowed

# Sentences of the API and of the CLI about what failed; where none fits, the status of the answer tells.
_COMPLAINTS = (
    (re.compile(r"API key not valid|API_KEY_INVALID|API key (has )?expired", re.I), Ending.AUTH),
    (re.compile(r"token count .* exceeds|exceeds the maximum number of tokens", re.I), Ending.TOO_LONG),
    (re.compile(r"spend(ing)? cap|insufficient .*credit", re.I), Ending.BUDGET),
    (re.compile(r"max(imum)? session turns", re.I), Ending.TURNS),
    (re.compile(r"quota|rate limit", re.I), Ending.RATE_LIMITED),
    (re.compile(r"overloaded|high demand|capacity|fetch failed", re.I), Ending.OVERLOADED),
)
_STATUS = re.compile(r'"code":\s*(\d{3})\b')
_RETRY = re.compile(r"Attempt \d+ failed with status (\d+)")
_API_ERROR = re.compile(r"^\[API Error: (.*?)\](?=\n|$)", re.S)


class GeminiParser:
    """Reads `-o stream-json`. What the model says comes in pieces, so a message is told when something else begins."""

    expects_finish = True

    def __init__(self) -> None:
        self._lines = Lines()
        self._said: list[str] = []
        self._length = 0
        self._last = ""
        self._complaint = ""
        self._tools: dict[str, str] = {}
        self._denied: list[str] = []

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def complaint(self, line: str) -> list[Parsed]:
        """Only standard error tells that it tries again, and what kept it from starting."""
        if retry := _RETRY.match(line):
            ending, said = _ending_of_status(int(retry[1])), f"The model service kept answering {retry[1]}."
            return [Trouble(ending, said)] if ending else []
        return [Trouble(Ending.AUTH, line)] if re.search(r"\bauth method\b|GEMINI_API_KEY", line) else []

    def close(self) -> list[Parsed]:
        return [*(parsed for line in self._lines.close() for parsed in self._line(line)), *self._message()]

    def _line(self, line: str) -> list[Parsed]:
        event = as_event(line)
        if event is None:
            return [Line(printable(line), kind=Kind.OUTPUT)] if line.strip() else []
        kind = event.get("type")
        if kind == "message" and event.get("role") == "assistant":
            self._hear(_text(event.get("content")))
            return []
        return [*self._message(), *self._event(str(kind), event)]

    def _event(self, kind: str, event: Mapping[str, Any]) -> list[Parsed]:
        match kind:
            case "init":
                return _begun(event)
            case "tool_use":
                return self._tool(event)
            case "tool_result":
                return self._tool_result(event)
            case "error":
                return self._warning(_text(event.get("message")))
            case "result":
                return self._result(event)
        return []

    def _hear(self, text: str) -> None:
        """A piece of a message, whose end may lie megabytes away."""
        self._said.append(text[: MAX_SUMMARY - min(self._length, MAX_SUMMARY)])
        self._length += len(text)

    def _message(self) -> list[Parsed]:
        text = "".join(self._said).strip()
        if self._length > MAX_SUMMARY:
            text = f"{text[: MAX_SUMMARY - 50]} … (cut, {self._length:,} characters in all)"
        self._said, self._length = [], 0
        if not text:
            return []
        self._last = printable(text, MAX_SUMMARY)
        return [Line(printable(text)), Step(first_line(printable(text)))]

    def _tool(self, event: Mapping[str, Any]) -> list[Parsed]:
        name, given = printable(str(event.get("tool_name", "tool")), 100), _table(event.get("parameters"))
        self._tools[str(event.get("tool_id"))] = name
        self._last = ""
        detail = next((given[key] for key in _TOOL_DETAIL if isinstance(given.get(key), str)), "")
        said = printable(f"{name} {first_line(detail, 300)}".strip())
        return [Line(said, kind=Kind.TOOL), Step(first_line(said)), *_progress(given.get("todos"))]

    def _tool_result(self, event: Mapping[str, Any]) -> list[Parsed]:
        name, error = self._tools.pop(str(event.get("tool_id")), ""), _table(event.get("error"))
        missing = error.get("type") == "tool_not_registered" and name in _ITS_OWN
        if missing or error.get("type") == "policy_violation":
            self._denied.append(name or "a tool")
        text = _text(event.get("output")) or _text(error.get("message"))
        level = Level.DEBUG if event.get("status") == "success" else Level.WARNING
        return [Line(printable(text.strip(), 1000), level, Kind.OUTPUT)] if text.strip() else []

    def _warning(self, said: str) -> list[Parsed]:
        self._complaint = said
        line, ending = Line(printable(said, 1000), Level.WARNING, Kind.STEP), _ending(said)
        return ([line, Trouble(ending, said)] if ending else [line]) if said.strip() else []

    def _result(self, event: Mapping[str, Any]) -> list[Parsed]:
        used: list[Parsed] = [Used(_usage(_table(event["stats"])))] if isinstance(event.get("stats"), dict) else []
        if event.get("status") == "success":
            return [*used, Finish(True, self._last, None, tuple(self._denied))]
        said = _text(_table(event.get("error")).get("message")) or self._complaint or self._last
        return [*used, Finish(False, _plain(said), _ending(said), tuple(self._denied))]


def _begun(event: Mapping[str, Any]) -> list[Parsed]:
    model = printable(str(event.get("model", "its default model")), 100)
    started: list[Parsed] = [Line(f"the agent works with {model}", kind=Kind.STEP), Step("reading the task")]
    return [Session(event["session_id"]), *started] if isinstance(event.get("session_id"), str) else started


def _progress(todos: object) -> list[Parsed]:
    steps = [_table(todo) for todo in todos] if isinstance(todos, list) else []
    done = sum(1 for step in steps if step.get("status") in ("completed", "cancelled"))
    return [Percent(round(100 * done / len(steps)))] if steps else []


def _plain(said: str) -> str:
    """The API's own sentence, out of `[API Error: {"error": {…}}]` and what the CLI advises beside it."""
    found = _API_ERROR.match(said)
    if found is None:
        return said
    try:
        answer = json.loads(found[1])
    except (ValueError, RecursionError):
        return found[1]
    [answer] = answer if isinstance(answer, list) and len(answer) == 1 else [answer]
    return _text(_table(_table(answer).get("error")).get("message")) or found[1]


def _ending(said: str) -> Ending | None:
    known = next((ending for pattern, ending in _COMPLAINTS if pattern.search(said)), None)
    status = _STATUS.search(said)
    return known or (_ending_of_status(int(status[1])) if status else None)


def _ending_of_status(status: int) -> Ending | None:
    if status in (401, 403):
        return Ending.AUTH
    if status == 429:
        return Ending.RATE_LIMITED
    return Ending.OVERLOADED if status >= 500 else None


def _usage(stats: Mapping[str, Any]) -> Usage:
    """What every model of this run used, the CLI's side questions to cheaper ones too, each at its own price."""
    by_model = {name: _tokens(_table(figures)) for name, figures in _table(stats.get("models")).items()}
    if not by_model:
        return _tokens(stats)
    costs = [_cost(str(name), usage) for name, usage in by_model.items()]
    every = by_model.values()
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in every),
        output_tokens=sum(usage.output_tokens for usage in every),
        cache_read_tokens=sum(usage.cache_read_tokens for usage in every),
        cost_usd=None if None in costs else round(sum(cost for cost in costs if cost is not None), 6),
    )


def _tokens(figures: Mapping[str, Any]) -> Usage:
    """Its input tokens hold those of the cache; thoughts are paid for like output, but only the total counts them."""
    sent, read = as_count(figures.get("input_tokens")), as_count(figures.get("cached"))
    written = max(as_count(figures.get("output_tokens")), as_count(figures.get("total_tokens")) - sent)
    return Usage(input_tokens=max(0, sent - read), output_tokens=written, cache_read_tokens=read)


def _cost(name: str, usage: Usage) -> float | None:
    if usage == Usage():
        return 0.0
    price = _PRICES.get(name)
    return price.of(usage) if price else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_SETTINGS = {
    # Without it the variable of the address alone selects a login that the CLI itself refuses.
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "general": {
        "enableAutoUpdate": False,
        "enableAutoUpdateNotification": False,
        "maxAttempts": 3,  # of a request; ten by default, half a minute apart
    },
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "context": {"fileName": ["GEMINI.md", "AGENTS.md"]},
}

_ARGV = ("gemini", "--yolo", ("-o", "stream-json"), ("-m", "{model}"))

AGENT = Agent(
    name="gemini",
    title="Gemini CLI",
    aliases=("gemini-cli",),
    package="@google/gemini-cli",
    version=VERSION,
    argv=_ARGV,
    stream="gemini",
    parser=GeminiParser,
    keys=("GEMINI_API_KEY",),
    models=MODELS,
    # Left to choose, the CLI asks another model which one to take, and tries that ten times, whatever `maxAttempts` is.
    default_model="gemini-2.5-pro",
    env={
        "GEMINI_CLI_TRUST_WORKSPACE": "true",  # else it ends with 55
        "GEMINI_CLI_NO_RELAUNCH": "1",  # else a second process of it stands between us, and eats the signals
        "GEMINI_TELEMETRY_ENABLED": "false",
        "TERM": "xterm-256color",  # with the next: else it warns of too few colors
        "COLORTERM": "truecolor",
        "NO_COLOR": "1",
    },
    escapes={"@": "\\@"},  # it would read in whatever file or folder of the repository is called like what follows
    files={".gemini/settings.json": json.dumps(_SETTINGS, indent=2)},
    settings=("GOOGLE_GEMINI_BASE_URL",),
    instructions=("GEMINI.md", "AGENTS.md"),
    conversation=Conversation(
        argv=(*_ARGV, "--session-file", "{file}"),
        path=".gemini/tmp/*/chats/session-*.jsonl",
        # It writes what a tool answered beside the call and as a line of its own, takes in both, and then sends two
        # answers for one call, which the API refuses.
        drops=r'\{"id":"[^"]*","timestamp":"[^"]*","type":"user","content":\[\{"functionResponse":',
    ),
)
