"""Brings the agent's work home as data: no hook, filter or configuration of its making runs with a token.

The leftovers are committed by the agent's user in a fresh repository, everything new goes through a bundle, and what is
pushed is a repository that the runner makes after every process of the agent is dead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.contract import DiffSize, JobDocument
from worker.errors import GitFailed
from worker.git import NETWORK_SECONDS, SHA, Git
from worker.isolation import User
from worker.workspace import Workspace, borrow, fork_point

ALWAYS_EXCLUDED = ("__pycache__/", "*.pyc", ".DS_Store")


@dataclass(frozen=True)
class Harvest:
    """What the agent left: `head` equals `start` when there is nothing. `clean` is the repository to push from."""

    clean: Path
    head: str
    diff: DiffSize
    new: bool  # there is something that was not there before
    start: str  # the commit the agent began from
    rewritten: bool = False  # the agent's own commits could not be used; its files were committed instead


def harvest(space: Workspace, job: JobDocument, *, own: Git, agents: Git) -> Harvest:
    """Collect the agent's commits and leftovers into a repository it never touched. Raises GitFailed.

    `own` calls git as the runner, `agents` as the agent's user.
    """
    stage, clean = _fresh(space, "stage-", agents), _fresh(space, "out-", own)
    _lend(space, stage, job.agent.excludes, agents.user)
    head = _import(space, job, (stage, clean), _head(space, agents), own, agents)
    rewritten = head is None
    if head is None:
        head = _import(space, job, (stage, clean), space.start, own, agents) or space.start
    size = diff_size(clean, _base(space, clean, head, own), head, own)
    return Harvest(clean, head, size, new=head != space.start, start=space.start, rewritten=rewritten)


def push(job: JobDocument, found: Harvest, git: Git, *, token: str | None) -> str:
    """Push that one branch and nothing else, never by force; when somebody has moved it meanwhile, one beside it, so
    that the work is not lost with the machine. The branch it is on now. Raises GitFailed."""
    credentials = (job.clone_url, token) if token else None
    try:
        _push(job, found, job.branch, git, credentials)
    except GitFailed as refusal:
        there = _remote_head(job, found, git, credentials)
        if there == found.head:  # only the answer was lost
            return job.branch
        if there in (None, found.start):
            raise
        beside = f"{job.branch}-{_number(job.run_id)}"
        try:
            _push(job, found, beside, git, credentials)
        except GitFailed:
            raise refusal from None
        return beside
    return job.branch


def _push(job: JobDocument, found: Harvest, branch: str, git: Git, credentials: tuple[str, str] | None) -> None:
    arguments = ("push", "--quiet", "--no-verify", job.clone_url, f"{found.head}:refs/heads/{branch}")
    git(f"push {branch}", *arguments, at=found.clean, token=credentials, seconds=NETWORK_SECONDS)


def _remote_head(job: JobDocument, found: Harvest, git: Git, credentials: tuple[str, str] | None) -> str | None:
    arguments = ("ls-remote", job.clone_url, f"refs/heads/{job.branch}")
    told = git(f"look at {job.branch}", *arguments, at=found.clean, token=credentials, seconds=NETWORK_SECONDS)
    return told.split()[0] if told else None


def _number(run_id: str) -> str:
    """Of the run within its task; started by hand a run may be called anything."""
    last = run_id.rpartition("-")[2]
    return last if last.isdecimal() else "2"


def diff_size(at: Path, base: str, head: str, git: Git) -> DiffSize:
    """How many files and lines changed; a binary file counts as a file without lines."""
    arguments = ("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", base, head)
    rows = [row.split("\t") for row in git("measure the change", *arguments, at=at).split("\0") if "\t" in row]
    return DiffSize(len(rows), sum(_lines(row[0]) for row in rows), sum(_lines(row[1]) for row in rows))


def _base(space: Workspace, clean: Path, head: str, git: Git) -> str:
    """What the work is measured against. An agent that merged the base branch has not made what came with it."""
    if space.tip == space.base:
        return space.base
    return fork_point(clean, git, space.tip, head) or space.base


def _import(
    space: Workspace, job: JobDocument, places: tuple[Path, Path], wanted: str, own: Git, agents: Git
) -> str | None:
    """The new head in the clean repository; None if the agent's commits are broken or not built on the start."""
    stage, clean = places
    try:
        head = _with_leftovers(space, job, stage, wanted, agents)
        if head != space.start:
            _carry(space, places, head, own, agents)
            own("check the history", "merge-base", "--is-ancestor", space.start, head, at=clean)
    except GitFailed:
        if wanted == space.start:
            raise
        return None
    return head


