"""Reads and pushes a held change with git, in a scratch repository: nothing that the machine said of it is believed."""

from __future__ import annotations

import subprocess
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.cleaning import masked
from jobs.errors import JobError
from jobs.github.errors import GitHubUnavailable
from store.records import HeldChange
from worker.contract import Finding, Policy
from worker.errors import GitFailed
from worker.git import SHA, Git
from worker.holding import WORK
from worker.inspection import inspect
from worker.masking import Mask

DEPTHS = (50, 1000)  # commits: the runner fetched as many as the first, and the branch may have moved since
NETWORK_SECONDS = 90.0
MOST_SHOWN = 1_000_000  # characters of diff
_BASE = "refs/porter/base"
# What git and its HTTP library say when the other side is away, not when it says no.
_AWAY = (
    "could not resolve host", "failed to connect", "connection", "timed out", "returned error: 5", "took too long",
    "early eof", "hung up", "returned error: 429",
)  # fmt: skip


class BrokenWork(JobError):
    """What the machine handed in is not what it said, or does not fit the repository any more."""


@dataclass(frozen=True)
class Remote:
    """A repository to fetch from and push to. The token is sent to this address only."""

    url: str
    token: str


@dataclass(frozen=True)
class Seen:
    """What a change is, as Porter's own git tells it."""

    diff: str
    findings: list[Finding]


def look(held: HeldChange, remote: Remote, branches: Sequence[str], policy: Policy) -> Seen:
    """Read the change from the bundle. `branches`: one of them must hold the commit that the change builds on, so that
    nothing is left out of the diff.

    Raises BrokenWork; GitHubUnavailable when it cannot be told now.
    """
    with _scratch(held, remote) as (at, git):
        _fetch_base(at, git, held, remote, branches)
        _unpack(at, git, held)
        findings = inspect(at, held.base_sha, held.head_sha, policy, git)
        return Seen(_diff(at, git, held), findings)


def push(held: HeldChange, remote: Remote, branch: str, *, before: Callable[[], None]) -> None:
    """Push the very commits of the bundle, never by force. To repeat it changes nothing. `before` is called just before
    the push and may raise.

    Raises BrokenWork; GitHubUnavailable when it cannot be done now.
    """
    with _scratch(held, remote) as (at, git):
        fetch = ("fetch", "--quiet", "--no-tags", "--depth=1", remote.url, f"+{held.base_sha}:{_BASE}")
        git("fetch what the change builds on", *fetch, at=at, token=_token(remote), seconds=NETWORK_SECONDS)
        _unpack(at, git, held)
        before()
        refs = ("push", "--quiet", "--no-verify", remote.url, f"{held.head_sha}:refs/heads/{branch}")
        git(f"push {branch}", *refs, at=at, token=_token(remote), seconds=NETWORK_SECONDS)


def legible(text: str) -> str:
    """Text of a diff with every character that shows nothing, or turns the others around, spelt out."""
    return "".join(char if char in "\n\t" or not _hidden(char) else f"<U+{ord(char):04X}>" for char in text)


@contextmanager
def _scratch(held: HeldChange, remote: Remote) -> Iterator[tuple[Path, Git]]:
    if not (SHA.fullmatch(held.base_sha) and SHA.fullmatch(held.head_sha)):
        raise BrokenWork("the change that the machine handed in names no commits")
    git = Git(Mask([remote.token]))
    with tempfile.TemporaryDirectory(prefix="porter-held-") as folder:
        at = Path(folder)
        try:
            git("make a repository", "init", "--quiet", "--bare", "--template=", ".", at=at)
            yield at, git
        except (GitFailed, subprocess.SubprocessError) as error:
            words = str(error)
            if any(sign in words.lower() for sign in _AWAY):
                raise GitHubUnavailable(words) from error
            raise BrokenWork(words) from error


def _fetch_base(at: Path, git: Git, held: HeldChange, remote: Remote, branches: Sequence[str]) -> None:
    for depth in DEPTHS:
        for branch in branches:
            refs = f"+refs/heads/{branch}:refs/porter/branch"
            fetch = ("fetch", "--quiet", "--no-tags", f"--depth={depth}", remote.url, refs)
            git(f"fetch {branch}", *fetch, at=at, token=_token(remote), seconds=NETWORK_SECONDS)
            if _is_ancestor(at, git, held.base_sha, "refs/porter/branch"):
                git("name the base", "update-ref", _BASE, held.base_sha, at=at)
                return
    raise BrokenWork(f"the change builds on {held.base_sha[:12]}, which is not on {' or '.join(branches)}")


def _unpack(at: Path, git: Git, held: HeldChange) -> None:
    """The bundle's commits, if they are those that were named and build on the base."""
    bundle = at / "held.bundle"
    bundle.write_bytes(held.bundle)
    checked = ("-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags", str(bundle), f"+{WORK}:{WORK}")
    git("unpack the change", *checked, at=at)
    head = git("read the change", "rev-parse", "--verify", f"{WORK}^{{commit}}", at=at)
    if head != held.head_sha or not _is_ancestor(at, git, held.base_sha, head):
        raise BrokenWork("the commits that the machine handed in are not those that it named")


def _is_ancestor(at: Path, git: Git, older: str, newer: str) -> bool:
    try:
        git("compare the commits", "merge-base", "--is-ancestor", older, newer, at=at)
    except GitFailed as error:
        if error.last_line and "not a valid" not in error.last_line.lower():
            raise
        return False
    return True


def _diff(at: Path, git: Git, held: HeldChange) -> str:
    arguments = ("diff", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none")
    with tempfile.TemporaryFile() as out:
        git("show the change", *arguments, held.base_sha, held.head_sha, at=at, out=out)
        size = out.tell()
        out.seek(0)
        text = masked(legible(out.read(MOST_SHOWN).decode(errors="replace")))
    left_out = f"\n[… the diff has {size:,} bytes; what follows is not shown …]\n" if size > MOST_SHOWN else ""
    return text + left_out


def _token(remote: Remote) -> tuple[str, str]:
    return remote.url, remote.token


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
