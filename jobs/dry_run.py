"""`--dry-run`: what would run, with what, and why; nothing is launched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from jobs import deciding, prompt, readiness, repository, roster
from jobs.bootstrap import Services
from jobs.cleaning import code, inert, one_line
from jobs.comments import duration
from jobs.readiness import Asker
from jobs.settings import Inputs, Value
from jobs.sources import Fetching, Subject
from store.lifecycle import Status
from store.records import Priority, Request, Task


def answer(services: Services, request: Request) -> str:
    """The words that answer the request. Raises a GitHubError."""
    here = repository.of(services, request.repository, request.installation_id)
    task = _imagined(services, request)
    inputs, found = deciding.preview(services, here, task)
    base = inputs.base_branch.value or here.default_branch()
    obstacles = [*_not_ready(services, task, inputs)]
    if not here.has_branch(base):
        obstacles.append(f"there is no branch {base} to start from")
    fatal = found.fatal(frozenset())
    if fatal is not None:
        obstacles.append(f"{found.path} on the default branch is wrong: {fatal}")
    with Fetching(services, here) as fetching:
        material = fetching.material(Subject(task, inputs, base, deciding.advice(services, task, inputs)))
    return words(inputs, size=len(prompt.build(material, budget=services.config.prompt_budget)), obstacles=obstacles)


def words(inputs: Inputs, *, size: int, obstacles: Sequence[str]) -> str:
    """Pure. `size` of the prompt in characters; `obstacles`: why it would fail."""
    tests = inputs.test_command if not inputs.no_tests.value else Value(None, inputs.no_tests.source)
    rows: list[tuple[str, Value[Any], str]] = [
        ("Agent", inputs.agent, code(inputs.agent.value)),
        ("Model", inputs.model, code(inputs.model.value, 80) if inputs.model.value else "the agent's own default"),
        ("Starts from", inputs.base_branch, code(inputs.base_branch.value or "?", 200)),
        ("Time limit", inputs.timeout_seconds, duration(inputs.timeout_seconds.value)),
        ("Setup", inputs.setup, ", ".join(code(one, 120) for one in inputs.setup.value) or "none"),
        ("Tests", tests, code(tests.value, 120) if tests.value else "none"),
        ("Priority", inputs.priority, inputs.priority.value),
        ("Draft", inputs.draft, "yes" if inputs.draft.value else "no"),
    ]
    table = ["| what | with | because of |", "| --- | --- | --- |"]
    table += [f"| {name} | {shown.replace('|', '&#124;')} | {value.source} |" for name, value, shown in rows]
    would = f"The prompt would have {size:,} characters."
    trouble = "".join(f"\n\n⚠️ It would fail: {inert(one_line(one, 300))}." for one in obstacles)
    return "Nothing was started. This is what would run:\n\n" + "\n".join(table) + f"\n\n{would}{trouble}"


def _not_ready(services: Services, task: Task, inputs: Inputs) -> list[str]:
    agent = roster.load(services.config.default_agent, services.config.agents_file).find(inputs.agent.value)
    if agent is None:
        return [f"there is no agent {inputs.agent.value} here"]
    why = readiness.obstacle(services.db, agent, Asker(task.repository, task.requested_by))
    return [why] if why else []


def _imagined(services: Services, request: Request) -> Task:
    """The task that the command would make; what only a stored task has is left empty."""
    flags = dict(request.flags)
    asked: dict[str, Any] = {
        "repository": request.repository, "installation_id": request.installation_id, "source": "comment",
        "issue_number": request.issue_number, "issue_title": "", "requested_by": request.sender,
        "created_at": request.created_at, "updated_at": request.created_at, "status": Status.QUEUED,
        "comment_id": request.comment_id, "comment_line": request.comment_line,
        "model": flags.pop("model", None), "base_branch": flags.pop("base_branch", None),
        "priority": Priority(flags.pop("priority", Priority.NORMAL)),
        "instructions": str(flags.pop("instructions", "")),
        "agent": request.argument or services.config.default_agent,
    }  # fmt: skip
    if request.argument:
        flags["agent"] = request.argument
    empty: dict[str, Any] = dict.fromkeys(one.name for one in fields(Task))
    return Task(**(empty | asked | {"id": request.id, "flags": flags, "message": "", "summary": "", "step": ""}))
