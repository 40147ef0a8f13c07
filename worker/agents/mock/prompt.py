"""What the mock agent understands of a prompt: its sections, test directives, and the edit it asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_HEADING = re.compile(r"#{1,2} (?P<title>.+)")
_FENCE = re.compile(r"~{3,}|`{3,}")
_DIRECTIVE = re.compile(r"\[mock:(?P<name>[a-z-]+)(?:=(?P<value>[^\]]*))?\]")
_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`")
_FORWARD = re.compile(
    r"\bshould\b|\bmust\b|->|→|=>|\bwith\b|\bto\b|\binto\b|\bby\b|\bbecomes?\b|\bexpected\b", re.IGNORECASE
)
_BACKWARD = re.compile(
    r"\binstead of\b|\brather than\b|\bin place of\b|\bnot\b|\bbut (it )?(is|prints|says|got)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Pair:
    """Replace `old` by `new`."""

    old: str
    new: str


def sections(prompt: str) -> dict[str, str]:
    """The text under each heading, lower-cased title → text; headings inside fences are text."""
    found: dict[str, list[str]] = {}
    current, fence = "", ""
    for line in prompt.splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[0]
        elif fence and line.strip().startswith(fence):
            fence = ""
        elif not fence and (heading := _HEADING.fullmatch(line.strip())):
            current = heading["title"].lower()
            continue
        found.setdefault(current, []).append(line)
    return {title: "\n".join(lines) for title, lines in found.items()}


def directives(prompt: str) -> dict[str, str]:
    """`[mock:exit=3]` → {"exit": "3"}; only from the instructions, so that an issue's text cannot steer the agent."""
    parts = sections(prompt)
    text = parts.get("instructions", "") if "instructions" in parts else prompt
    return {match["name"]: match["value"] or "" for match in _DIRECTIVE.finditer(text)}


def wishes(prompt: str) -> list[str]:
    """The texts that may say what to change, the most telling first, without directives and fences."""
    parts = sections(prompt)
    chosen = [parts[title] for title in ("instructions", "issue", "task") if parts.get(title, "").strip()]
    return [_plain(text) for text in (chosen or [prompt]) if _plain(text)]


def pairs(text: str) -> Iterator[Pair]:
    """`"a" should be "b"`, `replace "a" with "b"`, `"a" -> "b"`, `"b" instead of "a"`: every such pair, in order."""
    quoted = list(_QUOTED.finditer(text))
    for first, second in pairwise(quoted):
        between = text[first.end() : second.start()]
        one, other = _inside(first), _inside(second)
        if one == other or len(between) > 120:
            continue
        if _BACKWARD.search(between):
            yield Pair(other, one)
        elif _FORWARD.search(between):
            yield Pair(one, other)


def words(text: str) -> list[str]:
    """The words worth looking for, each once, in order."""
    found = re.findall(r"[a-z][a-z0-9_]{3,}", text.lower())
    return list(dict.fromkeys(word for word in found if word not in _EMPTY_WORDS))


def slug(text: str) -> str:
    """A file name made of the first words."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())[:6])[:60] or "note"


_EMPTY_WORDS = frozenset(
    (
        "this",
        "that",
        "with",
        "from",
        "should",
        "when",
        "what",
        "which",
        "please",
        "into",
        "have",
        "there",
        "they",
        "your",
    )
)


def _inside(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _plain(text: str) -> str:
    lines = [line for line in text.splitlines() if not _FENCE.match(line)]
    return _DIRECTIVE.sub("", "\n".join(lines)).strip()
