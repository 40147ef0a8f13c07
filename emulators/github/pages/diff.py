"""A patch as rows for a table. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
MOST_ROWS = 1_000


@dataclass(frozen=True)
class Row:
    """`kind` is hunk, add, del, same or note; the numbers are the line's in the old and the new file."""

    kind: str
    old: int | None
    new: int | None
    text: str


def rows(patch: str | None) -> list[Row]:
    """The rows of one file; a patch of more than MOST_ROWS is cut and says so."""
    found: list[Row] = []
    old = new = 0
    for line in (patch or "").split("\n") if patch else []:
        if len(found) >= MOST_ROWS:
            return [*found, Row("note", None, None, "The rest of this file is not shown.")]
        head = HUNK.match(line)
        if head:
            old, new = int(head[1]), int(head[2])
            found.append(Row("hunk", None, None, line))
        elif line.startswith("+"):
            found.append(Row("add", None, new, line[1:]))
            new += 1
        elif line.startswith("-"):
            found.append(Row("del", old, None, line[1:]))
            old += 1
        elif line.startswith("\\"):
            found.append(Row("note", None, None, "No newline at the end of the file"))
        else:
            found.append(Row("same", old, new, line[1:]))
            old, new = old + 1, new + 1
    return found
