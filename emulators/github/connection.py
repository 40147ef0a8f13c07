"""Cutting a connection on purpose, as a network does."""

from __future__ import annotations

import contextlib
import socket
from typing import Any


def cut_line(environ: dict[str, Any]) -> None:
    """Shuts the client's socket, when the server lends it (werkzeug does); otherwise nothing happens."""
    line = environ.get("werkzeug.socket")
    if isinstance(line, socket.socket):
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
