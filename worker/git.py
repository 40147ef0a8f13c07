"""Runs git for the runner: no configuration but ours, no hooks, no prompts, a token only where it is handed in."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from worker.errors import Cancelled, GitFailed
from worker.isolation import User
from worker.masking import Mask

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
NETWORK_SECONDS = 600.0
OLDEST = (2, 31)  # the first that reads GIT_CONFIG_COUNT

# Nothing may start a program: hooks, fsmonitor and credential helpers are off, whatever a repository says.
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "credential.helper": "",
    "diff.ignoreSubmodules": "all",
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
    "protocol.file.allow": "always",
    # A redirect could carry the token to another host.
    "http.followRedirects": "false",
}


@dataclass(frozen=True)
class Git:
    """One way of calling git: as whom, with which identity, with which secrets hidden from its words."""

    mask: Mask
    user: User | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None  # called while waiting; raises Cancelled when the runner is to stop

    def __call__(
        self,
        doing: str,
        *arguments: str,
        at: Path,
        token: tuple[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        out: IO[bytes] | None = None,
        seconds: float = 120.0,
    ) -> str:
        """Run one command in `at` and return what it printed, stripped.

        `doing` completes "git could not …"; `token` is (url, token), sent as a header to that url only and seen
        neither in argv nor on disk. Raises GitFailed; raises Cancelled if the runner is stopped meanwhile.
        """
        settings = dict(_SETTINGS)
        if token:
            settings[f"http.{token[0]}.extraHeader"] = basic_header(token[1])
        process = subprocess.Popen(
            [git_program(), *arguments],
            cwd=at,
            env=self._environment(settings, env or {}),
            stdin=subprocess.DEVNULL,
            stdout=out or subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        return self._finished(doing, process, seconds)

    def _finished(self, doing: str, process: subprocess.Popen[bytes], seconds: float) -> str:
        try:
            printed, complaint = self._output(doing, process, time.monotonic() + seconds)
        except (GitFailed, Cancelled):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if process.returncode != 0:
            raise GitFailed(doing, self.mask.text(last_line(complaint.decode(errors="replace"))))
        return (printed or b"").decode(errors="replace").strip()

    def _output(self, doing: str, process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes | None, bytes]:
        while True:
            try:
                return process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                self.check()
                if time.monotonic() > deadline:
                    raise GitFailed(doing, "it took too long") from None

    def _environment(self, settings: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
        config = {"GIT_CONFIG_COUNT": str(len(settings))}
        for index, (key, value) in enumerate(settings.items()):
            config |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",  # attributes and ignore files are read from there, too
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            **self.identity,
            **config,
            **extra,
        }


def basic_header(token: str) -> str:
    """The header by which GitHub takes an installation token:
    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
    """
    return "Authorization: Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()


def identity(name: str, email: str) -> dict[str, str]:
    """The environment that makes git write this person into a commit."""
    return {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", email))
    }


def require_modern_git(git: Git, at: Path) -> None:
    """An older git would silently ignore the settings that keep us safe. Raises GitFailed."""
    said = git("tell its version", "--version", at=at)
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise GitFailed("be used", f"{said} is too old; install {OLDEST[0]}.{OLDEST[1]} or newer")


def git_program() -> str:
    found = shutil.which("git")
    if not found:
        raise GitFailed("start", "git is not installed on this machine; add it to the image")
    return found


def last_line(text: str) -> str:
    """git's own verdict: why a ref was refused, else its last complaint, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("hint:")]
    refused = [line for line in lines if line.startswith("! [")]
    complaints = [line for line in lines if line.startswith(("fatal:", "error:", "remote: error:"))]
    return (refused or complaints or lines or [""])[-1][:500]
