"""The files of a pull request, or of a change that waits for approval, as the JSON their component draws. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from dashboard import diff, patch, present
from jobs.pull_view import ChangedFile, PullView
from store.records import HeldChange

MOST_LINES = 6_000  # of one change in a page; a file that no longer fits is left to GitHub
FOLDED_FROM = 500  # lines of a file that the reader unfolds first
VIEWS = ("unified", "split")


def drawn(pull: PullView) -> dict[str, Any]:
    """All files with their lines, as far as a page can bear. Colouring takes its time: not for a page's own thread."""
    url = f"{pull.url}/files"
    return {
        "key": f"{pull.number}@{pull.head_sha}",
        "total": f"{pull.changed_files:,}",
        "files": _files(pull.files, url),
        "more": f"{pull.files_left_out:,} more files are not listed here." if pull.files_left_out else "",
        "url": url,
    }


def held(it: HeldChange) -> dict[str, Any]:
    """The same for what was not pushed yet: no page of GitHub's has it."""
    found = diff.files(it.diff)
    return {"key": f"held@{it.run_id}", "total": f"{len(found):,}", "files": _files(found, ""), "more": "", "url": ""}


def _files(files: Sequence[ChangedFile], url: str) -> list[dict[str, Any]]:
    left, made = MOST_LINES, list[dict[str, Any]]()
    for number, one in enumerate(files):
        lines = one.patch.count("\n") + 1 if one.patch else 0
        fits = 0 < lines <= left
        left -= lines if fits else 0
        made.append(_file(one, f"{url}#file-{number}-{quote(one.path)}" if url else "", lines, fits=fits))
    return made


def _file(one: ChangedFile, url: str, lines: int, *, fits: bool) -> dict[str, Any]:
    return {
        "path": one.path,
        "old": one.previous_path if one.status in ("renamed", "copied") else None,
        "status": one.status,
        "plus": f"+{one.additions:,}" if one.additions else "",
        "minus": f"−{one.deletions:,}" if one.deletions else "",
        "folded": not fits or lines > FOLDED_FROM,
        "url": url,
        "note": "" if fits else _note(one),
        "hunks": patch.hunks(one.path, one.patch or "") if fits else [],
    }


def _note(one: ChangedFile) -> str:
    """Why no lines are shown."""
    if one.is_binary:
        return "A binary file: there are no lines to show."
    if one.is_huge or one.patch:
        size = present.counted_lines(one.additions + one.deletions)
        return f"{size} changed: too long to be shown here."
    return "Its text did not change." if one.status in ("renamed", "copied") else "There are no lines to show."
