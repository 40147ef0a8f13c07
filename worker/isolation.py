"""Keeps the runner's secrets out of the agent's reach: another user, no readable memory, no old environment.

Linux does all of it; elsewhere what cannot be done is left out.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_USER = "porter-agent"
SECRETS_FD = "PORTER_WORKER_SECRETS_FD"

# linux/prctl.h, linux/capability.h
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_CAP_SYS_PTRACE = 19


@dataclass(frozen=True)
class User:
    """The system user that the agent runs as."""

    name: str
    uid: int
    gid: int


def agent_user(environ: Mapping[str, str]) -> User | None:
    """The agent's own user, if the runner may become it and it exists; None means: the runner's own."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(environ.get("PORTER_AGENT_USER", DEFAULT_USER))
    except KeyError:
        return None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def harden() -> None:
    """Make this process unreadable for its children, and make it the parent of their orphans.

    Without CAP_SYS_PTRACE in the bounding set even a root child cannot read the memory of a process that still has it
    (ptrace(2), "Ptrace access mode checking"). The environment it may be able to read: see `take_environment`.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_CAPBSET_DROP, _CAP_SYS_PTRACE, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def take_environment(keep: frozenset[str]) -> dict[str, str]:
    """The variables this process was started with; afterwards only those in `keep` are in the environment.

    Deleting from `os.environ` does not change what /proc/PID/environ shows, so the process starts itself again with
    a clean environment and hands the old one over in memory. It does not return the first time.
    """
    if SECRETS_FD in os.environ:
        with os.fdopen(int(os.environ.pop(SECRETS_FD)), "rb") as handed:
            handed.seek(0)
            return dict(json.loads(handed.read()))
    taken = dict(os.environ)
    kept = {name: value for name, value in taken.items() if name in keep}
    if hasattr(os, "memfd_create") and sys.executable:
        memory = os.memfd_create("porter")
        os.write(memory, json.dumps(taken).encode())
        os.set_inheritable(memory, True)
        os.execve(sys.executable, sys.orig_argv, {**kept, SECRETS_FD: str(memory)})  # noqa: S606  itself, no shell
    for name in set(taken) - set(kept):
        del os.environ[name]
    return taken
