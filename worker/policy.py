"""What may be pushed without a person having looked: rules over a change, findings that quote no secret. Pure."""

from __future__ import annotations

import math
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from worker.contract import MAX_FINDINGS, Finding, Policy

# Files that decide what runs with a repository's secrets, or what the next agent is told.
PROTECTED = (
    ".github/workflows/**", ".github/actions/**", ".gitlab-ci.yml", ".circleci/**", "Jenkinsfile", ".porter/**",
    "AGENTS.md", "CLAUDE.md", "GEMINI.md", "**/.claude/**", "**/.cursor/**", ".github/copilot-instructions.md",
    "CODEOWNERS",
)  # fmt: skip

SYMLINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"

# What the tokens of well-known issuers look like; the names are for people.
_SHAPES = (
    ("an AWS access key", rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ("an Anthropic key", rb"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("an OpenAI key", rb"\bsk-(?!ant-)(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}"),
    ("a Slack token", rb"\bxox[abeprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/\w{16}"),
    ("a Google key", rb"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Stripe key", rb"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("a private key", rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    ("a Fly.io token", rb"\bfm[12]_[A-Za-z0-9+/=_-]{20,}|\bfo1_[A-Za-z0-9_-]{20,}"),
    ("an npm token", rb"\bnpm_[A-Za-z0-9]{36}"),
)
_SECRETS = tuple((name, re.compile(shape)) for name, shape in _SHAPES)
_ASSIGNED = re.compile(
    rb"(?i)(?:secret|token|passwd|password|api[_-]?key|private[_-]?key)[\w.-]{0,60}[\"']?\s{0,9}(?::=|=>|[:=])\s{0,9}"
    rb"(?:[\"'`](?P<quoted>[^\"'`\s]{16,500})[\"'`]|(?P<bare>[A-Za-z0-9+/=_-]{20,500})\s*$)"
)
# Not a value but where one will be, or a word about it.
_PLACEHOLDER = re.compile(rb"(?i)\$\{|\$\(|\{\{|<[a-z]|%\(|your|example|change.?me|placeholder|dummy|fake|xxxx|\*\*\*")
_RANDOM = 3.6  # bits per character: words and names have less, keys have more
_MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa")


@dataclass(frozen=True)
class Change:
    """One path that differs. Modes as git writes them, None where the path is not; `size` in bytes of the new file;
    `added` its new lines by number; `target` where a symbolic link points."""

    path: str
    old_mode: str | None
    new_mode: str | None
    size: int = 0
    added: Sequence[tuple[int, bytes]] = field(default_factory=tuple)
    removed: int = 0
    target: str | None = None


def judge(
    changes: Sequence[Change], policy: Policy, *, is_known_secret: Callable[[bytes], bool] | None = None
) -> list[Finding]:
    """Why this change must not be pushed unseen; empty when it may be. `is_known_secret` tells of a line whether it
    holds a secret of this very run, in whatever spelling."""
    found = [*_caps(changes, policy)]
    for change in changes:
        found += [*_place(change, policy), *_kind(change, policy), *_secrets(change, is_known_secret)]
    if len(found) <= MAX_FINDINGS:
        return found
    left_out = len(found) - MAX_FINDINGS + 1
    return [*found[: MAX_FINDINGS - 1], Finding("more", "", f"There are {left_out:,} more findings.")]


def matches(path: str, pattern: str) -> bool:
    """Whether a protected pattern means this path: `**` crosses folders, a name without a slash is meant in every
    folder, case does not matter (checked out on macOS it would not). What takes the place of a protected folder (a
    link, a submodule) is meant as well."""
    path, pattern = path.casefold(), pattern.strip().casefold()
    if "/" not in pattern.rstrip("/"):
        pattern = f"**/{pattern}"
    pattern = pattern.lstrip("/") + ("**" if pattern.endswith("/") else "")
    fixed = re.split(r"[*?\[]", pattern.removeprefix("**/"), maxsplit=1)[0]
    return bool(_expression(pattern).fullmatch(path)) or fixed.startswith(f"{path}/")


def _expression(pattern: str) -> re.Pattern[str]:
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _caps(changes: Sequence[Change], policy: Policy) -> Iterator[Finding]:
    lines = sum(len(change.added) + change.removed for change in changes)
    size = sum(change.size for change in changes)
    for count, most, what in (
        (len(changes), policy.max_changed_files, "files are changed"),
        (lines, policy.max_diff_lines, "lines are changed"),
        (size, policy.max_total_bytes, "bytes are in the changed files"),
    ):
        if count > most:
            yield Finding("size", "", f"{count:,} {what}; more than {most:,} wait for a person.")


def _place(change: Change, policy: Policy) -> Iterator[Finding]:
    for pattern in (*PROTECTED, *policy.protected_paths):
        if matches(change.path, pattern):
            yield Finding("protected_path", change.path, f"This path is protected ({pattern}).")
            return


def _kind(change: Change, policy: Policy) -> Iterator[Finding]:
    if SUBMODULE in (change.old_mode, change.new_mode) or change.path.casefold() == ".gitmodules":
        yield Finding("submodule", change.path, "This changes a submodule, whose content is not in the diff.")
    if change.target is not None and _leads_outside(change.path, change.target):
        yield Finding("symlink", change.path, "This symbolic link points outside of the repository.")
    if change.size > policy.max_file_bytes:
        words = f"This file has {change.size:,} bytes; more than {policy.max_file_bytes:,} wait for a person."
        yield Finding("size", change.path, words)
    if _is_program(change):
        yield Finding("binary", change.path, "This is a compiled program, which nobody can review.")


def _leads_outside(path: str, target: str) -> bool:
    if target.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", target):
        return True
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.replace("\\", "/")))
    return whole == ".." or whole.startswith("../") or ".git" in whole.casefold().split("/")


def _is_program(change: Change) -> bool:
    if change.new_mode in (None, SYMLINK, SUBMODULE) or not any(b"\0" in text for _, text in change.added):
        return False
    number, first = change.added[0]
    return change.new_mode == EXECUTABLE or (number == 1 and first.startswith(_MAGIC))


def _secrets(change: Change, is_known_secret: Callable[[bytes], bool] | None) -> Iterator[Finding]:
    for number, text in change.added:
        known = is_known_secret is not None and is_known_secret(text)
        name = "a secret of this very run" if known else _looks_like(text)
        if name:
            yield Finding("secret", change.path, f"This line looks like it holds {name}.", number)


def _looks_like(text: bytes) -> str | None:
    # A file in UTF-16 has a NUL beside each letter.
    text = text.replace(b"\0", b"")
    for name, shape in _SECRETS:
        if shape.search(text):
            return name
    for found in _ASSIGNED.finditer(text):
        value = found["quoted"] or found["bare"]
        if not _PLACEHOLDER.search(value) and _entropy(value) > _RANDOM and re.search(rb"\d", value):
            return "a password or key"
    return None


def _entropy(text: Iterable[int]) -> float:
    """Shannon's, in bits per character."""
    counts = Counter(text)
    total = counts.total()
    return -sum(count / total * math.log2(count / total) for count in counts.values())
