"""The flags of a command's own line: `--model=x`, `--model x`, `--draft`. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from intake.markdown import INVISIBLE, Span

Value = str | int | bool
PRIORITIES = ("low", "normal", "high")
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 30, 24 * 3600  # seconds

_DASHES = re.compile(r"^[–—]{1,2}(?=\w)")
_UNITS = {"": 60, "m": 60, "s": 1, "h": 3600}
_QUOTES = ('"', "'", "`", "“", "”", "‘", "’")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+\[\]-]{0,199}")
# https://git-scm.com/docs/git-check-ref-format; a leading dash would be read as an option
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^@$")


class Refused(ValueError):
    """A flag that cannot be taken; the text is a sentence for its author."""


@dataclass(frozen=True)
class Line:
    """A command's line, taken apart: its flags by name, and its words with the flags cut out.

    `words` ends where `--` stands; `text` goes on behind it.
    """

    flags: dict[str, Value] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int
    is_code: bool


def split(line: str, code: Sequence[Span] = ()) -> Line:
    """Take the flags out of a line. What stands in the spans `code` is never a flag. Raises Refused."""
    found = (_word(match, code) for match in re.finditer(r"\S+", line))
    words = [word for word in found if word.text]
    stop = next((i for i, word in enumerate(words) if word.text == "--" and not word.is_code), len(words))
    behind = line[words[stop].end :].strip() if stop < len(words) else ""
    flags: dict[str, Value] = {}
    cut: list[Span] = []
    kept: list[str] = []
    rest = iter(words[:stop])
    for word in rest:
        if word.is_code or not _looks_like_flag(word.text):
            kept.append(word.text)
            continue
        name, value, end = _read(word, lambda: next(rest, None))
        if flags.get(name, value) != value:
            raise Refused(f"`--{name}` is there twice with different values.")
        flags[name] = value
        cut.append((word.start, end))
    front = line[: words[stop].start] if stop < len(words) else line
    return Line(flags, tuple(kept), " ".join(filter(None, [_without(front, cut), behind])))


def allowed() -> str:
    """What may be written, for the answer to a mistake."""
    return ", ".join(f"`--{name}{hint}`" for name, (_, hint) in _KNOWN.items())


def _word(match: re.Match[str], code: Sequence[Span]) -> _Word:
    inside = any(start <= match.start() < end for start, end in code)
    return _Word(match.group().strip(INVISIBLE), match.start(), match.end(), inside)


def _without(line: str, cut: Sequence[Span]) -> str:
    pieces, at = [], 0
    for start, end in cut:
        pieces.append(line[at:start].strip())
        at = end
    return " ".join(filter(None, [*pieces, line[at:].strip()]))


def _looks_like_flag(text: str) -> bool:
    """Keyboards turn two hyphens into a dash, so a dash counts in front of a name we know."""
    if _DASHES.match(text):
        return _name(text) in _KNOWN
    return re.match(r"--\w", text) is not None


def _name(text: str) -> str:
    return _DASHES.sub("--", text).removeprefix("--").partition("=")[0].lower()


def _read(word: _Word, following: Callable[[], _Word | None]) -> tuple[str, Value, int]:
    name, value = _name(word.text), word.text.partition("=")[2]
    if name not in _KNOWN:
        raise Refused(_unknown(name))
    read, hint = _KNOWN[name]
    end = word.end
    if "=" not in word.text and read is not _boolean:
        other = following()
        if other is None or _looks_like_flag(other.text):
            raise Refused(f"`--{name}` needs a value: `--{name}{hint}`.")
        value, end = other.text, other.end
    elif "=" not in word.text:
        value = "true"
    if value.startswith(_QUOTES):
        value, end = _quoted(name, value, end, following)
    return name, read(name, value.strip("".join(_QUOTES)).strip()), end


def _quoted(name: str, value: str, end: int, following: Callable[[], _Word | None]) -> tuple[str, int]:
    """A value that begins with a quote, up to the quote that ends it."""
    while not value[1:].endswith(_QUOTES):
        other = following()
        if other is None:
            raise Refused(f"The value of `--{name}` begins with a quote, and no quote ends it.")
        value, end = f"{value} {other.text}", other.end
    return value, end


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.6)
    meant = f" Did you mean `--{close[0]}`?" if close else ""
    shown = name[:40].replace("`", "")
    return f"There is no flag `--{shown}`.{meant} There are {allowed()}; words behind `--` are never read as flags."


def _priority(name: str, value: str) -> str:
    if value.lower() not in PRIORITIES:
        raise Refused(f"`--{name}` is one of {', '.join(PRIORITIES)}.")
    return value.lower()


def _model(name: str, value: str) -> str:
    if not _MODEL.fullmatch(value):
        raise Refused(f"`--{name}` is a model's name: letters, digits and `. _ : / @ + -`.")
    return value


def _branch(name: str, value: str) -> str:
    if not is_branch(value):
        raise Refused(f"`--{name}` is the branch to start from, and that is not a branch's name.")
    return value


def is_branch(value: str) -> bool:
    """Whether git would take this as a branch's name."""
    return 0 < len(value) <= 200 and _NO_BRANCH.search(value) is None


def is_model(value: str) -> bool:
    """Whether this can be a model's name; it becomes a word of the agent's command line."""
    return _MODEL.fullmatch(value) is not None


def _timeout(name: str, value: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})([smh]?)", value.lower())
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not SHORTEST_TIMEOUT <= seconds <= LONGEST_TIMEOUT:
        raise Refused(f"`--{name}` is minutes, or like `90s`, `30m`, `1h`; from 30 seconds to 24 hours.")
    return seconds


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise Refused(f"`--{name}` takes no value, or `=true` or `=false`.")
    return value.lower() == "true"


_KNOWN: dict[str, tuple[Callable[[str, str], Value], str]] = {
    "priority": (_priority, "=low|normal|high"),
    "model": (_model, "=<name>"),
    "branch": (_branch, "=<base branch>"),
    "timeout": (_timeout, "=<minutes>"),
    "no-tests": (_boolean, ""),
    "draft": (_boolean, ""),
    "with-thread": (_boolean, ""),
    "dry-run": (_boolean, ""),
}
