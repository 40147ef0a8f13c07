"""The demo's story: a person comments, and we watch what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx

from jobs.bootstrap import Services
from porter import demo_files
from porter.errors import StartError
from porter.supervisor import Supervisor
from store import deliveries, events, tasks
from store.records import Delivery, Event, Task, Verdict

_PATIENCE = 120.0  # seconds

T = TypeVar("T")


@dataclass(frozen=True)
class Story:
    """What came of the comment. Times are seconds since the webhook was received."""

    task_id: str
    status: str
    outcome: str | None
    message: str
    branch: str | None
    commit: str | None
    pull_request_number: int | None
    pull_request_url: str | None
    comment: str
    seconds_to_machine: float | None
    seconds_to_pull_request: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def play(services: Services, supervisor: Supervisor, *, github: str, comment: str, say: Callable[[str], None]) -> Story:
    """Comment as maria on the demo's issue, tell each event, and answer how it ended."""
    before = {delivery.id for delivery in deliveries.latest(services.db)}
    post_comment(github, comment, issue=demo_files.ISSUE)
    delivery = _wait(supervisor, lambda: _accepted(services, before), "the webhook did not arrive at the intake")
    task_id = delivery.task_ids[0]
    teller = _Teller(services, task_id, delivery.received_at, say)
    _wait(supervisor, teller.ended, "the task did not end")
    return _story(services, delivery, tasks.get(services.db, task_id))


def post_comment(github: str, body: str, *, issue: int, login: str = "maria") -> None:
    """What the box on the issue's page does when a person presses the button."""
    url = f"{github}/{demo_files.REPOSITORY}/issues/{issue}/comments"
    answer = httpx.post(url, data={"who": login, "body": body}, headers={"Origin": github})
    if answer.status_code >= 400:
        raise StartError(f"the stand-in for GitHub refused the comment: {answer.status_code}")


class _Teller:
    """Says each new event once; knows when the task has ended and its comment shows it."""

    def __init__(self, services: Services, task_id: str, begun: datetime, say: Callable[[str], None]) -> None:
        self.services, self.task_id, self.begun, self.say = services, task_id, begun, say
        self.seen = 0

    def ended(self) -> bool:
        for event in events.of_task(self.services.db, self.task_id, after=self.seen):
            self.seen = event.id
            self.say(f"{(event.at - self.begun).total_seconds():5.1f} s  {event.text}")
        task = tasks.get(self.services.db, self.task_id)
        return not task.is_live and task.comment_version >= task.version


def _accepted(services: Services, before: set[str]) -> Delivery | None:
    for delivery in deliveries.latest(services.db):
        if delivery.id not in before and delivery.verdict is Verdict.ACCEPTED and delivery.task_ids:
            return delivery
    return None


def _story(services: Services, delivery: Delivery, task: Task) -> Story:
    history = events.of_task(services.db, task.id)
    return Story(
        task_id=task.id,
        status=task.status,
        outcome=task.outcome,
        message=task.message,
        branch=task.branch,
        commit=task.head_sha,
        pull_request_number=task.pr_number,
        pull_request_url=task.pr_url,
        comment=_comment_body(services, task),
        seconds_to_machine=_seconds(history, "machine", delivery.received_at),
        seconds_to_pull_request=_seconds(history, "pull_request", delivery.received_at),
    )


def _comment_body(services: Services, task: Task) -> str:
    if task.status_comment_id is None:
        return ""
    url = f"{services.config.github_api_url}/repos/{task.repository}/issues/comments/{task.status_comment_id}"
    answer = httpx.get(url, headers={"User-Agent": "porter-demo"})  # as anybody may read a public repository
    return str(answer.raise_for_status().json()["body"])


def _seconds(history: list[Event], kind: str, begun: datetime) -> float | None:
    for event in history:
        if event.kind == kind:
            return round((event.at - begun).total_seconds(), 3)
    return None


def _wait(supervisor: Supervisor, found: Callable[[], T | None], complaint: str) -> T:
    box: list[T] = []

    def check() -> bool:
        value = found()
        if value:
            box.append(value)
        return bool(value)

    if not supervisor.watch(until=check, seconds=_PATIENCE):
        raise StartError(f"{complaint} within {_PATIENCE:.0f} s; see {supervisor.logs}")
    return box[0]
