"""Reads a change out of a repository, whatever its files are called and its attributes say, for worker/policy.py."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from worker.contract import Finding, Policy
from worker.errors import GitFailed
from worker.git import Git
from worker.policy import SYMLINK, Change, judge

MOST_SCANNED = 64 * 1024 * 1024  # bytes of diff; what is larger is held without a look into it
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
# No attribute, filter or configuration of the repository's has a say in what is looked at.
_PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--no-color")


def inspect(at: Path, base: str, head: str, policy: Policy, git: Git) -> list[Finding]:
    """Why the change from `base` to `head` in the repository `at` must wait for a person. Raises GitFailed."""
    changed = {change.path: change for change in _changed(at, base, head, git)}
    with tempfile.TemporaryFile() as diff:
        arguments = ("diff", *_PLAIN, "--text", "-U0", "--src-prefix=a/", "--dst-prefix=b/", base, head)
        git("read the change", *arguments, at=at, out=diff)
        if diff.tell() > MOST_SCANNED:
            words = f"The change has {diff.tell():,} bytes, too many to look for secrets in."
            return [Finding("size", "", words), *judge(list(changed.values()), policy)]
        diff.seek(0)
        for path, added, removed in _patches(diff.read()):
            if path in changed:
                before = changed[path]
                lines = (*before.added, *added)
                changed[path] = replace(before, added=lines, removed=before.removed + removed)
    known = git.mask
    return judge(list(changed.values()), policy, is_known_secret=lambda line: known.raw(line) != line)


def _changed(at: Path, base: str, head: str, git: Git) -> Iterator[Change]:
    raw = git("list the change", "diff", "--raw", "-z", "--no-abbrev", *_PLAIN, base, head, at=at)
    fields, sizes = raw.split("\0"), _sizes(at, head, git)
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, _, new_sha, _ = facts.lstrip(":").split(" ")
        old, new = (mode if mode != "000000" else None for mode in (old_mode, new_mode))
        target = git("read a link", "cat-file", "blob", new_sha, at=at) if new == SYMLINK else None
        yield Change(path, old, new, sizes.get(path, 0) if new else 0, target=target)


def _sizes(at: Path, head: str, git: Git) -> dict[str, int]:
    """How large each file is, in bytes."""
    listed = git("measure the files", "ls-tree", "-r", "-l", "-z", head, at=at).split("\0")
    rows = (row.partition("\t") for row in listed if row)
    found = ((facts.split()[-1], path) for facts, _, path in rows)
    return {path: int(size) for size, path in found if size.isdigit()}


def _patches(diff: bytes) -> Iterator[tuple[str, list[tuple[int, bytes]], int]]:
    """Per file: its path, its added lines by number, how many lines went. Hunks are counted out, so that a line which
    looks like a header is none."""
    lines = diff.split(b"\n")
    path, added, removed, at = "", list[tuple[int, bytes]](), 0, 0
    while at < len(lines):
        line, at = lines[at], at + 1
        if line.startswith(b"diff --git "):
            if path:
                yield path, added, removed
            path, added, removed = "", [], 0
        elif line.startswith(b"+++ ") or (line.startswith(b"--- ") and line != b"--- /dev/null"):
            path = _path(line[4:]) or path
        elif hunk := _HUNK.match(line):
            went, number, came = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            at, seen = _hunk(lines, at, went, came)
            added += [(number + index, text) for index, text in enumerate(seen)]
            removed += went
    if path:
        yield path, added, removed


def _hunk(lines: list[bytes], at: int, went: int, came: int) -> tuple[int, list[bytes]]:
    """The added lines of the hunk that begins at `at`, and where it ends."""
    added: list[bytes] = []
    while at < len(lines) and (went > 0 or came > 0):
        line, at = lines[at], at + 1
        if line.startswith(b"-"):
            went -= 1
        elif line.startswith(b"+"):
            came -= 1
            added.append(line[1:])
        elif not line.startswith(b"\\"):  # "\ No newline at end of file"
            raise GitFailed("read the change", "its diff has a shape that Porter does not know")
    return at, added


def _path(name: bytes) -> str | None:
    """The path in a header, which git quotes when it holds odd characters."""
    name = name.removesuffix(b"\t").removesuffix(b"\r")
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        name = _ESCAPE.sub(lambda found: _character(found[1]), name[1:-1])
    return name[2:].decode(errors="replace")


def _character(code: bytes) -> bytes:
    return bytes([int(code, 8)]) if len(code) == 3 else _LETTERS.get(code, code)
