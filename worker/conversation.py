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
from pathlib import Path

from worker.contract import MAX_SESSION, SESSION_ID, AgentRecipe, Session
from worker.errors import BadSession
from worker.isolation import User
from worker.masking import Mask
from worker.supervise import Outcome
from worker.workspace import Workspace

MOST_BYTES = 64 * 1024 * 1024  # unpacked


def resumed(recipe: AgentRecipe, session: Session) -> list[str]:
    """The agent's argv that goes on with the conversation."""
    added = recipe.resume.argv if recipe.resume else []
    return [*recipe.argv, *(word.replace("{session}", session.id) for word in added)]


def spent(recipe: AgentRecipe, session: Session | None) -> float:
    """What the agent will count as its cost although earlier runs paid it, in US dollars."""
    counted = session is not None and recipe.resume is not None and recipe.resume.counts_all
    return (session.cost_usd or 0.0) if session and counted else 0.0


def was_refused(outcome: Outcome) -> bool:
    """Whether the agent ended at once because it does not know the conversation it was asked to go on with."""
    return outcome.exit_code != 0 and not (outcome.session or outcome.finish or outcome.stopped or outcome.trouble)


def restore(space: Workspace, recipe: AgentRecipe, session: Session, user: User | None) -> None:
    """Write the conversation where the agent looks for it. Raises BadSession, OSError."""
    at = _place(space, recipe, session.id)
    content = _unpacked(session.data)
    made = [folder for folder in (at, *at.parents) if folder != space.home and folder.is_relative_to(space.home)]
    for folder in reversed(made[1:]):
        folder.mkdir(mode=0o700, exist_ok=True)
    at.write_bytes(content)
    for path in made if user else ():
        os.chown(path, user.uid, user.gid)  # type: ignore[union-attr]  # without a user there is no path


def take(space: Workspace, recipe: AgentRecipe, session_id: str, mask: Mask, *, cost_usd: float | None) -> Session:
    """The conversation as the agent left it, without the secrets the runner knows. Every process of the agent is dead.

    Raises BadSession, which says why there is nothing to keep.
    """
    at = _place(space, recipe, session_id)
    try:
        if at.resolve(strict=True) != at:  # HOME itself is resolved, so only the agent can have put a link in between
            raise BadSession("its file is a link")
        content = _read(at)
    except OSError as error:
        raise BadSession(f"its file cannot be read ({error.strerror})") from error
    hidden = mask.text(content.decode(errors="replace")).encode()
    packed = base64.b64encode(zlib.compress(hidden, level=6)).decode()
    if len(packed) > MAX_SESSION:
        raise BadSession(f"it is too long ({len(packed) // 1024:,} KB packed)")
    return Session(session_id, packed, cost_usd)


def _place(space: Workspace, recipe: AgentRecipe, session_id: str) -> Path:
    """The agent prints its session's name, so it may print anything: only a plain name becomes a path."""
    if recipe.resume is None or not re.fullmatch(SESSION_ID, session_id):
        raise BadSession("it has no name that could be resumed")
    directory = re.sub(r"[^A-Za-z0-9]", "-", str(space.repo))
    path = space.home / recipe.resume.path.replace("{directory}", directory).replace("{session}", session_id)
    if ".." in path.parts or not path.is_relative_to(space.home):
        raise BadSession("its file would lie outside the agent's home")
    return path


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
