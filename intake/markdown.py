"""Which lines of a comment are plain words of its author, and stand behind the mention. Pure.

CommonMark decides what is a quote, code or an HTML comment, in the words of a kept parser, so lazy continuation lines,
nested lists and unclosed fences are read as GitHub shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.backticks import backtick
from markdown_it.token import Token

Span = tuple[int, int]
# What nobody sees: soft hyphens, zero-width characters, marks of direction. Keyboards and copies leave them at words.
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = f"{_DIRECTIONS}\u00ad\u200b\u200c\u200d\u2060\ufeff"
_BLANK = f"[{INVISIBLE}\u00a0\u2000-\u200a\u202f\u3000]*"
_SETEXT = ("-", "=")


@dataclass(frozen=True)
class Mentioned:
    """A line that begins with the mention. `number` counts from 1; `rest` is what follows on the line, `code` where in
    `rest` code spans stand; `column` is where the mention begins in the raw line."""

    number: int
    rest: str
    code: tuple[Span, ...]
    column: int


def normalise(body: str) -> str:
    """One kind of line ending, and nothing that a database cannot keep."""
    return body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def is_mentioned(text: str, mention: str) -> bool:
    """Whether the text names `@mention` at all, anywhere."""
    return _anywhere(mention).search(text) is not None


def mentioned_lines(text: str, mention: str) -> list[Mentioned]:
    """The lines of a normalised text that begin with `@mention`, after a list marker at most, and are plain words."""
    if not is_mentioned(text, mention):
        return []
    lines = text.split("\n")
    tokens: list[Token] = []
    parser = _parser()
    parser.block.parse(text, parser, {}, tokens)
    return [found for token in _plain(tokens) for found in _in_token(token, _at_start(mention), lines)]


def _plain(tokens: Sequence[Token]) -> Iterator[Token]:
    """The texts of paragraphs outside quotes. Dashes below turn a command into a heading: it still counts."""
    quotes = 0
    before: Token | None = None
    for token in tokens:
        quotes += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        wanted = before is not None and (
            before.type == "paragraph_open" or (before.type == "heading_open" and before.markup in _SETEXT)
        )
        if token.type == "inline" and wanted and not quotes:
            yield token
        before = token


def _in_token(token: Token, start: re.Pattern[str], lines: Sequence[str]) -> Iterator[Mentioned]:
    content, first = token.content, (token.map or [0])[0]
    if start.search(content) is None:
        return
    hidden, code = _spans(content)
    offset = 0
    for number, line in enumerate(content.split("\n"), first):
        match = start.match(line)
        if match and not _inside(hidden + code, offset + match.start("mention")):
            begin, end = offset + match.end(), offset + len(line)
            inner = tuple((a - begin, b - begin) for a, b in code if a < end and b > begin)
            column = lines[number].find("@") if number < len(lines) else 0
            yield Mentioned(number + 1, line[match.end() :], inner, max(column, 0))
        offset += len(line) + 1


def _spans(content: str) -> tuple[list[Span], list[Span]]:
    """Where HTML comments and code spans stand in the text of a paragraph."""
    parser = _parser()
    env: dict[str, Any] = {"comments": [], "code": []}
    parser.inline.tokenize(StateInline(content, parser, env, []))
    return env["comments"], env["code"]


def _inside(spans: Sequence[Span], position: int) -> bool:
    return any(start <= position < end for start, end in spans)


@cache
def _at_start(mention: str) -> re.Pattern[str]:
    marker = r"(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]{1,4})?(?:\[[ xX]\][ \t]+)?"
    return re.compile(
        rf"^ {{0,3}}{_BLANK}{marker}{_BLANK}(?P<mention>@{re.escape(mention)}(?:\[bot\])?[:,]?)[{INVISIBLE}]*(?=\s|$)",
        re.IGNORECASE | re.MULTILINE,
    )


@cache
def _anywhere(mention: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/.+-])@{re.escape(mention)}(?![\w/-]|\.\w)", re.IGNORECASE)


@cache
def _parser() -> MarkdownIt:
    """Blocks as CommonMark has them; of what stands inside a paragraph only what can hide a mention."""
    parser = MarkdownIt("commonmark")
    parser.disable(["link", "image", "emphasis", "entity"])
    parser.inline.ruler.at("backticks", _backticks)
    parser.inline.ruler.at("html_inline", _comment)
    return parser


def _backticks(state: StateInline, silent: bool) -> bool:
    start, pushed = state.pos, len(state.tokens)
    if not backtick(state, silent):
        return False
    if any(token.type == "code_inline" for token in state.tokens[pushed:]):
        state.env["code"].append((start, state.pos))
    return True


def _comment(state: StateInline, silent: bool) -> bool:  # noqa: ARG001  the parser's own signature
    """An HTML comment inside a paragraph. The parser's own rule tries every `<` to the end of the text, which an
    unclosed `<!--` repeated makes quadratic; tags cannot hide a mention, so only comments are looked for."""
    if not state.src.startswith("<!--", state.pos) or state.env.get("unclosed"):
        return False
    end = state.src.find("-->", state.pos + 4)
    if end < 0:
        state.env["unclosed"] = True
        return False
    state.env["comments"].append((state.pos, end + 3))
    state.pos = end + 3
    return True
