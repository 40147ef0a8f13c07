"""The life of a task: its statuses and the moves between them. Pure.

    queued     -> launching failed cancelled
    launching  -> queued running finishing failed cancelled timed_out
    running    -> finishing failed cancelled timed_out
    finishing  -> succeeded failed cancelled timed_out
    succeeded  -> queued
    failed     -> queued
    cancelled  -> queued
    timed_out  -> queued

The last four lines are taken only by an explicit retry or follow-up, which starts a new run. `launching -> queued` is a
launch that must be tried again later. A test holds this drawing against the table below.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"
    LAUNCHING = "launching"
    RUNNING = "running"
    FINISHING = "finishing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class Outcome(StrEnum):
    """What a succeeded task brought back."""

    PULL_REQUEST = "pull_request"
    NO_CHANGES = "no_changes"


LIVE = frozenset({Status.QUEUED, Status.LAUNCHING, Status.RUNNING, Status.FINISHING})
ENDED = frozenset(Status) - LIVE

MOVES: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.LAUNCHING, Status.FAILED, Status.CANCELLED}),
    Status.LAUNCHING: frozenset(
        {Status.QUEUED, Status.RUNNING, Status.FINISHING, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT}
    ),
    Status.RUNNING: frozenset({Status.FINISHING, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT}),
    Status.FINISHING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT}),
    Status.SUCCEEDED: frozenset({Status.QUEUED}),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.CANCELLED: frozenset({Status.QUEUED}),
    Status.TIMED_OUT: frozenset({Status.QUEUED}),
}


def allowed(was: Status, to: Status) -> bool:
    """Whether a task may go from `was` to `to`."""
    return to in MOVES[was]
