"""What a parser says about an agent's output, and how bytes become lines. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from worker.contract import MAX_LOG_TEXT, Ending, Kind, Level, Usage

MAX_LINE = 8 * 1024 * 1024  # bytes; CLIs print whole files inside one JSON line
MAX_STEP = 120  # characters
MOST_TOKENS = 10**15

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\r")
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Line:
    """A line for the log."""

    text: str
    level: Level = Level.INFO
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Step:
    """What the agent is doing now, in a few words."""

    text: str


@dataclass(frozen=True)
class Percent:
    """How far the agent thinks it is, 0 to 100."""

    value: int


@dataclass(frozen=True)
class Used:
    """What this run used so far, in all (not since the last time)."""

    usage: Usage


@dataclass(frozen=True)
class Session:
    """The CLI's own name for its conversation, needed to resume it."""

    id: str


@dataclass(frozen=True)
class Trouble:
    """Something that will explain a failure if there is no better explanation; not an ending by itself."""

    ending: Ending
    text: str


@dataclass(frozen=True)
class Finish:
    """The agent's final event. `ending` says why it is not a success; `denials` are tools it was not allowed to use."""

    ok: bool
    message: str = ""
    ending: Ending | None = None
    denials: tuple[str, ...] = ()


Parsed = Line | Step | Percent | Used | Session | Trouble | Finish


class Parser(Protocol):
    """Turns an agent's standard output into `Parsed` values. `expects_finish`: a good run always ends with a Finish."""

    expects_finish: bool

    def feed(self, data: bytes) -> list[Parsed]: ...

    def close(self) -> list[Parsed]: ...


@runtime_checkable
class HearsComplaints(Protocol):
    """A parser of a CLI that says on standard error what none of its events tells. Those lines are logged anyway."""

    def complaint(self, line: str) -> list[Parsed]: ...


@runtime_checkable
class ReadsRecord(Protocol):
    """A parser of a CLI that tells what it used at a good end alone, but writes it into its conversation's file."""

    def used(self, record: bytes) -> Usage | None: ...


class Lines:
    """Splits a stream of bytes into lines of text; keeps at most `limit` bytes of one line and says so."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._lost = 0

    def feed(self, data: bytes) -> list[str]:
        *whole, rest = data.split(b"\n")
        lines = []
        for piece in whole:
            self._keep(piece)
            lines.append(self._take())
        self._keep(rest)
        return lines

    def close(self) -> list[str]:
        """The last line, if it was cut off before its end."""
        return [self._take()] if self._size or self._lost else []

    def _keep(self, piece: bytes) -> None:
        room = self._limit - self._size
        self._lost += max(0, len(piece) - room)
        self._parts.append(piece[:room])
        self._size += len(piece[:room])

    def _take(self) -> str:
        text = b"".join(self._parts).decode("utf-8", errors="replace").rstrip("\r")
        if self._lost:
            text += f" … ({self._lost} bytes cut)"
        self._parts, self._size, self._lost = [], 0, 0
        return text


def as_event(line: str) -> dict[str, Any] | None:
    """The JSON object on a line; None if the line is anything else."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def printable(text: str, limit: int = MAX_LOG_TEXT) -> str:
    """Text that is safe to store and show: no terminal escapes, control or bidi characters, no lone surrogates, cut."""
    clean = _HARMFUL.sub("\ufffd", _ESCAPES.sub("", text[: limit * 2]))
    if len(clean) <= limit and len(text) <= limit * 2:
        return clean
    return f"{clean[: limit - 50]} … (cut, {len(text)} characters in all)"


def first_line(text: str, limit: int = MAX_STEP) -> str:
    """The first line with words in it, short enough for a step."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def as_count(value: object) -> int:
    """A number of tokens from somebody else's JSON; nonsense counts as none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_TOKENS else 0


def as_number(value: object) -> float | None:
    """A finite number from somebody else's JSON; None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15
    return float(value) if is_number and isinstance(value, int | float) else None
