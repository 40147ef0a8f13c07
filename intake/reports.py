"""What a machine may say of its run: the shapes of worker/contract.py, checked, cut to size and cleaned. Pure.

The agent's words pass through here, so nothing is trusted: no control characters, no lone surrogates, no time far from
ours, no secret that the runner's own mask might have missed.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from store.held_changes import NewHeld
from store.records import LogLine
from worker.contract import (
    MAX_BUNDLE,
    MAX_FINDINGS,
    MAX_LOG_LINES,
    MAX_LOG_TEXT,
    MAX_SESSION,
    MAX_SUMMARY,
    SESSION_ID,
    Ending,
    Kind,
    Level,
)
from worker.masking import Mask

MOST_LINES = 100_000  # of one run; what an agent prints beyond is not kept
_FARTHEST = timedelta(days=1)  # a machine's clock that is further off is not believed
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def clean(text: str, limit: int) -> str:
    """Text that a database takes and a page shows: without terminal codes, at most `limit` characters."""
    plain = _CONTROL.sub("\ufffd", _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return plain if len(plain) <= limit else f"{plain[:limit]}… ({len(plain) - limit} characters cut)"


def _count(value: object) -> object:
    return max(0, min(int(value), 2**53)) if isinstance(value, int | float) and math.isfinite(value) else 0


def _money(value: object) -> object:
    return max(0.0, float(value)) if isinstance(value, int | float) and math.isfinite(value) else None


def _sha(value: object) -> object:
    return value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,64}", value) else None


def _status(value: object) -> object:
    return value if isinstance(value, int) and abs(value) < 2**31 else None


def _seconds(value: object) -> object:
    return max(0.0, min(float(value), 1e9)) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _bundle(value: object) -> object:
    """A bundle that does not decode is none, and the shape says so."""
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        return b""


Count = Annotated[int, BeforeValidator(_count)]
RunId = Annotated[str, Field(min_length=1, max_length=40)]
Seq = Annotated[int, Field(ge=1, lt=2**31)]
Sha = Annotated[str | None, BeforeValidator(_sha)]


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Usage(_Report):
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_tokens: Count = 0
    cache_write_tokens: Count = 0
    cost_usd: Annotated[float | None, BeforeValidator(_money)] = None


class Line(_Report):
    n: Annotated[int, Field(ge=1, lt=2**31)]
    at: float = 0.0
    level: str = Level.INFO
    kind: str = Kind.OUTPUT
    text: str


class Update(_Report):
    """A progress report."""

    run_id: RunId
    seq: Seq
    phase: str | None = None
    logs: Annotated[list[Line], Field(max_length=MAX_LOG_LINES)] = []
    step: str | None = None
    percent: Annotated[int, BeforeValidator(_count)] | None = None
    usage: Usage | None = None


class Asking(_Report):
    """A request for the push token."""

    run_id: RunId


class Conversation(_Report):
    """An agent's conversation, packed by the runner: base64 of zlib, which nobody unpacks here."""

    id: Annotated[str, Field(pattern=f"^{SESSION_ID}$")]
    data: Annotated[str, Field(max_length=MAX_SESSION, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
    path: Annotated[str, Field(max_length=500)] = ""
    usage: Usage = Usage()


class Diff(_Report):
    files: Count = 0
    additions: Count = 0
    deletions: Count = 0


class Tests(_Report):
    command: str
    exit_code: Annotated[int | None, BeforeValidator(_status)] = None
    tail: str = ""


class Result(_Report):
    """The runner's last word. A number that makes no sense is dropped, not the report: there will be no other."""

    ending: str
    message: str = ""
    summary: str = ""
    branch: str | None = None
    base_sha: Sha = None
    head_sha: Sha = None
    pushed: bool = False
    unkept: str = ""
    diff: Diff = Diff()
    usage: Usage = Usage()
    exit_code: Annotated[int | None, BeforeValidator(_status)] = None
    agent_version: str | None = None
    log_tail: list[str] = []
    tests: Tests | None = None
    seconds: Annotated[float, BeforeValidator(_seconds)] = 0.0


class Complete(_Report):
    """The report that ends a run."""

    run_id: RunId
    seq: Seq
    result: Result


class Finding(_Report):
    """Why work waits, in the runner's words; Porter's own come when it has looked itself."""

    rule: Annotated[str, Field(max_length=40)]
    path: str = ""
    words: str = ""
    line: Count | None = None


class Held(_Report):
    """Work that was not pushed."""

    findings: Annotated[list[Finding], Field(min_length=1, max_length=MAX_FINDINGS)]
    base_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
    head_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{40,64}$")]
    bundle: Annotated[bytes, BeforeValidator(_bundle), Field(min_length=1, max_length=MAX_BUNDLE)]


class CompleteHeld(Complete):
    """The same with work that waits for a person."""

    held: Held


def held(said: Held, mask: Mask) -> NewHeld:
    """The held work as it is stored."""
    found = [
        {
            "rule": clean(one.rule, 40),
            "path": _short(one.path, mask, 500),
            "line": one.line,
            "words": _short(one.words, mask, 300),
        }
        for one in said.findings
    ]
    return NewHeld(found, said.base_sha, said.head_sha, said.bundle)


def lines(report: Update, mask: Mask, *, now: datetime) -> list[LogLine]:
    """The report's log lines as they are stored."""
    return [_line(report.run_id, line, mask, now) for line in report.logs if line.n <= MOST_LINES]


def step(report: Update, mask: Mask) -> str | None:
    """What the agent is doing, on one line."""
    return _short(report.step, mask, 300).replace("\n", " ") if report.step else None


def usage(said: Usage) -> dict[str, Any]:
    """Tokens and cost by the names of the tasks table; a cost that is not told does not overwrite one that was."""
    return said.model_dump(exclude_none=True)


def result(said: Result, mask: Mask) -> dict[str, Any]:
    """The result as it is stored. An ending that we do not know yet counts as a crash."""
    ending = said.ending if said.ending in list(Ending) else Ending.CRASHED
    return said.model_dump() | {
        "ending": str(ending),
        "message": _short(said.message, mask, 2_000),
        "summary": _short(said.summary, mask, MAX_SUMMARY),
        "unkept": _short(said.unkept, mask, 500),
        "branch": clean(said.branch, 250) if said.branch else None,
        "agent_version": _short(said.agent_version, mask, 100) if said.agent_version else None,
        "tests": _tests(said.tests, mask) if said.tests else None,
        "log_tail": [_short(text, mask, MAX_LOG_TEXT) for text in said.log_tail[-50:]],
    }


def _tests(said: Tests, mask: Mask) -> dict[str, Any]:
    return {
        "command": _short(said.command, mask, 2_000),
        "exit_code": said.exit_code,
        "tail": _short(said.tail, mask, MAX_LOG_TEXT),
    }


def _line(run_id: str, line: Line, mask: Mask, now: datetime) -> LogLine:
    level = line.level if line.level in list(Level) else Level.INFO
    kind = line.kind if line.kind in list(Kind) else Kind.OUTPUT
    return LogLine(run_id, line.n, _moment(line.at, now), str(level), str(kind), _short(line.text, mask, MAX_LOG_TEXT))


def _short(text: str, mask: Mask, limit: int) -> str:
    # Masked after the terminal codes are out (they could split a secret), before the cut (it could leave half of one).
    return clean(mask.text(clean(text, len(text))), limit)


def _moment(at: float, now: datetime) -> datetime:
    near = now.timestamp() - _FARTHEST.total_seconds() <= at <= now.timestamp() + _FARTHEST.total_seconds()
    return datetime.fromtimestamp(at, UTC) if near else now
