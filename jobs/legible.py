"""Text of others, ready for a prompt: what a page would not show is gone or stands in the open. Pure."""

from __future__ import annotations

from jobs.cleaning import unhidden


def legible(text: str) -> str:
    """The text as a reader of the page would see it, with a note wherever something was hidden."""
    return unhidden(text).strip()
