"""aider: how it is called headless, and how its text is read: it ends with status 0 whatever happened. Pure.

https://aider.chat/docs/config/options.html. What it prints was recorded from the pinned version, which is too large for
each run of the tests (687 MB); tests/worker/test_aider_parser.py reads the recordings.
"""

from __future__ import annotations

import re
from dataclasses import replace

from worker.agents.agent import Agent, Model
from worker.agents.stream import MOST_TOKENS, Finish, Line, Lines, Parsed, Step, Trouble, Used, first_line, printable
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Price, Usage

SUMMARY_LINES = 40

_ERROR = re.compile(r"litellm\.(?:exceptions\.)?([A-Z]\w+): ")
_TOKENS = re.compile(r"([\d.,]+)([kM]?) (sent|cache write|cache hit|received)\b")
_COST = re.compile(r"\$([\d.]+) session")
_TIMES = {"": 1, "k": 1_000, "M": 1_000_000}

# The classes of https://docs.litellm.ai/docs/exception_mapping
_ENDINGS = {
    "AuthenticationError": Ending.AUTH,
    "PermissionDeniedError": Ending.AUTH,
    "RateLimitError": Ending.RATE_LIMITED,
    "InternalServerError": Ending.OVERLOADED,
    "ServiceUnavailableError": Ending.OVERLOADED,
    "BadGatewayError": Ending.OVERLOADED,
    "APIConnectionError": Ending.OVERLOADED,
    "Timeout": Ending.OVERLOADED,
    "ContextWindowExceededError": Ending.TOO_LONG,
    "BudgetExceededError": Ending.BUDGET,
}
_PHRASES = {
    "credit balance is too low": Ending.BUDGET,
    "exceeded your current quota": Ending.BUDGET,
    "prompt is too long": Ending.TOO_LONG,
    "has hit a token limit": Ending.TOO_LONG,
}


class AiderParser:
    """Reads its lines. An error of the model service is one until the model has answered after all."""

    expects_finish = False

    def __init__(self) -> None:
        self._lines = Lines()
        self._last: list[str] = []
        self._error: list[str] = []
        self._in_error = False
        self._usage = Usage()

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def close(self) -> list[Parsed]:
        parsed = [parsed for line in self._lines.close() for parsed in self._line(line)]
        if self._error:
            words = " ".join(self._error)[:MAX_SUMMARY]
            return [*parsed, Finish(False, words, _ending(words))]
        summary = "\n".join(self._last)[-MAX_SUMMARY:]
        return [*parsed, Finish(True, summary)] if summary else parsed

    def _line(self, line: str) -> list[Parsed]:
        text = printable(line).rstrip()
        if not text.strip():
            self._in_error = False
            return []
        if _ERROR.match(text) or "has hit a token limit" in text:
            self._error, self._in_error = [], True
        if text.startswith("Retrying in "):
            self._in_error = False
            ending, words = _ending(" ".join(self._error)), " ".join(self._error)[:MAX_SUMMARY]
            return [Line(text, Level.WARNING, Kind.STEP), *([Trouble(ending, words)] if ending else [])]
        if self._in_error:
            self._error.append(text)
            return [Line(text, Level.WARNING, Kind.OUTPUT)]
        if text.startswith(("Tokens: ", "Cost: ")):
            return [Line(text, kind=Kind.STEP), *self._used(text)]
        if text.startswith("Repo-map: "):  # the end of what it says of itself
            self._last = []
            return [Line(text, kind=Kind.OUTPUT)]
        self._last = [*self._last, text][-SUMMARY_LINES:]
        return [Line(text, kind=Kind.OUTPUT), Step(first_line(text))]

    def _used(self, text: str) -> list[Parsed]:
        """From a thousand on it rounds to hundreds; what it calls sent holds what the cache took and gave."""
        told = {name: _number(figure) * _TIMES[unit] for figure, unit, name in _TOKENS.findall(text)}
        received, hit, written = (round(told.get(name, 0)) for name in ("received", "cache hit", "cache write"))
        if received:
            self._error = []
        cost = _COST.search(text)
        self._usage = replace(
            self._usage,
            input_tokens=self._usage.input_tokens + max(0, round(told.get("sent", 0)) - hit - written),
            output_tokens=self._usage.output_tokens + received,
            cache_read_tokens=self._usage.cache_read_tokens + hit,
            cache_write_tokens=self._usage.cache_write_tokens + written,
            cost_usd=_number(cost[1]) if cost else self._usage.cost_usd,
        )
        return [Used(self._usage)]


def _ending(words: str) -> Ending | None:
    named = _ERROR.match(words)
    said = (ending for phrase, ending in _PHRASES.items() if phrase in words.lower())
    return next(said, _ENDINGS.get(named[1]) if named else None)


def _number(text: str) -> float:
    try:
        figure = float(text.replace(",", "").rstrip("."))
    except ValueError:
        return 0.0
    return figure if figure < MOST_TOKENS else 0.0


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
        ("--no-gitignore", "--no-auto-commits", "--no-dirty-commits"),  # Porter commits what is left in the tree
        ("--message-file", "/dev/stdin"),
    ),
    stream="aider",
    parser=AiderParser,
    keys=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"),
    models=(
        Model("anthropic/claude-sonnet-4-5", Price(3.0, 15.0, cache_read=0.3, cache_write=3.75)),
        Model("openai/gpt-5.1", Price(1.25, 10.0, cache_read=0.125)),
        Model("gemini/gemini-2.5-pro", Price(1.25, 10.0, cache_read=0.125)),
    ),
    env={
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks a host for prices at each start
        "COLUMNS": "1000",  # else it breaks its lines at 80 characters
    },
    files={".aider/caches/model_prices_and_context_window.json": '{"none": {}}'},  # else it asks for them once more
    settings=("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE"),
    excludes=(".aider*",),
)
