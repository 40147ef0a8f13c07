"""Text of others, ready for a prompt: what a page would not show is gone or stands in the open. Pure.

CommonMark, in the words of a kept parser, decides what is code (kept as it is), HTML or a paragraph. The rules of what
GitHub shows of them: https://github.github.com/gfm and https://docs.github.com/get-started/writing-on-github.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from jobs.cleaning import visible

LONGEST = 100_000  # characters that are read at all: GitHub's own texts end at 65,536
_HIDDEN = "[hidden comment removed]"
_NO_LINK = "[hidden text removed]"
_WORD = re.compile(r"[A-Za-z0-9+#._-]{1,24}")
_DATA = re.compile(r"\bdata:[^\s,;)>\"']*(?:;[^\s,)>\"']*)*,[^\s)>\"']*", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#x?[0-9a-f]{1,7}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_MARKERS = r"^[ >\t]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ >\t]+)*"
_ONLY_MARKERS = re.compile(_MARKERS + r"(?:[-*+]|[0-9]{1,9}[.)])?[ >\t]*$")
_REFERENCE = re.compile(_MARKERS + r"\[(?P<label>[^\]]{1,200})\]:\s*(?P<to>\S{1,500})", re.DOTALL)

# One look from left to right, as CommonMark reads: what begins first wins, so code can hide no HTML and HTML no code.
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]{0,100}(?:\s{0,20}=\s{0,20}(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
_TAG = rf"<(?P<tag>/?[A-Za-z][A-Za-z0-9-]{{0,40}})(?:{_ATTRIBUTE}){{0,40}}\s*/?>"
_COMMENT = r"(?P<comment><!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<![A-Za-z\[].*?(?:>|\Z))"
_TITLE = r"""(?:\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?"""
_TARGET = rf"\(\s*(?P<{{name}}><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*){_TITLE}\s*\)"
_IMAGE = r"(?P<image>!\[(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*\](?:" + _TARGET.format(name="source") + r"|\[[^\]]*\])?)"
_LINK = r"(?P<link>\]" + _TARGET.format(name="target") + ")"
_INLINE = re.compile(
    rf"(?P<kept>\\[!-/:-@\[-`{{-~]|(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|`+)|{_COMMENT}|{_TAG}|{_IMAGE}|{_LINK}",
    re.DOTALL,
)
_LOOSE = r"<(?P<loose>/?[A-Za-z][A-Za-z0-9-]{0,40})[^>]*(?:>|\Z)"  # what only a browser would take for a tag
_BLOCK = re.compile(rf"{_COMMENT}|{_TAG}|{_LOOSE}|{_IMAGE}|{_LINK}", re.DOTALL)

_BIG_GAP = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]{60,}")
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){5,}")
_FENCE_LIKE = re.compile(r"([~`])\1{39,}")
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4,}")
_WIDE = re.compile(r"[\uff01-\uff5e\U0001d400-\U0001d7ff\U0001f130-\U0001f149\u24b6-\u24e9]+")
_MIXED = re.compile(r"[^\W\d_]+")
# Cyrillic, Greek and Armenian letters that look like Latin ones: https://www.unicode.org/reports/tr39/#Confusable_Detection
_LOOK_ALIKE = set("аеорсухіјѕԁһӏԛԝАВЕКМНОРСТХІЈЅοανρτυικΑΒΕΖΗΙΚΜΝΟΡΤΥΧοօսոհց")
_LATIN = re.compile(r"[A-Za-z]")


def legible(text: str) -> str:
    """The text as a reader of the page would see it, with a note wherever something was hidden.

    Nothing in it can end a line but `\\n`, and no run of back-ticks or tildes is longer than forty.
    """
    text = _plain(text[:LONGEST])
    lines = text.split("\n")
    lower = text.lower()
    pieces = [_piece(block, "\n".join(lines[block.start : block.end]), lower) for block in _blocks(text, len(lines))]
    return _spaced("\n".join(pieces)).strip()


def shown_code(text: str) -> str:
    """A diff or a hunk: all of it is shown, but for characters that show nothing."""
    return _FENCE_LIKE.sub(_fewer, visible(text)).strip("\n")


def _plain(text: str) -> str:
    """Without characters that show nothing, and with letters that pretend to be others told apart."""
    text = _ENTITY.sub(_entity, visible(text))
    text = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _MARKS.sub(lambda found: found[0][:3], text)
    return _MIXED.sub(_letters, text)


def _spaced(text: str) -> str:
    text = _BIG_GAP.sub(lambda found: f" [… {len(found[0]):,} blanks cut …] ", text)
    text = _EMPTY_LINES.sub(lambda found: f"\n\n[… {found[0].count(chr(10)) - 1:,} empty lines cut …]\n\n", text)
    return _FENCE_LIKE.sub(_fewer, text)


def _fewer(found: re.Match[str]) -> str:
    return f"{found[1] * 3} [… {len(found[0]) - 3:,} more cut …] "


@dataclass(frozen=True)
class _Block:
    """Lines `start` to `end` (not with it). `kind`: `inline`, `html`, `code`, `fence`, `links` (definitions of
    links, which a page never shows) or `between`."""

    kind: str
    start: int
    end: int


_LEAVES = {
    "paragraph_open": "inline",
    "heading_open": "inline",
    "table_open": "inline",
    "html_block": "html",
    "fence": "fence",
    "code_block": "code",
    "hr": "between",
}


def _blocks(text: str, count: int) -> Iterator[_Block]:
    """The text in pieces that cover every line once. Lines that the parser gives to no block are definitions."""
    lines, at = text.split("\n"), 0
    for token in _leaves(text):
        start, end = max(token.map[0], at) if token.map else at, token.map[1] if token.map else at
        if end <= start:
            continue
        yield from _gap(lines, at, start)
        yield _Block(_LEAVES[token.type], start, end)
        at = end
    yield from _gap(lines, at, count)


def _leaves(text: str) -> list[Token]:
    tokens: list[Token] = []
    parser = _parser()
    env: dict[str, Any] = {}
    parser.block.parse(text, parser, env, tokens)
    return sorted((token for token in tokens if token.type in _LEAVES and token.map), key=lambda one: one.map or [0])


def _gap(lines: list[str], start: int, end: int) -> Iterator[_Block]:
    """Empty lines and list markers are kept as they are; each other line begins, or goes on with, a definition."""
    at = start
    while at < end:
        is_definition = _ONLY_MARKERS.match(lines[at]) is None
        until = at + 1
        while is_definition and until < end and lines[until].strip(" >\t") and not _REFERENCE.match(lines[until]):
            until += 1
        yield _Block("links" if is_definition else "between", at, until)
        at = until


def _piece(block: _Block, text: str, whole: str) -> str:
    match block.kind:
        case "inline":
            return _no_data(_INLINE.sub(_shown, text))
        case "html":
            return _no_data(_BLOCK.sub(_shown, text))
        case "fence":
            return _fence(text)
        case "links":
            return _definition(text, whole)
        case _:
            return text


def _shown(found: re.Match[str]) -> str:
    """What is left of one construct."""
    groups = found.groupdict()
    if groups.get("kept") is not None:
        return found[0]
    if groups["comment"] is not None:
        return _HIDDEN
    if groups["image"] is not None:
        return "[image]"
    if groups["link"] is not None:
        return f"]({groups['target']})"
    return _tag(groups["tag"] or groups.get("loose") or "")


def _tag(name: str) -> str:
    """A tag without its attributes, of which a page shows none."""
    match name.lower():
        case "details":
            return "[collapsed section, which a reader sees only after a click:]"
        case "/details":
            return "[end of the collapsed section]"
        case "img":
            return "[image]"
        case _:
            return f"<{name}>"


def _fence(text: str) -> str:
    """Code is shown as it is; behind the language, the line that opens it is not."""
    first, _, rest = text.partition("\n")
    opened = re.match(r"^(?P<before>[^`~]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>.*)$", first)
    if opened is None:
        return text
    word = _WORD.match(opened["info"])
    language = word[0] if word and word[0] == opened["info"].split()[0] else ""
    note = "" if language == opened["info"].strip() else f" {_NO_LINK}"
    return f"{opened['before']}{opened['fence']}{language}{note}\n{rest}"


def _definition(text: str, whole: str) -> str:
    """`[label]: address "title"`: kept without its title where the text uses the label, else it is hidden text.
    `whole` is in lower case."""
    found = _REFERENCE.match(text)
    if found is None:
        return _NO_LINK
    label, target = found["label"], found["to"]
    used = whole.count(f"[{label.lower()}]") > 1 and re.match(r"<?(https?://|/|\./|\^|#\w)|\S+\.\S", target)
    return _no_data(f"[{label}]: {target}") if used else _NO_LINK


def _no_data(text: str) -> str:
    return _DATA.sub("[data URL removed]", text)


def _entity(found: re.Match[str]) -> str:
    """`&#8203;` and its like show nothing; entities that show something stay as they are written."""
    meant = html.unescape(found[0])
    return found[0] if visible(meant) == meant and meant.strip() else ("" if meant != found[0] else found[0])


def _letters(found: re.Match[str]) -> str:
    word = found[0]
    alike = any(char in _LOOK_ALIKE for char in word)
    return f"{word} [letters of several alphabets]" if alike and _LATIN.search(word) else word


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")
