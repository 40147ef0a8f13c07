"""What an admin may do on the Operations page. The answer is a sentence."""

from __future__ import annotations

from redis.exceptions import RedisError

from jobs import queue_view
from jobs.bootstrap import Services
from store import audit

REFUSED = "Only an admin of this Porter may do that. Nothing was done."
_AWAY = "Redis does not answer, so nothing was done."
_GONE = "It is no failed job any more."


def requeue(services: Services, queue: str, job_id: str, *, by: str) -> str:
    """Put one failed job back into its queue."""
    try:
        if not queue_view.requeue(services.queues, queue, job_id):
            return _GONE
    except RedisError:
        return _AWAY
    _note(services, "job_requeued", job_id, by)
    return f"Back in the queue {queue}, once."


def forget(services: Services, queue: str, job_id: str, *, by: str) -> str:
    """Take one failed job off the list."""
    try:
        if not queue_view.forget(services.queues, queue, job_id):
            return _GONE
    except RedisError:
        return _AWAY
    _note(services, "job_forgotten", job_id, by)
    return "Forgotten. What it was for, the sweep still sees."


def _note(services: Services, action: str, job_id: str, by: str) -> None:
    audit.note(services.db, who=by, action=action, what=job_id, now=services.clock())