def _with_leftovers(space: Workspace, job: JobDocument, stage: Path, parent: str, git: Git) -> str:
    """Commit what lies in the working copy on top of `parent`; the parent itself if there is nothing new.

    It runs in a repository of ours with the agent's files as its work tree, so the agent's .git/config is not read. The
    index knows the files of the check-out, so an untouched one is not even normalised (line endings, for one).
    """
    if not space.repo.is_dir():
        return parent
    ours = {"GIT_DIR": str(stage), "GIT_WORK_TREE": str(space.repo)}
    git("read the agent's commits", "read-tree", "-m", "-i", parent, at=space.repo, env=ours)
    git("collect the changes", "add", "--all", "--", ".", at=space.repo, env=ours)
    tree = git("collect the changes", "write-tree", at=space.repo, env=ours)
    if tree == git("read the agent's commits", "rev-parse", f"{parent}^{{tree}}", at=stage):
        return parent
    return git("commit the changes", "commit-tree", tree, "-p", parent, "-m", job.commit_message, at=stage)


def _carry(space: Workspace, places: tuple[Path, Path], head: str, own: Git, agents: Git) -> None:
    """Write what is new into a bundle as the agent's user, read it as the runner; git checks every object."""
    stage, clean = places
    agents("name the work", "update-ref", "refs/heads/work", head, at=stage)
    bundle = clean / "work.bundle"
    with bundle.open("wb") as out:
        doing = "pack the agent's commits"
        agents(doing, "bundle", "create", "--quiet", "-", "refs/heads/work", f"^{space.start}", at=stage, out=out)
    checked = ("-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags")
    own("unpack the agent's commits", *checked, str(bundle), "+refs/heads/work:refs/heads/work", at=clean)


def _fresh(space: Workspace, prefix: str, git: Git) -> Path:
    """A new empty repository for git's user that reads the objects fetched at the start."""
    at = Path(tempfile.mkdtemp(prefix=prefix, dir=space.root))
    if git.user:
        os.chown(at, git.user.uid, git.user.gid)
    git("make a repository", "init", "--quiet", "--bare", "--template=", ".", at=at)
    borrow(space, at)
    # A bundle is only accepted on top of commits that a ref can reach.
    git("name the start", "update-ref", "refs/porter/start", space.start, at=at)
    return at


def _lend(space: Workspace, stage: Path, excludes: Sequence[str], user: User | None) -> None:
    """Let the stage read the agent's objects and our index, and leave out what the CLI drops beside the work."""
    with (stage / "objects" / "info" / "alternates").open("a") as alternates:
        alternates.write(f"{space.repo}/.git/objects\n")
    shutil.copy2(space.index, stage / "index")
    if user:
        os.chown(stage / "index", user.uid, user.gid)
    (stage / "info").mkdir(exist_ok=True)
    (stage / "info" / "exclude").write_text("\n".join((*ALWAYS_EXCLUDED, *excludes)) + "\n")


def _head(space: Workspace, git: Git) -> str:
    """The commit the agent stands on; the start if its repository is broken or gone."""
    try:
        head = git("find the agent's commit", "rev-parse", "--verify", "HEAD^{commit}", at=space.repo)
    except (GitFailed, OSError):
        return space.start
    return head if SHA.fullmatch(head) else space.start


def _lines(count: str) -> int:
    return int(count) if count.isdigit() else 0
