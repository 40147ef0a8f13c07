"""What a reader may do to a task: stop it, run it again, decide on its change. The answer is a sentence."""

from __future__ import annotations

from jobs import held
from jobs.bootstrap import Services
from store import tasks
from store.errors import AlreadyDecided, IllegalMove, NotFound, NotHeld
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


def retry(services: Services, task_id: str, *, by: str, words: str = "") -> str:
    """Give an ended task another run with the inputs it has; `words` are added to what was asked."""
    try:
        with services.db.write() as connection:
            task = tasks.lock(connection, task_id)
            asked = {"instructions": f"{task.instructions}\n\n{words}".strip()} if words else {}
            task = tasks.restart_in(connection, task_id, by=by, now=services.clock(), changes=asked)
    except NotFound:
        return "There is no such task any more."
    except IllegalMove:
        return "It is at work already."
    services.queues.publish(task.id)
    if services.queues.launch(task.run_id, task.priority):
        return "Queued again."
    return "Queued again. Redis is away, so it starts when the sweep finds it."


def approve(services: Services, task_id: str, *, run_id: str, by: str) -> str:
    """Let the held change of this run be pushed."""
    if words := _not_held(services, task_id, run_id):
        return words
    try:
        held.approve(services, task_id, by=by)
    except (NotHeld, AlreadyDecided) as late:
        return f"{str(late)[0].upper()}{str(late)[1:]}."
    return "Approved. Exactly this change is pushed now."


def reject(services: Services, task_id: str, *, run_id: str, by: str) -> str:
    """End the task without the held change of this run."""
    if words := _not_held(services, task_id, run_id):
        return words
    try:
        held.reject(services, task_id, by=by)
    except (NotHeld, AlreadyDecided) as late:
        return f"{str(late)[0].upper()}{str(late)[1:]}."
    return "Rejected. The change was not pushed."


def _not_held(services: Services, task_id: str, run_id: str) -> str:
    """Why this run has nothing to decide; empty when it has."""
    try:
        task = tasks.get(services.db, task_id)
    except NotFound:
        return "There is no such task any more."
    return "" if task.run_id == run_id else "Another run has begun since; look at it first."


def _word(status: Status) -> str:
    return status.value.replace("_", " ")
