"""A bare git repository on disk, asked through the git program."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulators.github.errors import GitFailed

# A push may only move branches, as on GitHub, which keeps refs/pull and the like for itself.
UPDATE_HOOK = """#!/bin/sh
case "$1" in
  refs/heads/*) exit 0 ;;
  *) echo "refusing to update $1: only branches (refs/heads/...) can be pushed" >&2; exit 1 ;;
esac
"""
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Commit:
    """`date` is ISO 8601 with its offset."""

    sha: str
    tree: str
    parents: list[str]
    author_name: str
    author_email: str
    date: str
    message: str


@dataclass(frozen=True)
class Entry:
    """One line of a tree. `kind` is blob, tree or commit; `size` in bytes, None for trees."""

    mode: str
    kind: str
    sha: str
    size: int | None
    path: str


@dataclass(frozen=True)
class Change:
    """One file of a diff. `status` is GitHub's word; `patch` is None for binary files."""

    path: str
    previous: str | None
    status: str
    additions: int
    deletions: int
    sha: str
    patch: str | None


def environment(home: Path) -> dict[str, str]:
    """Nothing of the user's own git configuration may reach the emulator."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "GitHub",
        "GIT_AUTHOR_EMAIL": "noreply@github.com",
        "GIT_COMMITTER_NAME": "GitHub",
        "GIT_COMMITTER_EMAIL": "noreply@github.com",
    }


class GitRepository:
    """Questions and changes to one bare repository. Raises GitFailed when git does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, files: Mapping[str, str], branch: str, *, author: str, email: str, message: str) -> None:
        """A new repository whose one commit holds `files`; without files it stays empty."""
        self.path.mkdir(parents=True)
        self.run("init", "-q", "--bare", ".")
        self.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        self.run("config", "http.receivepack", "true")
        hook = self.path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)
        if files:
            self.commit(branch, files, author=author, email=email, message=message)

    def commit(self, branch: str, files: Mapping[str, str], *, author: str, email: str, message: str) -> str:
        """Adds a commit that writes `files` on `branch`, and answers its sha."""
        parent = self.sha(f"refs/heads/{branch}")
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": email}
            if parent:
                self.run("read-tree", parent, env=index)
            for path, text in files.items():
                blob = self.run("hash-object", "-w", "--stdin", stdin=text.encode()).strip()
                self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self.run("write-tree", env=index).strip()
            ancestry = ["-p", parent] if parent else []
            new = self.run("commit-tree", tree, *ancestry, stdin=message.encode(), env=index).strip()
        self.run("update-ref", f"refs/heads/{branch}", new)
        return new

    def branches(self) -> dict[str, str]:
        lines = self.run("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/heads").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines)

    def sha(self, name: str) -> str | None:
        """The commit that a ref, branch or sha names, or None."""
        if name.startswith("-"):
            return None
        done = self._call("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def tree(self, name: str, *, recursive: bool = False, path: str = "") -> list[Entry] | None:
        """What lies under `path` of the tree of `name`; None when there is no such tree."""
        if name.startswith("-"):
            return None
        flags = ["-r", "-t"] if recursive else []
        done = self._call("ls-tree", "-z", "-l", *flags, f"{name}:{path}")
        if done.returncode:
            return None
        return [_entry(line) for line in done.stdout.decode(errors="replace").split("\0") if line]

    def blob(self, sha: str) -> bytes:
        return self._call("cat-file", "blob", sha).stdout

    def read(self, name: str, path: str) -> tuple[str, bytes] | None:
        """Blob sha and bytes of a file, or None when there is no such file."""
        found = self._call("rev-parse", "-q", "--verify", "--end-of-options", f"{name}:{path}")
        sha = found.stdout.decode().strip()
        if found.returncode or self.run("cat-file", "-t", sha).strip() != "blob":
            return None
        return sha, self.blob(sha)

    def commits(self, base: str | None, head: str, *, limit: int = 250) -> list[Commit]:
        """What `head` has and `base` has not, oldest first."""
        form = SEPARATOR.join(("%H", "%T", "%P", "%an", "%ae", "%aI", "%B")) + "%x00"
        span = f"{base}..{head}" if base else head
        text = self.run("log", "--reverse", f"--max-count={limit}", f"--format={form}", "--end-of-options", span, "--")
        return [_commit(part.strip("\n")) for part in text.split("\0") if part.strip()]

    def merge_base(self, base: str, head: str) -> str | None:
        done = self._call("merge-base", base, head)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def diff(self, base: str, head: str) -> str:
        """The three-dot diff that GitHub shows: what happened on `head` since it left `base`."""
        return self.run("diff", "--no-color", "--no-ext-diff", "-M", self.merge_base(base, head) or EMPTY_TREE, head)

    def run(
        self, *command: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> str:
        done = self._call(*command, stdin=stdin, env=env, cwd=cwd)
        if done.returncode:
            raise GitFailed(command, done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace")

    def _call(
        self, *command: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", *command],
            cwd=cwd or self.path,
            input=stdin,
            env=environment(self.path.parent) | dict(env or {}),
            capture_output=True,
            timeout=60,
            check=False,
        )


def _entry(line: str) -> Entry:
    about, path = line.split("\t", 1)
    mode, kind, sha, size = about.split()
    return Entry(mode, kind, sha, None if size == "-" else int(size), path)


def _commit(text: str) -> Commit:
    sha, tree, parents, name, email, date, message = text.split(SEPARATOR, 6)
    return Commit(sha, tree, parents.split(), name, email, date, message.strip())
