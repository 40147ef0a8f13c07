"""What can go wrong while Porter starts."""

from __future__ import annotations


class StartError(Exception):
    """Porter cannot start; the message says what to do."""
