"""Decides what a run works with, once, when it is launched: from flags, the repository's file and the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jobs import config_file, roster, settings
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.client import Repository
from jobs.repository_config import ConfigFile
from jobs.settings import Inputs, Layers, Source, Value
from store import follow_ups, runs, tasks
from store.records import Priority, Run, RunKind, Task
from store.runs import Claim

# Flag, by its name in Inputs → the setting of the file that it makes needless.
_NEEDLESS = {
    "agent": "default_agent",
    "model": "model",
    "timeout_seconds": "timeout",
    "test_command": "test",
    "no_tests": "test",
}


class BadConfig(JobError):
    """The repository's configuration file is wrong where it matters; the message names the line."""


def decide(services: Services, claim: Claim, here: Repository, task: Task) -> Inputs:
    """The run's inputs, as they are kept with it. What another launch of the run decided stands.

    Raises BadConfig, a GitHubError.
    """
    run = runs.get(services.db, claim.run.id)
    if run.inputs:
        inputs = Inputs.from_json(run.inputs, settings.resolve(Layers(), services.config))
    else:
        inputs = _decided(services, here, task, run)
        runs.write(services.db, claim, inputs=inputs.to_json())
    _tell_task(services, task, inputs)
    return inputs


def preview(services: Services, here: Repository, task: Task) -> tuple[Inputs, ConfigFile]:
    """What would be decided for a task that is not launched, and the file it would be decided by. Raises a
    GitHubError."""
    found = config_file.read(services, here)
    asked = _layers(services, task, task.flags, found)
    return _resolved(services, task, asked, found), found


def advice(services: Services, task: Task, inputs: Inputs) -> list[str]:
    """What the operator tells every run, and what the repository does."""
    asked = settings.layers(services.db, repository=task.repository, user=task.requested_by)
    return [*settings.custom_prompts(asked, inputs.agent.value), inputs.instructions.value]


def _decided(services: Services, here: Repository, task: Task, run: Run) -> Inputs:
    found = config_file.read(services, here)
    config_file.note(services, task.repository, found)
    flags = task.flags
    if run.follow_up_id is not None:
        flags = flags | follow_ups.get(services.db, run.follow_up_id).flags
    asked = _layers(services, task, flags, found)
    _require_sound(services, here, task, found, asked)
    inputs = _resolved(services, task, asked, found)
    before = _stored(services, run)
    return settings.replayed(before, inputs) if before else inputs


def _layers(services: Services, task: Task, flags: dict[str, Any], found: ConfigFile) -> Layers:
    given: dict[str, Any] = {**flags, "model": flags.get("model") or task.model, "base_branch": task.base_branch}
    if task.priority is not Priority.NORMAL:
        given["priority"] = str(task.priority)
    return settings.layers(
        services.db, repository=task.repository, user=task.requested_by, flags=given, file=found.config.values()
    )


def _require_sound(services: Services, here: Repository, task: Task, found: ConfigFile, asked: Layers) -> None:
    """Say on the issue what is wrong with the file. Raises BadConfig when the run cannot do without it."""
    needless = frozenset(setting for flag, setting in _NEEDLESS.items() if asked.flags.get(flag))
    fatal = found.fatal(needless)
    if task.issue_number is not None:
        config_file.complain(services, here, task.issue_number, found, fatal=fatal)
    if fatal is not None:
        raise BadConfig(f"{found.path} on the default branch is wrong: {fatal}. Mend it there, then retry.")


def _resolved(services: Services, task: Task, asked: Layers, found: ConfigFile) -> Inputs:
    """Nobody has named an agent: then it is the one that was told when the task was made."""
    config = services.config
    own = config.model_copy(update={"default_agent": task.agent})
    inputs = settings.resolve(asked, own)
    known = roster.load(config.default_agent, config.agents_file).find(inputs.agent.value)
    if known is not None and known.name != inputs.agent.value:
        inputs = replace(inputs, agent=Value(known.name, inputs.agent.source))
    if inputs.base_branch.value is None:
        inputs = replace(inputs, base_branch=Value(found.branch, Source.BUILT_IN))
    return inputs


def _stored(services: Services, run: Run) -> dict[str, Any]:
    """The inputs of the run before, for one that repeats it or goes on."""
    if run.kind is RunKind.FIRST:
        return {}
    earlier = [one.inputs for one in runs.of_task(services.db, run.task_id) if one.number < run.number and one.inputs]
    return earlier[-1] if earlier else {}


def _tell_task(services: Services, task: Task, inputs: Inputs) -> None:
    """The task shows what its present run works with."""
    wanted: dict[str, Any] = {
        "agent": inputs.agent.value,
        "model": inputs.model.value,
        "base_branch": inputs.base_branch.value,
    }
    changes = {name: value for name, value in wanted.items() if getattr(task, name) != value}
    if changes:
        tasks.change(services.db, task.id, now=services.clock(), **changes)
