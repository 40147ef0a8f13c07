"""A new task as the JSON its form draws, and as the wish that the form sends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median
from typing import Any, Self

from dashboard import present
from dashboard.lookout import Glimpse
from dashboard.templates import TEMPLATES
from jobs.dispatching import IssueChoice, Wish
from jobs.errors import ConfigurationError
from jobs.github.errors import GitHubRefused
from store.estimates import Took
from store.records import Priority, Task
from worker.agents import Agent

_LONGEST = 250  # characters of what is no prompt
_IN_THE_ADDRESS = ("repository", "issue", "agent", "model", "base", "priority")


@dataclass(frozen=True)
class Form:
    """What the reader filled in so far, as text. `q`: what they search an issue by."""

    repository: str = ""
    issue: str = ""
    agent: str = ""
    model: str = ""
    base: str = ""
    priority: str = Priority.NORMAL.value
    prompt: str = ""
    q: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From the address, or from what the form sent."""
        found = {name: str(told.get(name) or "").strip() for name in cls.__dataclass_fields__}
        found |= {name: value[:_LONGEST] for name, value in found.items() if name != "prompt"}
        if found["priority"] not in set(Priority):
            found["priority"] = Priority.NORMAL.value
        return cls(**found | {"issue": found["issue"].removeprefix("#")})

    def params(self) -> dict[str, str]:
        """What of it stands in the address: all but the prompt, which may be long and is nobody else's."""
        told = {name: value for name, value in asdict(self).items() if name in _IN_THE_ADDRESS and value}
        if self.priority == Priority.NORMAL:
            told.pop("priority")
        return told

    def faults(self) -> dict[str, str]:
        """What is wrong, by field, as sentences; empty when it can be asked for."""
        found = {}
        if not self.repository:
            found["repository"] = "Choose the repository to work in."
        elif self.repository.count("/") != 1 or not all(self.repository.split("/")):
            found["repository"] = "A repository's name looks like owner/name."
        if self.issue and not (self.issue.isascii() and self.issue.isdecimal()):
            found["issue"] = "Pick an issue from the list, or type its number."
        if not self.issue and not self.prompt:
            found["prompt"] = "Say what should be done, or pick an issue that does."
        return found

    def wish(self) -> Wish:
        """As the jobs understand it; only when there are no faults."""
        return Wish(
            self.repository, self.prompt, int(self.issue) if self.issue else None, agent=self.agent or None,
            model=self.model or None, base_branch=self.base or None, priority=Priority(self.priority),
        )  # fmt: skip


def drawn(
    form: Form,
    *,
    repositories: Sequence[str],
    issues: Glimpse[list[IssueChoice]],
    agents: Sequence[dict[str, Any]],
    took: Sequence[Took],
    recent: Sequence[dict[str, Any]],
    faults: Mapping[str, str],
    answer: int,
) -> dict[str, Any]:
    """All that the form shows. `answer` counts what was sent: the form takes the reader's words back only then."""
    return {
        "form": asdict(form),
        "repositories": sorted(repositories),
        "issues": {
            "of": form.repository,
            "q": form.q,
            "loading": bool(form.repository) and issues.value is None and issues.error is None,
            "items": [asdict(one) for one in issues.value or []],
            "problem": _problem(issues.error),
        },
        "agents": list(agents),
        "priorities": [{"key": one.value, "word": one.value.capitalize()} for one in Priority],
        "templates": TEMPLATES,
        "estimate": estimate(form, took),
        "recent": list(recent),
        "faults": dict(faults),
        "answer": answer,
    }


def agent_rows(agents: Sequence[Agent], default: str, configured: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every agent, those that can work first; the others say which key they lack."""
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "ready": one.has_key(configured),
            "why": "" if one.has_key(configured) else f"needs {one.keys[0]}{' or another' if one.keys[1:] else ''}",
            "keys": " or ".join(one.keys),
            "default": one.name == default,
            "models": [model.name for model in one.models],
            "own": one.default_model or "",
        }
        for one in agents
    ]
    return sorted(rows, key=lambda row: (not row["ready"], not row["default"], row["name"]))


def recent_rows(found: Sequence[Task], now: datetime, *, limit: int = 5) -> list[dict[str, Any]]:
    """What this person asked for last from here, each prompt once."""
    rows: dict[str, dict[str, Any]] = {}
    for task in found:
        if task.source == "dashboard" and task.instructions and task.instructions not in rows:
            form = Form(
                task.repository, "", task.agent, task.model or "", task.base_branch or "", prompt=task.instructions
            )
            rows[task.instructions] = {
                "key": task.id,
                "form": asdict(form),
                "line": present.excerpt(task.instructions, 110),
                "about": f"{task.repository} · {task.agent}",
                "when": present.ago(task.created_at, now),
            }
    return list(rows.values())[:limit]


def estimate(form: Form, took: Sequence[Took]) -> dict[str, str]:
    """What such a task took before, in words."""
    if not form.repository or not form.agent:
        return {"title": "", "text": "Choose a repository and an agent to see what such tasks took before."}
    if not took:
        return {"title": "No past runs", "text": f"{form.agent} has finished nothing in {form.repository} yet."}
    costs = [one.cost_usd for one in took if one.cost_usd is not None]
    figures = [present.duration(median(one.seconds for one in took)), present.money(median(costs)) if costs else ""]
    many = f"the last {len(took)} tasks that succeeded" if len(took) > 1 else "the one task that succeeded"
    tail = "" if costs else " What it cost was not told."
    return {
        "title": " · ".join(filter(None, figures)),
        "text": f"{'Median of' if len(took) > 1 else 'From'} {many} with {form.agent} in {form.repository}.{tail}",
    }


def _problem(error: Exception | None) -> str:
    match error:
        case None:
            return ""
        case ConfigurationError() | GitHubRefused():
            return present.sentence(str(error))
        case _:
            return (
                "GitHub does not answer, so its issues cannot be listed. Type the issue's number, or use words alone."
            )
