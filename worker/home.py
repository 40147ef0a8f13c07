"""Lays files below the agent's HOME: its CLI's settings, and a conversation to go on with."""

from __future__ import annotations

import os
from pathlib import Path

from worker.isolation import User


def lay(home: Path, name: str, content: bytes, user: User | None) -> Path:
    """Write `content` to the file `name` below HOME, for the agent's user. Where it lies. Raises OSError.

    Setup commands have run in this HOME already, so a link in the way is not followed: this may be root writing.
    """
    at = home / name
    if ".." in at.parts or not at.is_relative_to(home):
        raise PermissionError(f"{name} would lie outside the agent's home")
    made = [folder for folder in at.parents if folder != home and folder.is_relative_to(home)]
    for folder in reversed(made):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink():
            raise PermissionError(f"{folder.name} in the agent's home is a link")
    with os.fdopen(os.open(at, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
    for path in (at, *made) if user else ():
        os.chown(path, user.uid, user.gid, follow_symlinks=False)  # type: ignore[union-attr]  # no user, no path
    return at
