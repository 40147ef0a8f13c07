"""Doing one thing in several threads at the same moment, to see who wins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def race(*actions: Callable[[], T]) -> list[T | Exception]:
    """Start all actions at once; what each answered or raised, in their order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T | Exception:
        start.wait(timeout=10)
        try:
            return action()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def failures(results: Sequence[object]) -> list[Exception]:
    """Those that raised."""
    return [result for result in results if isinstance(result, Exception)]
