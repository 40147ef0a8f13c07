"""The ways in which an agent can misbehave, on demand: `[mock:hang]`, `[mock:orphan]`, … in the instructions.

They exist so that the runner's promises can be tried on a real process, in tests and by hand.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ORPHAN_MARK = "porter-mock-orphan"
LEAKED = "ghp_" + "Porter0Made0This0Up0" * 2
_SECRET = re.compile(rb"gh[sp]_[A-Za-z0-9_]+|CALLBACK[A-Z_]*=?[^\s\0]*")
_HOOKS = ("pre-commit", "post-commit", "pre-push", "post-checkout", "post-index-change", "reference-transaction")


def ignore_signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def hang() -> None:
    while True:
        time.sleep(60)


def write(name: str) -> None:
    """Change a file that nobody asked to be changed, a workflow for example."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write("# Written by Porter's mock agent.\n")


def leak() -> None:
    """Put what looks like a token, and opens nothing, into a file."""
    Path("leaked.txt").write_text(f"token: {LEAKED}\n")


def leave_orphan() -> None:
    """A grandchild in a session of its own that ignores every polite signal and keeps our output open."""
    script = 'trap "" TERM INT HUP; while :; do sleep 1; done'
    launcher = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    subprocess.run([sys.executable, "-c", launcher, "sh", "-c", script, ORPHAN_MARK], check=True)


def flood(lines: int) -> None:
    for number in range(lines):
        sys.stdout.write(f"flood line {number}\n")


def commit_all(message: str) -> None:
    name = ("-c", "user.name=Mock", "-c", "user.email=mock@example.invalid")
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", *name, "commit", "--quiet", "--message", message], check=True)


def search_secrets() -> list[str]:
    """Everything that looks like one of Porter's secrets in our reach; the findings, for the test to read."""
    found = [f"environment: {name}" for name, value in os.environ.items() if _SECRET.search(f"{name}={value}".encode())]
    for place in (*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline"), *_files()):
        found += [f"{place}: {match.decode(errors='replace')}" for match in _search(place)]
    return found


def plant_traps(marker: str) -> None:
    """Everything in a repository and a HOME that makes git run a program or go elsewhere; each writes `marker`."""
    marker = marker or str(Path(tempfile.gettempdir()) / "porter-mock-trap")
    trap = Path.cwd() / ".git" / "trap.sh"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {marker}\ncat 2>/dev/null\nexit 0\n')
    trap.chmod(0o755)
    hooks = trap.parent / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in _HOOKS:
        (hooks / name).unlink(missing_ok=True)
        (hooks / name).symlink_to(trap)
    config = _trap_config(trap)
    for path in (trap.parent / "config", Path(os.environ["HOME"]) / ".gitconfig"):
        with path.open("a") as out:
            out.write(config)
    with Path(".gitattributes").open("a") as attributes:
        attributes.write("* filter=trap diff=trap\n")


def _trap_config(trap: Path) -> str:
    return (
        f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {trap.parent}/hooks\n\tsshCommand = {trap}\n\tpager = {trap}\n"
        f'[filter "trap"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n'
        f'[diff "trap"]\n\tcommand = {trap}\n\ttextconv = {trap}\n[diff]\n\texternal = {trap}\n'
        f"[credential]\n\thelper = {trap}\n[uploadpack]\n\tpackObjectsHook = {trap}\n"
        f'[url "{trap.parent}/elsewhere/"]\n\tinsteadOf = file://\n\tinsteadOf = http://\n\tinsteadOf = https://\n'
    )


def _files() -> Iterable[Path]:
    for root in (Path(os.environ["HOME"]), Path.cwd() / ".git", Path(os.environ.get("TMPDIR", "/tmp"))):  # noqa: S108
        yield from (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _search(place: Path) -> list[bytes]:
    """The agent's own argv and environment hold the words it searches with only if somebody put them there."""
    try:
        return _SECRET.findall(place.read_bytes()[:5_000_000])
    except OSError:
        return []
