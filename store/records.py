"""What callers see of the tables: frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from store.lifecycle import LIVE, Outcome, Status


class Priority(StrEnum):
    """Which launch queue a task waits in."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class RunKind(StrEnum):
    """Why a run was started."""

    FIRST = "first"
    RETRY = "retry"
    FOLLOW_UP = "follow_up"


class Verdict(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class NewTask:
    """A request to do work, before it has an id. `comment_id` and `comment_line` name the command it came from;
    `asked_at` is GitHub's time of it; `asked_key` and `asked_digest` as `store.once` makes them."""

    repository: str
    requested_by: str
    agent: str
    source: str
    installation_id: int | None = None
    issue_number: int | None = None
    issue_title: str = ""
    comment_id: int | None = None
    comment_line: int | None = None
    asked_at: datetime | None = None
    model: str | None = None
    priority: Priority = Priority.NORMAL
    base_branch: str | None = None
    instructions: str = ""
    flags: dict[str, Any] = field(default_factory=dict)
    asked_key: str | None = None
    asked_digest: str | None = None


@dataclass(frozen=True)
class Task:
    """A request to do work; a row that lives for ever. Times in UTC, cost in US dollars, `percent` 0 to 100."""

    id: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    status: Status
    outcome: Outcome | None
    reason: str | None
    message: str
    version: int
    run_id: str
    source: str
    repository: str
    installation_id: int | None
    issue_number: int | None
    issue_title: str
    comment_id: int | None
    comment_line: int | None
    asked_at: datetime | None
    requested_by: str
    agent: str
    model: str | None
    priority: Priority
    base_branch: str | None
    instructions: str
    flags: dict[str, Any]
    asked_key: str | None
    asked_digest: str | None
    branch: str | None
    base_sha: str | None
    head_sha: str | None
    pr_number: int | None
    pr_url: str | None
    pr_state: str | None
    pr_state_at: datetime | None
    pr_opened_at: datetime | None
    files_changed: int
    additions: int
    deletions: int
    summary: str
    step: str
    percent: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: float | None
    machine_seconds: float
    status_comment_id: int | None
    comment_version: int
    comment_edited_at: datetime | None
    label_shown: str | None

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True)
class Run:
    """One attempt at a task on one machine. `result` is the runner's last word (worker/contract.py: Result)."""

    id: str
    task_id: str
    number: int
    kind: RunKind
    created_at: datetime
    fence: int
    lease_until: datetime | None
    attempts: int
    due_at: datetime | None
    enqueued_at: datetime | None
    waits_for: str | None
    prompt: str | None
    host: str | None
    machine_id: str | None
    region: str | None
    image: str | None
    launched_at: datetime | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    deadline: datetime | None
    destroyed_at: datetime | None
    inputs: dict[str, Any]
    follow_up_id: str | None
    phase: str | None
    report_seq: int
    cancel_requested_at: datetime | None
    cancelled_by: str | None
    discarded: bool
    result: dict[str, Any] | None
    usage: dict[str, Any]
    finished_at: datetime | None


@dataclass(frozen=True)
class Event:
    """One line of a task's history."""

    id: int
    task_id: str
    run_id: str | None
    at: datetime
    kind: str
    text: str
    actor: str


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log; `n` counts from 1 within the run."""

    run_id: str
    n: int
    at: datetime
    level: str
    kind: str
    text: str


@dataclass(frozen=True)
class Delivery:
    """One webhook from GitHub, and what became of it."""

    id: str
    event: str
    received_at: datetime
    verdict: Verdict
    reason: str = ""
    content_key: str | None = None
    action: str | None = None
    repository: str | None = None
    sender: str | None = None
    task_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Repository:
    """What a delivery told of a repository."""

    full_name: str
    github_id: int | None
    installation_id: int | None
    default_branch: str | None
    private: bool


@dataclass(frozen=True)
class NewRequest:
    """What a comment asks of Porter itself, before it has an id.

    `verb`: `stop`, `retry`, `status`, `help` (`argument` names an agent or is empty), or `mistake` (`argument` is
    the explanation to post, in Porter's own words). `flags` are the stored inputs that a `retry` replaces.
    `remark_id` instead of `comment_id`: it stands in a comment on a line of a pull request.
    """

    repository: str
    issue_number: int
    sender: str
    verb: str
    argument: str = ""
    flags: dict[str, Any] = field(default_factory=dict)
    installation_id: int | None = None
    comment_id: int | None = None
    comment_line: int | None = None
    remark_id: int | None = None


@dataclass(frozen=True)
class Request:
    """The same once stored. `answer` says what became of it: `done`, `refused`, `not_permitted`, `nothing_to_do`."""

    id: str
    delivery_id: str | None
    repository: str
    installation_id: int | None
    issue_number: int
    comment_id: int | None
    comment_line: int | None
    remark_id: int | None
    sender: str
    verb: str
    argument: str
    flags: dict[str, Any]
    created_at: datetime
    lease_until: datetime | None
    attempts: int
    due_at: datetime | None
    done_at: datetime | None
    answer: str | None


@dataclass(frozen=True)
class NewFollowUp:
    """Feedback on a pull request that is to become commits on its branch. `source_key` names what it came from, once:
    `comment:<id>:<line>`, `review:<id>` or `review_comment:<id>` on GitHub, `asked:<number>` in Porter itself. `place`:
    where in a review the flags stand; 0 in its own words, else the remark's id."""

    task_id: str
    source_key: str
    requested_by: str
    instructions: str = ""
    flags: dict[str, Any] = field(default_factory=dict)
    place: int = 0


@dataclass(frozen=True)
class FollowUp:
    """The same with its fate: `run_id` once it was started, `refused` (a sentence) when it cannot be. `flags` are those
    that count; `said` are those of each place."""

    id: str
    task_id: str
    source_key: str
    asked_at: datetime
    requested_by: str
    instructions: str
    flags: dict[str, Any]
    said: dict[str, dict[str, Any]]
    run_id: str | None
    started_at: datetime | None
    answered_at: datetime | None
    refused: str | None


@dataclass(frozen=True)
class HeldChange:
    """Work that waits for a person: why (`findings`), the diff that is shown, the very bundle that would be pushed."""

    run_id: str
    task_id: str
    held_at: datetime
    findings: list[dict[str, Any]]
    base_sha: str
    head_sha: str
    bundle: bytes
    diff: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    pushed_at: datetime | None
