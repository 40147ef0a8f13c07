"""The runner without Porter: the log goes to standard error, the result to standard output and to CALLBACK_URL."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections import deque
from typing import Any

from worker.agents.stream import printable
from worker.contract import Ending, Kind, Level, Result, Session, Usage
from worker.environment import ByHand
from worker.errors import PorterAway
from worker.masking import Mask


class Alone:
    """A person's terminal as the runner's desk."""

    def __init__(self, start: ByHand, mask: Mask) -> None:
        self._start, self._mask = start, mask
        self._tail: deque[str] = deque(maxlen=40)

    def enter(self, phase: str) -> None:
        """The lines tell it."""

    def line(self, text: str, level: Level = Level.INFO, kind: Kind = Kind.STEP) -> None:
        text = printable(self._mask.text(text))
        self._tail.append(text)
        print(f"{level:7} {kind:6} {text}", file=sys.stderr, flush=True)  # noqa: T201

    def step(self, text: str) -> None:
        """The lines tell it."""

    def percent(self, value: int) -> None:
        """The lines tell it."""

    def used(self, usage: Usage) -> None:
        """The result tells it."""

    def keep(self, session: Session) -> None:
        """By hand there is no follow-up."""

    def push_token(self) -> str | None:
        return self._start.push_token

    def tail(self) -> list[str]:
        return list(self._tail)

    def finish(self, result: Result) -> bool:
        """True if the run ended well. Raises PorterAway if the callback cannot be delivered."""
        told = callback(self._start, result)
        print(json.dumps(told), flush=True)  # noqa: T201  this is the program's output
        if self._start.callback_url:
            _post(self._start.callback_url, self._start.callback_token, told)
        return result.held is None and result.ending in (Ending.CHANGES, Ending.NO_CHANGES)


def callback(start: ByHand, result: Result) -> dict[str, Any]:
    """The body the first Porter's callback had, with the whole result beside it."""
    good = result.held is None and result.ending in (Ending.CHANGES, Ending.NO_CHANGES)
    return {
        "task_id": start.job.task_id,
        "execution_id": start.job.run_id,
        "status": "complete" if good else "failed",
        "branch_name": result.branch,
        "base_branch": start.job.base_branch,
        "commit_hash": result.head_sha,
        "summary": result.summary or result.message,
        "error": None if good else result.message,
        "result": result.to_json(),
    }


def _post(url: str, token: str, body: dict[str, Any]) -> None:
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
        "X-Porter-Callback-Token": token,
        "User-Agent": "porter-worker",
    }
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers)  # noqa: S310  scheme checked
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        raise PorterAway(f"CALLBACK_URL answered {error.code}") from error
    except OSError as error:
        raise PorterAway(f"CALLBACK_URL cannot be reached: {error}") from error
