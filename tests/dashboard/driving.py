"""Run ASGI code that waits for nothing outside, without an event loop: the browser's tests keep one in this thread."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end. Raises AssertionError when it waits for something."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise AssertionError("it waits for something that never comes here")
