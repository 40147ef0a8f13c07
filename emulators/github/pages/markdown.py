"""Comments as HTML. Pure.

Raw HTML is escaped, but for comments, which vanish (Porter's markers are such), and a handful of bare tags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
BARE_TAG = re.compile(r"(</?(?:details|summary|sub|sup|kbd|br|b|i|em|strong|code)>)")
WORDS = re.compile(
    r"(?P<url>https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?])|(?<![\w/&#])#(?P<number>\d+)\b|(?<![\w/])@(?P<who>[a-zA-Z][\w-]*)"
)


def rendered(text: str | None, repository: str) -> Markup:
    """`text` as safe HTML; `#12` becomes a link into `repository` (owner/name)."""
    return Markup(_parser().render(text or "", {"repository": repository}))  # noqa: S704  all text in it is escaped


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
    parser.add_render_rule("html_block", _html)
    parser.add_render_rule("html_inline", _html)
    parser.add_render_rule("text", _text)
    parser.add_render_rule("image", _image)
    return parser


def _html(_self: RendererHTML, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    pieces = BARE_TAG.split(HIDDEN.sub("", tokens[place].content))
    return "".join(piece if BARE_TAG.fullmatch(piece) else str(escape(piece)) for piece in pieces)


def _text(_self: RendererHTML, tokens: Sequence[Token], place: int, _options: Any, env: Any) -> str:
    """Text with addresses, numbers and names made into links, unless it is inside one already."""
    content = tokens[place].content
    if sum(token.nesting for token in tokens[:place] if token.type.startswith("link_")):
        return str(escape(content))
    made, at = [], 0
    for found in WORDS.finditer(content):
        made += [str(escape(content[at : found.start()])), _link(found, env["repository"])]
        at = found.end()
    return "".join([*made, str(escape(content[at:]))])


def _link(found: re.Match[str], repository: str) -> str:
    text = escape(found[0])
    if found["url"]:
        return f'<a href="{text}" rel="noreferrer">{text}</a>'
    if found["number"]:
        return f'<a href="/{escape(repository)}/issues/{found["number"]}">{text}</a>'
    return f'<span class="mention">{text}</span>'


def _image(_self: RendererHTML, tokens: Sequence[Token], place: int, _options: Any, _env: Any) -> str:
    """As a link: the page asks nothing of the outside."""
    source = escape(str(tokens[place].attrGet("src") or ""))
    return f'<a href="{source}" rel="noreferrer">{escape(tokens[place].content or "image")}</a>'
