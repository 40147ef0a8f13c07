"""What a pull request would change, and the merging of it."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from emulators.github.errors import GitFailed
from emulators.github.git import Change, Commit, GitRepository

WORDS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


@dataclass(frozen=True)
class Comparison:
    """Head against base; `mergeable` means without conflicts."""

    commits: list[Commit]
    changes: list[Change]
    mergeable: bool

    @property
    def additions(self) -> int:
        return sum(change.additions for change in self.changes)

    @property
    def deletions(self) -> int:
        return sum(change.deletions for change in self.changes)


def compare(git: GitRepository, base: str, head: str) -> Comparison:
    """`base` and `head` are shas, so that the answer can be kept: every view of a pull request asks for it."""
    return _compare(git.path, base, head)


@lru_cache(maxsize=2048)
def _compare(path: Path, base: str, head: str) -> Comparison:
    git = GitRepository(path)
    fork = git.merge_base(base, head)
    mergeable = fork == base or merge(git, base, head, method="merge", message="test") is not None
    return Comparison(git.commits(base, head), changes(git, base, head), mergeable)


def changes(git: GitRepository, base: str, head: str) -> list[Change]:
    """The files of the three-dot diff, in the order git lists them."""
    fork = git.merge_base(base, head)
    if fork is None:
        return []
    listed = git.run("diff", "--raw", "--numstat", "-z", "-M", "--abbrev=40", fork, head)
    patches = _patches(git.diff(base, head))
    return [
        Change(path, previous, WORDS.get(letter, "changed"), more, less, sha, patches.get(path))
        for path, previous, letter, sha, more, less in _records(listed)
    ]


def merge(git: GitRepository, base: str, head: str, *, method: str, message: str) -> str | None:
    """The commit that merging would make, brought into the repository but onto no branch; None on conflict.

    `method` is merge, squash or rebase. Made in a scratch clone, because older gits cannot merge without a work tree.
    """
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "work"
        git.run("clone", "-q", "--shared", "--no-checkout", str(git.path), str(clone))
        git.run("checkout", "-q", "--detach", head if method == "rebase" else base, cwd=clone)
        try:
            for step in _steps(base, head, method, message):
                git.run(*step, cwd=clone)
        except GitFailed:
            return None
        made = git.run("rev-parse", "HEAD", cwd=clone).strip()
        git.run("fetch", "-q", str(clone), made)
        return made


def _steps(base: str, head: str, method: str, message: str) -> list[list[str]]:
    match method:
        case "squash":
            return [["merge", "-q", "--squash", head], ["commit", "-q", "-m", message]]
        case "rebase":
            return [["rebase", "-q", base]]
        case _:
            return [["merge", "-q", "--no-ff", "-m", message, head]]


def _records(listed: str) -> list[tuple[str, str | None, str, str, int, int]]:
    """`git diff --raw --numstat -z`: first the raw records, then the counts, both in the same order."""
    fields = iter(listed.split("\0"))
    raw: list[tuple[str, str | None, str, str]] = []
    counts: list[tuple[int, int]] = []
    for field in fields:
        if field.startswith(":"):
            letter, sha = field.split()[4][0], field.split()[3]
            first = next(fields)
            raw.append((next(fields), first, letter, sha) if letter in "RC" else (first, None, letter, sha))
        elif "\t" in field:
            more, less, path = field.split("\t", 2)
            if not path:  # a rename: both names follow
                next(fields), next(fields)
            counts.append((_number(more), _number(less)))
    return [(*entry, *count) for entry, count in zip(raw, counts, strict=True)]


def _number(text: str) -> int:
    return 0 if text == "-" else int(text)  # "-" is git's word for a binary file


def _patches(diff: str) -> dict[str, str]:
    """The hunks of each file, without the header, as `patch` in GitHub's file list."""
    found = {}
    for part in re.split(r"(?m)^(?=diff --git )", diff):
        name = re.search(r"(?m)^\+\+\+ b/(.+?)\t?$", part) or re.search(r"(?m)^--- a/(.+?)\t?$", part)
        hunks = re.search(r"(?m)^@@ ", part)
        if name and hunks:
            found[name[1]] = part[hunks.start() :].rstrip("\n")
    return found
