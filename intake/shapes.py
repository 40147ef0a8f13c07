"""The shapes of the REST API: what it takes and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from intake.events import FullName, Login
from jobs.own_issue import TITLE
from jobs.setting_kinds import LONGEST, SHORTEST
from store.lifecycle import Outcome, Status
from store.records import Event, HeldChange, LogLine, Priority, Task


class Error(BaseModel):
    """The one shape of every error. `error` is stable; `message` is for people; `action` says what to do."""

    error: str
    message: str
    action: str | None = None
    actionUrl: str | None = None  # noqa: N815  the API's own spelling


class TaskPath(BaseModel):
    task_id: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9a-f]+$")]


class AgentPath(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=64)]


class ListQuery(BaseModel):
    """Which tasks. `after` is the `next` of the page before."""

    status: list[Status] = []
    repository: Annotated[str, Field(max_length=200)] | None = None
    issue_number: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    agent: Annotated[str, Field(max_length=64)] | None = None
    requested_by: Annotated[str, Field(max_length=100)] | None = None
    search: Annotated[str, Field(max_length=200)] | None = None
    after: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class LogQuery(BaseModel):
    """From behind line `after`, of the current run or of the run named."""

    after: Annotated[int, Field(ge=0, lt=2**31)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 500
    run_id: Annotated[str, Field(max_length=40)] | None = None


class TaskBody(BaseModel):
    """A request to do work: on an issue, or without `issue_number` on one that is opened with the instructions as its
    text and `title`, or their first line, above it. `requested_by`: the GitHub login on whose behalf, whom the
    repository must let write; embedded it may be left out."""

    model_config = ConfigDict(extra="forbid")

    repository: FullName
    issue_number: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    title: Annotated[str, Field(max_length=TITLE)] | None = None
    agent: Annotated[str, Field(max_length=64)] | None = None
    model: Annotated[str, Field(max_length=200)] | None = None
    priority: Priority = Priority.NORMAL
    draft: bool = False
    no_tests: bool = False
    with_thread: bool = False
    timeout_seconds: Annotated[int, Field(ge=SHORTEST, le=LONGEST)] | None = None
    instructions: Annotated[str, Field(max_length=65_536)] = ""
    base_branch: Annotated[str, Field(max_length=200)] | None = None
    requested_by: Login | None = None


class OnceHeader(BaseModel):
    """A name of the caller's own for a request that must be done once, such as a UUID. Sent again with the same body,
    it is answered with the task it made, and status 200; with another body it is refused."""

    idempotency_key: Annotated[str, Field(max_length=255, pattern=r"^[!-~]+$")] | None = Field(
        None, alias="Idempotency-Key"
    )


class TaskShape(BaseModel):
    """A task as the API shows it. Times in UTC, cost in US dollars, `percent` 0 to 100. `position`: how many tasks
    wait before it; null unless it is queued."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    run_id: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    status: Status
    outcome: Outcome | None
    reason: str | None
    message: str
    version: int
    source: str
    repository: str
    issue_number: int | None
    issue_title: str
    requested_by: str
    agent: str
    model: str | None
    priority: Priority
    base_branch: str | None
    instructions: str
    flags: dict[str, Any]
    branch: str | None
    head_sha: str | None
    pr_number: int | None
    pr_url: str | None
    pr_state: str | None
    files_changed: int
    additions: int
    deletions: int
    summary: str
    step: str
    percent: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    machine_seconds: float
    position: int | None = None


class TaskPage(BaseModel):
    """Tasks, newest first; `next` is the key of the following page, null at the end."""

    tasks: list[TaskShape]
    next: str | None


class LogShape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    n: int
    at: datetime
    level: str
    kind: str
    text: str


class LogPage(BaseModel):
    """Lines of one run, in order; ask again with `after=next`."""

    run_id: str
    lines: list[LogShape]
    next: int


class EventShape(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    run_id: str | None
    at: datetime
    kind: str
    text: str
    actor: str


class PriceShape(BaseModel):
    """US dollars for a million tokens; a cache price of null is the price of input."""

    input: float
    output: float
    cache_read: float | None
    cache_write: float | None


class ModelShape(BaseModel):
    """A model the agent is known to work with; others may work too. `price` null: not known."""

    name: str
    price: PriceShape | None


class AgentShape(BaseModel):
    """An agent. `ready`: it is `enabled`, and a key of it is configured for everyone, or it needs none; else
    `missing_keys`, any of which would do.

    `package` and `version` are what `installer` (npm or pip) puts into the image; both null: there is nothing to
    install. `default_model` null: the agent's own choice. `instructions` are the files of a repository it reads itself.
    """

    name: str
    title: str
    aliases: list[str]
    version: str | None
    package: str | None
    installer: Literal["npm", "pip"] | None
    keys: list[str]
    enabled: bool
    ready: bool
    missing_keys: list[str]
    why: Annotated[str, Field(description="One sentence: why it can be used, or what is missing.")]
    models: list[ModelShape]
    default_model: str | None
    takes_effort: bool
    instructions: list[str]
    default: bool


class AgentList(BaseModel):
    agents: list[AgentShape]


class ReviewBody(BaseModel):
    """Which task's change is decided on."""

    model_config = ConfigDict(extra="forbid")

    task_id: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9a-f]+$")]


class FindingShape(BaseModel):
    """One reason why a change waits."""

    rule: str
    path: str
    line: int | None
    words: str


class HeldShape(BaseModel):
    """A change that waits, or waited, for a person. `decision`: `approved` or `rejected`."""

    model_config = ConfigDict(from_attributes=True)

    task_id: str
    run_id: str
    held_at: datetime
    findings: list[FindingShape]
    base_sha: str
    head_sha: str
    diff: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    pushed_at: datetime | None


def held(found: HeldChange) -> dict[str, Any]:
    """The held change, ready for JSON; its bundle stays where it is."""
    return HeldShape.model_validate(found).model_dump(mode="json")


def task(found: Task, position: int | None) -> dict[str, Any]:
    """The task, ready for JSON."""
    return TaskShape.model_validate(found).model_copy(update={"position": position}).model_dump(mode="json")


def log_line(found: LogLine) -> dict[str, Any]:
    """The line, ready for JSON."""
    return LogShape.model_validate(found).model_dump(mode="json")


def event(found: Event) -> str:
    """The event as one line of JSON."""
    return EventShape.model_validate(found).model_dump_json()
