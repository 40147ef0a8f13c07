"""Work that is asked for without a comment: from the dashboard, or by `POST /api/tasks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, Strict, TypeAdapter, ValidationError

from jobs import readiness, settings
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.issue_choices import IssueChoice, issues_of
from jobs.own_issue import TITLE, title
from jobs.readiness import Asker
from jobs.roster import Roster
from jobs.setting_kinds import LONGEST, SHORTEST, Branch, Model
from store import installations, senders, tasks
from store.once import Once
from store.records import NewTask, Priority, Task
from worker import agents
from worker.agents import Agent

__all__ = ["CannotDispatch", "IssueChoice", "NoKey", "Wish", "dispatch", "issues_of"]

MOST_WORDS = 65_536  # characters
_Switch = Annotated[bool, Strict()]
_Seconds = Annotated[int, Strict(), Field(ge=SHORTEST, le=LONGEST)]
_FLAGS: dict[str, TypeAdapter[Any]] = {
    **{name: TypeAdapter(_Switch) for name in ("draft", "no_tests", "with_thread")},
    "timeout_seconds": TypeAdapter(_Seconds),
}
_MODEL, _BRANCH = TypeAdapter[str](Model), TypeAdapter[str](Branch)


class CannotDispatch(JobError):
    """The wish cannot be carried out as it is; the message says why. `field` names what of it will not do, `action`
    says what to do about it."""

    def __init__(self, message: str, *, field: str = "", action: str | None = None) -> None:
        super().__init__(message)
        self.field, self.action = field, action


class NoKey(CannotDispatch):
    """The agent has no key to work with; an operator sets one."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants done. Without `issue_number` an issue is opened, with the instructions as its text and
    `title`, or their first line, above it. `flags` are inputs by the names that tasks store them under: `draft`,
    `no_tests`, `with_thread` (bool), `timeout_seconds` (number)."""

    repository: str
    instructions: str = ""
    issue_number: int | None = None
    title: str | None = None
    agent: str | None = None
    model: str | None = None
    base_branch: str | None = None
    priority: Priority = Priority.NORMAL
    flags: Mapping[str, Any] = field(default_factory=dict)


def dispatch(services: Services, roster: Roster, wish: Wish, *, by: str, source: str, once: Once | None = None) -> Task:
    """Start the work, in milliseconds and without a word to GitHub: the launch asks there. `by` is who wants it (a
    login, or the local operator); `source` is `dashboard` or `api`.

    Raises CannotDispatch (NoKey) with a sentence; AskedBefore when a task was made for `once`.
    """
    if source == "dashboard" and services.config.signs_in:
        _not_too_often(services, by)
    name, installation_id = _reachable(services, wish.repository)
    agent = _ready_agent(services, roster, wish.agent or _usual(services, roster, name), Asker(name, by))
    new = NewTask(
        repository=name,
        requested_by=by,
        agent=agent.name,
        source=source,
        installation_id=installation_id,
        issue_number=wish.issue_number,
        issue_title=_title(wish, agent),
        model=_checked(_MODEL, wish.model, "model", "that is not a model's name"),
        priority=wish.priority,
        base_branch=_checked(_BRANCH, wish.base_branch, "base_branch", "that is not a branch's name"),
        instructions=_words(wish),
        flags=_flags(wish.flags) | ({"agent": agent.name} if wish.agent else {}),
        asked_key=once.key if once else None,
        asked_digest=once.digest if once else None,
    )
    made = tasks.create(services.db, new, now=services.clock())
    services.queues.launch(made.run_id, made.priority)
    return made


def _not_too_often(services: Services, by: str) -> None:
    """The same limit as for comments, counted together."""
    most = services.config.max_commands_per_hour
    if senders.asked(services.db, by, since=services.clock() - timedelta(hours=1)).commands >= most:
        raise CannotDispatch(f"you asked {most} times within the hour, and those are the most", action="wait a little")


def _reachable(services: Services, repository: str) -> tuple[str, int | None]:
    """The repository by the name GitHub has for it, and its installation. One that was never heard of may be new, and
    the launch asks GitHub; but not when Porter is installed elsewhere only."""
    reach = installations.reach(services.db, repository)
    if reach.full_name is None and reach.elsewhere:
        raise CannotDispatch(
            f"Porter is not installed on {repository}",
            field="repository",
            action=f"install the GitHub App there; it is on {', '.join(reach.elsewhere)}",
        )
    if reach.is_over:
        raise CannotDispatch(
            f"Porter is no longer installed on {reach.full_name}, or its installation is suspended",
            field="repository",
            action="install the GitHub App there again",
        )
    return reach.full_name or repository, reach.installation_id


def _usual(services: Services, roster: Roster, repository: str) -> str:
    return settings.triggers(services.db, repository).default_agent or roster.default


def _ready_agent(services: Services, roster: Roster, word: str, asker: Asker) -> Agent:
    agent = roster.find(word)
    if agent is None:
        near = agents.nearest(word, roster.custom)
        known = ", ".join(agents.names(roster.custom))
        raise CannotDispatch("there is no such agent", field="agent", action=f"use {near or 'one of'} ({known})")
    if not readiness.is_on(services.db, agent.name):
        raise CannotDispatch(readiness.switched_off(agent), field="agent")
    if agent.needs_key and not readiness.sources(services.db, agent, asker):
        raise NoKey(f"{agent.title} has no key", field="agent", action=f"run: porter secret set {agent.keys[0]}")
    return agent


def _title(wish: Wish, agent: Agent) -> str:
    """Of an issue that is there GitHub knows the title."""
    if wish.issue_number is not None:
        return ""
    given = " ".join((wish.title or "").split())
    if len(given) > TITLE:
        raise CannotDispatch(f"a title has at most {TITLE} characters", field="title")
    return given or title(wish.instructions, agent.name)


def _words(wish: Wish) -> str:
    words = wish.instructions.replace("\0", "\ufffd")
    if wish.issue_number is None and not words.strip():
        raise CannotDispatch("say what is to be done, or name an issue", field="instructions")
    if len(words) > MOST_WORDS:
        raise CannotDispatch(f"instructions have at most {MOST_WORDS} characters", field="instructions")
    return words


def _flags(given: Mapping[str, Any]) -> dict[str, Any]:
    """Those that say something; a switch that is off says nothing."""
    for name in given:
        if name not in _FLAGS:
            raise CannotDispatch(f"there is no flag {name}; there are {', '.join(_FLAGS)}", field="flags")
    told = {
        name: _checked(_FLAGS[name], value, name, _WRONG.get(name, "is on or off")) for name, value in given.items()
    }
    return {name: value for name, value in told.items() if value is not None and value is not False}


def _checked(adapter: TypeAdapter[Any], value: Any, field: str, wrong: str) -> Any:
    """None, and no words at all, say nothing."""
    if value is None or value == "":
        return None
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise CannotDispatch(wrong, field=field) from None


_WRONG = {"timeout_seconds": f"is a whole number of seconds, from {SHORTEST} to {LONGEST}"}
