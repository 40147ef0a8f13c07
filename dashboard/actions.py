"""What a reader may do to a task: stop it, run it again. The answer is a sentence."""

from __future__ import annotations

from jobs.bootstrap import Services
from store import tasks
from store.errors import IllegalMove, NotFound
from store.lifecycle import Status


def stop(services: Services, task_id: str, *, by: str) -> str:
    """Stop the task, and wake who takes its machine away."""
    try:
        task = tasks.cancel(services.db, task_id, by=by, now=services.clock())
    except NotFound:
        return "There is no such task any more."
    except IllegalMove as refused:
        return f"Nothing to stop: it is {_word(refused.was)} already."
    services.queues.publish(task.id)
    if task.status is Status.CANCELLED:
        return "Stopped before a machine was started."
    # The runner hears of it with its next report and ends by itself; the sweep ends it when it does not.
    return "Stopping. The machine is told with its next report."


def retry(services: Services, task_id: str, *, by: str) -> str:
    """Give an ended task another run with the inputs it has."""
    try:
        task = tasks.restart(services.db, task_id, by=by, now=services.clock())
    except NotFound:
        return "There is no such task any more."
    except IllegalMove:
        return "It is at work already."
    services.queues.publish(task.id)
    if services.queues.launch(task.run_id, task.priority):
        return "Queued again."
    return "Queued again. Redis is away, so it starts when the sweep finds it."


def _word(status: Status) -> str:
    return status.value.replace("_", " ")
