"""The repository on the machine: fetched with a token the agent never sees, checked out where the agent works.

work/             only the runner may write here
  safe.git/       what was fetched; the agent reads its objects and cannot change them
  index           what git noted of the fresh check-out
  agent/          the agent's own: repo/ (where it works), home/, tmp/
  stage-*/ out-*/ made when the agent is dead, see harvest.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from worker.contract import JobDocument
from worker.errors import GitFailed
from worker.git import NETWORK_SECONDS, Git, require_modern_git
from worker.isolation import User

DEPTH = 50  # commits: enough history for an agent to read, little to fetch


@dataclass(frozen=True)
class Workspace:
    """Where things are. `start` is the commit the agent begins from, `base` the one its work is measured against, `tip`
    where the base branch is now (in a follow-up it may have moved on since `base`)."""

    root: Path
    start: str = ""
    base: str = ""
    tip: str = ""

    @property
    def safe(self) -> Path:
        return self.root / "safe.git"

    @property
    def index(self) -> Path:
        """git's notes on the files as they were checked out, so that an untouched one need not be read again."""
        return self.root / "index"

    @property
    def agent(self) -> Path:
        return self.root / "agent"

    @property
    def repo(self) -> Path:
        return self.agent / "repo"

    @property
    def home(self) -> Path:
        return self.agent / "home"

    @property
    def temporary(self) -> Path:
        return self.agent / "tmp"

    def remove(self) -> None:
        """Everything goes, whatever permissions the agent has put on it."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.root.exists():
            for folder, _, _ in os.walk(self.root):
                os.chmod(folder, 0o700)
            shutil.rmtree(self.root, ignore_errors=True)


def make_directories(user: User | None) -> Workspace:
    """The empty work directory; what belongs to the agent is given to its user."""
    space = Workspace(Path(tempfile.mkdtemp(prefix="porter-")).resolve())
    space.root.chmod(0o711)
    for folder in (space.agent, space.repo, space.home, space.temporary):
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, user.uid, user.gid)
    return space


def fetch(space: Workspace, job: JobDocument, git: Git) -> Workspace:
    """Fetch the base branch (and, in a follow-up, the branch that is continued). Raises GitFailed."""
    require_modern_git(git, space.root)
    if not job.clone_url.startswith(("https://", "http://", "file://")):
        raise GitFailed(f"clone {job.repository}", "its address is neither http(s) nor file")
    space.safe.mkdir(mode=0o755)
    git("make a repository", "init", "--quiet", "--bare", "--template=", ".", at=space.safe)
    base = _fetch_branch(space, job, git, job.base_branch)
    if not job.continue_branch:
        return Workspace(space.root, start=base, base=base, tip=base)
    start = _fetch_branch(space, job, git, job.branch)
    return Workspace(space.root, start=start, base=fork_point(space.safe, git, base, start) or base, tip=base)


def check_out(space: Workspace, job: JobDocument, git: Git) -> None:
    """Lay out the working copy as the agent's user: on its own branch, with the history of the base behind it."""
    at = space.repo
    git("make a working copy", "init", "--quiet", "--template=", ".", at=at)
    dot_git = at / ".git"
    borrow(space, dot_git)
    for key, value in (("user.name", job.author_name), ("user.email", job.author_email), ("gc.auto", "0")):
        git("configure the working copy", "config", key, value, at=at)
    git("configure the working copy", "remote", "add", "origin", job.clone_url, at=at)
    git("make the branch", "update-ref", f"refs/remotes/origin/{job.base_branch}", space.tip, at=at)
    git("check out the branch", "checkout", "--quiet", "-B", job.branch, space.start, at=at)
    _note_files(space, git)


def _note_files(space: Workspace, git: Git) -> None:
    """Keep the index of the fresh check-out, with its time: git trusts its notes on a file only if they are newer.

    Where attributes convert files that matters: a file read again may look changed when nobody touched it. So the
    second in which the files were written has to be over. https://git-scm.com/docs/racy-git
    """
    shutil.copy2(space.repo / ".git" / "index", space.index)
    if git("look for attributes", "ls-files", "--", ".gitattributes", "**/.gitattributes", at=space.repo):
        time.sleep(1.02 - time.time() % 1)
        os.utime(space.index)


def borrow(space: Workspace, git_directory: Path) -> None:
    """Let a fresh repository read the fetched objects where they lie, shallow history included."""
    (git_directory / "objects" / "info" / "alternates").write_text(f"{space.safe}/objects\n")
    shallow = space.safe / "shallow"
    if shallow.exists():
        (git_directory / "shallow").write_bytes(shallow.read_bytes())


def _fetch_branch(space: Workspace, job: JobDocument, git: Git, branch: str) -> str:
    refs = f"+refs/heads/{branch}:refs/heads/{branch}"
    token = (job.clone_url, job.clone_token) if job.clone_token else None
    arguments = ("fetch", "--quiet", "--no-tags", f"--depth={DEPTH}", job.clone_url, refs)
    git(f"clone {job.repository}", *arguments, at=space.safe, token=token, seconds=NETWORK_SECONDS)
    return git("read the branch", "rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}", at=space.safe)


def fork_point(at: Path, git: Git, one: str, other: str) -> str | None:
    """Where the two histories parted; None when that is further back than what was fetched."""
    try:
        return git("find the fork point", "merge-base", one, other, at=at)
    except GitFailed:
        return None
