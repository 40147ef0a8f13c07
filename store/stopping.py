"""What a run that was told to stop may still do: end its agent, and save what that had done. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from store.records import Run

HEARING = timedelta(seconds=8)  # for the machine to hear of it; one that has not by then is destroyed
SAVING = timedelta(seconds=30)  # for one that has, until its work so far is on its branch


def grace_over(run: Run, now: datetime) -> bool:
    """Whether the machine of a run that was told to stop has had its time. The answer to each report carries the
    order, so a report since then means that the machine knows."""
    asked = run.cancel_requested_at
    if asked is None:
        return False
    has_heard = run.heartbeat_at is not None and run.heartbeat_at > asked
    return now >= asked + (SAVING if has_heard else HEARING)


def may_save(run: Run, now: datetime) -> bool:
    """Whether the machine may still push: what it has asked for before its time is over, it gets. Never what would go
    onto a pull request that was turned down."""
    if run.discarded:
        return False
    asked = run.cancel_requested_at
    return run.finished_at is None and run.result is None and (asked is None or now < asked + SAVING)
