"""A whole git diff, as `git diff --no-renames` writes it, taken apart into files. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobs.pull_view import ChangedFile

_FILE = "diff --git "
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def files(text: str) -> list[ChangedFile]:
    """The files of a diff with their patches. What stands before the first of them is left out."""
    return [_file(part) for part in _parts(text)]


def _parts(text: str) -> Iterator[list[str]]:
    """The lines of each file; a line of its content begins with a sign, never with git's own word."""
    part: list[str] = []
    for line in text.split("\n"):
        if line.startswith(_FILE) and part:
            yield part
            part = []
        if part or line.startswith(_FILE):
            part.append(line)
    if part:
        yield part


def _file(lines: list[str]) -> ChangedFile:
    begin = next((at for at, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    head, body = lines[:begin], lines[begin:]
    is_binary = any(line.startswith(("Binary files ", "GIT binary patch")) for line in head)
    return ChangedFile(
        path=_path(lines[0]),
        previous_path=None,
        status=_status(head),
        additions=sum(line.startswith("+") for line in body),
        deletions=sum(line.startswith("-") for line in body),
        patch="\n".join(body).rstrip("\n") if body else None,
        is_binary=is_binary,
        is_huge=False,
    )


def _status(head: list[str]) -> str:
    for status, word in (("added", "new file mode "), ("removed", "deleted file mode ")):
        if any(line.startswith(word) for line in head):
            return status
    return "modified"


def _path(line: str) -> str:
    """Without renames both sides of `diff --git a/path b/path` are the same, so that half of it is the path, whatever
    spaces it has."""
    both = line.removeprefix(_FILE)
    one = both[: (len(both) - 1) // 2]
    return _unquoted(one).removeprefix("a/")


def _unquoted(name: str) -> str:
    """A name that git put in quotes, its bytes escaped as in C. https://git-scm.com/docs/git-config (core.quotePath)"""
    if not name.startswith('"'):
        return name
    return _ESCAPE.sub(_byte, name.strip('"').encode()).decode("utf-8", "replace")


def _byte(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 255]) if len(code) == 3 else _LETTERS.get(code, code)
