"""The job document: all that a machine is told, put together when it asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from intake.errors import Unknown
from jobs import held, readiness
from jobs.bootstrap import Services
from jobs.readiness import Asker
from jobs.roster import Roster
from jobs.settings import chosen
from store import audit, sessions
from store.errors import VaultError
from store.records import Run, RunKind, Task
from worker.agents import Agent, recipe
from worker.contract import JobDocument, Limits, Session

log = logging.getLogger(__name__)

_SUBJECT = 72  # characters; git's own tools cut there


def document(
    services: Services, roster: Roster, task: Task, run: Run, *, clone_token: str, settings: Mapping[str, str]
) -> JobDocument:
    """The job of a run that is ready for its machine (`is_ready`). `settings`: variables an agent may name.

    Raises Unknown when the task's agent is in the roster no more.
    """
    agent = roster.find(task.agent)
    if agent is None:
        raise Unknown(f"there is no agent {task.agent} any more", action="put it back into the agents file, then retry")
    config = services.config
    bot = f"{config.github_app_slug}[bot]"
    return JobDocument(
        task_id=task.id,
        run_id=run.id,
        repository=task.repository,
        clone_url=f"{config.github_url}/{task.repository}.git",
        base_branch=task.base_branch or "",
        branch=task.branch or "",
        prompt=run.prompt or "",
        commit_message=commit_message(task),
        author_name=bot,
        author_email=f"{bot}@users.noreply.github.com",
        agent=recipe(agent, model=task.model, effort=_effort(run, agent), settings=settings),
        keys=keys(services, agent, task),
        clone_token=clone_token,
        limits=Limits(
            total=float(chosen(run.inputs, "timeout_seconds", _asked(task) or config.task_timeout_seconds)),
            stall=float(chosen(run.inputs, "stall_seconds", config.stall_timeout_seconds)),
        ),
        setup_commands=chosen(run.inputs, "setup", []),
        test_command=None if chosen(run.inputs, "no_tests", False) else chosen(run.inputs, "test_command", None),
        policy=held.policy(run),
        continue_branch=run.kind is RunKind.FOLLOW_UP,
        last_head=task.head_sha if run.kind is RunKind.FOLLOW_UP else None,
        session=conversation(services, task, run),
    )


def _asked(task: Task) -> Any:
    return task.flags.get("timeout_seconds")  # of a run that an older Porter launched


def _effort(run: Run, agent: Agent) -> str | None:
    effort: str | None = chosen(run.inputs, "effort", None)
    if effort and not agent.takes_effort:
        log.info("the agent takes no effort, so it is left out", extra={"action": "effort_ignored", "run": run.id})
    return effort


def is_ready(task: Task, run: Run) -> bool:
    """Whether the launch has decided everything that the document holds."""
    return bool(run.prompt and task.branch and task.base_branch)


def conversation(services: Services, task: Task, run: Run) -> Session | None:
    """What a follow-up's agent goes on with: its own conversation, kept from the run before."""
    if run.kind is not RunKind.FOLLOW_UP:
        return None
    try:
        kept = sessions.find(services.db, services.vault, task.id, task.agent)
    except VaultError:
        # Its vault key is gone. The prompt says all that is needed, so the agent begins anew.
        log.exception("a conversation does not open", extra={"action": "vault_error", "run": run.id})
        return None
    return Session.from_json(asdict(kept)) if kept else None


def keys(services: Services, agent: Agent, task: Task) -> dict[str, str]:
    """The provider keys of this one agent, for this repository and person. Raises VaultError."""
    return readiness.keys(services, agent, Asker(task.repository, task.requested_by))


def note_use(services: Services, roster: Roster, task: Task, run: Run) -> None:
    """Write down, once a run, which keys its machine was given."""
    agent = roster.find(task.agent)
    found = readiness.sources(services.db, agent, Asker(task.repository, task.requested_by)) if agent else {}
    for name, owner in found.items():
        audit.note(
            services.db, who="porter", action="secret_used", what=f"{owner}/{name}", now=services.clock(),
            detail=f"{task.agent} in {task.repository}, asked for by {task.requested_by} (run {run.id})",
            once=f"used:{run.id}:{owner}/{name}",
        )  # fmt: skip


def commit_message(task: Task) -> str:
    """For what the agent left uncommitted."""
    words = task.issue_title or task.instructions or f"Work of {task.agent}"
    subject = " ".join(words.split())
    if len(subject) > _SUBJECT:
        subject = subject[: _SUBJECT - 1].rstrip() + "…"
    about = f" for #{task.issue_number}" if task.issue_number else ""
    return f"{subject}\n\nMade by {task.agent}{about}, asked by {task.requested_by} (task {task.id})."
