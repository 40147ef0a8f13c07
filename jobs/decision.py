"""`@porter approve` and `@porter reject`: what a person says about a held change, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobs import held
from jobs.bootstrap import Services
from jobs.cleaning import code
from store import held_changes, tasks
from store.errors import AlreadyDecided, NotHeld
from store.records import HeldChange, Request, Task


def approve(services: Services, request: Request) -> str:
    """Do what the request says, and the words that answer it."""
    return _decide(services, request, held_changes.APPROVE, held.approve)


def reject(services: Services, request: Request) -> str:
    """The same for a refusal."""
    return _decide(services, request, held_changes.REJECT, held.reject)


def _decide(services: Services, request: Request, decision: str, act: Callable[..., Task]) -> str:
    concerned = _of_issue(services, request)
    waiting = [task for task in concerned if held_changes.waiting(services.db, task.id)]
    mention = services.config.mention
    if len(waiting) > 1:
        return several(waiting, "approve" if decision == held_changes.APPROVE else "reject", mention)
    if not waiting:
        return _too_late(services, request, concerned, decision)
    try:
        act(services, waiting[0].id, by=request.sender)
    except (AlreadyDecided, NotHeld):
        return _too_late(services, request, concerned, decision)
    return decided(waiting[0], decision, by=request.sender)


def _too_late(services: Services, request: Request, concerned: Sequence[Task], decision: str) -> str:
    """A repeated answer finds its own decision taken: it says what it would have said."""
    for task in concerned:
        kept = held_changes.shown(services.db, task.run_id)
        if kept is not None and kept.decision is not None:
            own = kept.decided_by == request.sender and kept.decision == decision
            if own and kept.decided_at is not None and kept.decided_at >= request.created_at:
                return decided(task, decision, by=request.sender)
            return was_decided(task, kept)
    return nothing_waits()


def decided(task: Task, decision: str, *, by: str) -> str:
    if decision == held_changes.APPROVE:
        return (
            f"{code(by, 60)} approved the change of {code(task.agent)}. Exactly what was shown is pushed now; "
            "the status comment tells when the pull request is there."
        )
    return f"{code(by, 60)} rejected the change of {code(task.agent)}. It was not pushed, and the task has ended."


def was_decided(task: Task, kept: HeldChange) -> str:
    by = code(kept.decided_by or "somebody", 60)
    return f"{by} has {kept.decision} the change of {code(task.agent)} already."


def nothing_waits() -> str:
    return "No change of Porter's waits for approval here."


def several(waiting: Sequence[Task], verb: str, mention: str) -> str:
    names = ", ".join(dict.fromkeys(code(task.agent) for task in waiting))
    return (
        f"Several changes wait here ({names}). Say which: `@{mention} {verb} {waiting[0].agent}`, or use the task page."
    )


def _of_issue(services: Services, request: Request) -> list[Task]:
    found = tasks.on_issue(services.db, request.repository, request.issue_number)
    return [task for task in found if not request.argument or task.agent == request.argument]
