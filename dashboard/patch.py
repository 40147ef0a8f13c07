"""A file's patch, as GitHub gives it, taken apart into hunks and coloured lines. Pure."""

from __future__ import annotations

import re
from typing import Any

from dashboard import highlight
from dashboard.highlight import Pieces

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)")

Line = list[Any]  # [kind, old number, new number, pieces]; kind: " ", "+", "-" or "\\"


def hunks(path: str, text: str) -> list[dict[str, Any]]:
    """The hunks of the patch `text` of a file at `path`: their heads and lines, numbered on both sides.

    Lines that stand before the first `@@` belong to none and are dropped.
    """
    found: list[dict[str, Any]] = []
    body: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        if head := _HUNK.match(line):
            body = []
            found.append({"head": line, "at": (int(head[1]), int(head[2])), "body": body})
        elif found:
            body.append(line)
    return [{"head": one["head"], "lines": _lines(path, one["at"], one["body"])} for one in found]


def _lines(path: str, at: tuple[int, int], body: list[str]) -> list[Line]:
    """Each side is coloured as the text it is: a removed quote must not open a string in what was added."""
    old = iter(highlight.lines(path, "\n".join(line[1:] for line in body if line[:1] not in ("+", "\\"))))
    new = iter(highlight.lines(path, "\n".join(line[1:] for line in body if line[:1] not in ("-", "\\"))))
    (was, now), told = at, list[Line]()
    for line in body:
        match line[:1]:
            case "+":
                told.append(["+", None, now, next(new)])
                now += 1
            case "-":
                told.append(["-", was, None, next(old)])
                was += 1
            case "\\":
                told.append(["\\", None, None, _plain(line[2:])])
            case _:
                next(old)
                told.append([" ", was, now, next(new)])
                was, now = was + 1, now + 1
    return told


def _plain(text: str) -> Pieces:
    return [["", text]]
