"""An agent's conversation between two runs: laid into the new HOME before, taken out of it after.

The file is the agent's own work, so it is read like anything an agent left behind: no link is followed, nothing outside
HOME is touched, and only so much is read.
"""

from __future__ import annotations

import base64
import os
import re
import stat
import zlib
from fnmatch import fnmatchcase
from pathlib import Path

from worker.agents.stream import Parsed
from worker.contract import MAX_SESSION, SESSION_ID, AgentRecipe, Resume, Session, Usage
from worker.errors import BadSession
from worker.home import lay
from worker.isolation import User
from worker.masking import Mask
from worker.supervise import Outcome
from worker.workspace import Workspace

MOST_BYTES = 64 * 1024 * 1024  # unpacked


class Capture:
    """Stands where a parser does, and keeps what a `save` command prints."""

    expects_finish = False

    def __init__(self) -> None:
        self.content = bytearray()

    def feed(self, data: bytes) -> list[Parsed]:
        self.content += data[: MOST_BYTES + 1 - len(self.content)]
        return []

    def close(self) -> list[Parsed]:
        return []


def filled(words: list[str], session_id: str, file: Path) -> list[str]:
    """A command of `Resume` with its places filled in."""
    return [word.replace("{session}", session_id).replace("{file}", str(file)) for word in words]


def spent(recipe: AgentRecipe, session: Session | None) -> Usage:
    """What the agent will count as its use although earlier runs had it."""
    if session is None or recipe.resume is None:
        return Usage()
    return Usage(**{name: getattr(session.usage, name) for name in recipe.resume.counts_all})


def told(recipe: AgentRecipe, session: Session | None, own: Usage) -> Usage:
    """What the agent said it used in all: this run's own part, and what it counts of earlier ones."""
    before = spent(recipe, session)
    cost = own.cost_usd if before.cost_usd is None or own.cost_usd is None else before.cost_usd + own.cost_usd
    return Usage(
        before.input_tokens + own.input_tokens,
        before.output_tokens + own.output_tokens,
        before.cache_read_tokens + own.cache_read_tokens,
        before.cache_write_tokens + own.cache_write_tokens,
        cost,
    )


def was_refused(outcome: Outcome) -> bool:
    """Whether the agent ended at once because it does not know the conversation it was asked to go on with."""
    return outcome.exit_code != 0 and not (outcome.session or outcome.finish or outcome.stopped or outcome.trouble)


def restore(space: Workspace, recipe: AgentRecipe, session: Session, user: User | None) -> Path:
    """Write the conversation where the agent looks for it; where that is. Raises BadSession, OSError."""
    name = _name(space, _resume(recipe, session.id), session.id)
    if "*" in name:
        if not _fits(session.path, name):
            raise BadSession("its file would lie where the agent does not look")
        name = session.path
    return lay(space.home, name, _unpacked(session.data), user)


def take(space: Workspace, recipe: AgentRecipe, session_id: str, mask: Mask, *, usage: Usage) -> Session:
    """The conversation as the agent left it, without the secrets the runner knows. Every process of the agent is dead.

    Raises BadSession, which says why there is nothing to keep.
    """
    at, content = _left(space, recipe, session_id)
    return _packed(_without(recipe, content), session_id, str(at.relative_to(space.home)), mask, usage)


def record(space: Workspace, recipe: AgentRecipe, session_id: str) -> bytes:
    """The conversation's file as it is, for what the agent noted in it. Raises BadSession."""
    return _left(space, recipe, session_id)[1]


def _left(space: Workspace, recipe: AgentRecipe, session_id: str) -> tuple[Path, bytes]:
    at = _found(space, _name(space, _resume(recipe, session_id), session_id))
    try:
        if at.resolve(strict=True) != at:  # HOME itself is resolved, so only the agent can have put a link in between
            raise BadSession("its file is a link")
        return at, _read(at)
    except OSError as error:
        raise BadSession(f"its file cannot be read ({error.strerror})") from error


def saved(capture: Capture, recipe: AgentRecipe, session_id: str, mask: Mask, *, usage: Usage) -> Session:
    """The conversation as the agent's `save` command printed it. Raises BadSession."""
    path = _resume(recipe, session_id).path.replace("{session}", session_id)
    if not capture.content.strip():
        raise BadSession("the agent printed nothing of it")
    if len(capture.content) > MOST_BYTES:
        raise BadSession(f"it is longer than {MOST_BYTES // 1024**2} MB")
    return _packed(_without(recipe, bytes(capture.content)), session_id, path, mask, usage)


def _without(recipe: AgentRecipe, content: bytes) -> bytes:
    if recipe.resume is None or not recipe.resume.drops:
        return content
    drops = re.compile(recipe.resume.drops.encode())
    return b"".join(line for line in content.splitlines(keepends=True) if not drops.match(line))


def _packed(content: bytes, session_id: str, path: str, mask: Mask, usage: Usage) -> Session:
    hidden = mask.text(content.decode(errors="replace")).encode()
    data = base64.b64encode(zlib.compress(hidden, level=6)).decode()
    if len(data) > MAX_SESSION:
        raise BadSession(f"it is too long ({len(data) // 1024:,} KB packed)")
    return Session(session_id, data, path, usage)


def _resume(recipe: AgentRecipe, session_id: str) -> Resume:
    """The agent prints its session's name, so it may print anything: only a plain name becomes a path or a word."""
    if recipe.resume is None or not re.fullmatch(SESSION_ID, session_id):
        raise BadSession("it has no name that could be resumed")
    return recipe.resume


def _name(space: Workspace, resume: Resume, session_id: str) -> str:
    directory = re.sub(r"[^A-Za-z0-9]", "-", str(space.repo))
    name = resume.path.replace("{directory}", directory).replace("{session}", session_id)
    if name.startswith("/") or ".." in name.split("/"):
        raise BadSession("its file would lie outside the agent's home")
    return name


def _fits(path: str, pattern: str) -> bool:
    """Name by name, so that a `*` never stands for a folder more."""
    names, wanted = path.split("/"), pattern.split("/")
    pairs = zip(names, wanted, strict=False)
    return len(names) == len(wanted) and ".." not in names and all(fnmatchcase(name, like) for name, like in pairs)


def _found(space: Workspace, name: str) -> Path:
    """The file of that name, or the newest of those that fit."""
    if "*" not in name:
        return space.home / name
    there = sorted(space.home.glob(name), key=lambda path: path.lstat().st_mtime)
    if not there:
        raise BadSession("its file is not where the agent keeps such files")
    return there[-1]


def _read(at: Path) -> bytes:
    with os.fdopen(os.open(at, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        # A second name could belong to a file that is not the agent's to read.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise BadSession("its file is no plain file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadSession(f"it is longer than {MOST_BYTES // 1024**2} MB")
    return content


def _unpacked(data: str) -> bytes:
    try:
        inflate = zlib.decompressobj()
        content = inflate.decompress(base64.b64decode(data, validate=True), MOST_BYTES)
    except (ValueError, zlib.error) as error:
        raise BadSession("what Porter kept of it cannot be read") from error
    if inflate.unconsumed_tail:
        raise BadSession(f"it is longer than {MOST_BYTES // 1024**2} MB")
    return content
