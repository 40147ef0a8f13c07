"""The issue of a task that somebody asked for in Porter itself: the one they named, or one that is opened with their
words, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from jobs.bootstrap import Services
from jobs.cleaning import code, cut, one_line, visible
from jobs.errors import JobError
from jobs.gate import OPERATOR_SOURCES
from jobs.github.client import MAX_PAGES, PAGE, Repository
from jobs.github.errors import GitHubRefused
from jobs.github.knowledge import Knowledge, Thread
from jobs.status_comment import CLOCKS_APART
from store import events, tasks
from store.records import Task

_log = logging.getLogger(__name__)

TITLE = 120  # characters
_LONGEST = 60_000  # characters of the words; GitHub takes 65,536 altogether


class NoIssue(JobError):
    """The task has no issue to work on and can have none; the message says why, and what to do."""


def settle(services: Services, here: Repository, task: Task, *, hold_on: Callable[[], None]) -> Task:
    """The task with its issue: one that was named is looked at, else one is opened. May be killed at any line and run
    again. `hold_on` makes sure before each slow step that nobody else has taken over.

    Raises NoIssue, a GitHubError.
    """
    if task.issue_number is None:
        hold_on()
        number, heading, opened = _opened(services, here, task, hold_on)
    elif task.source in OPERATOR_SOURCES and not task.issue_title:
        number, heading, opened = task.issue_number, _named(services, here, task.issue_number), False
    else:
        return task
    hold_on()
    with services.db.write() as connection:
        now = services.clock()
        tasks.change_in(connection, task.id, now=now, issue_number=number, issue_title=heading)
        if opened:
            text = f"issue #{number} was opened with the words of {task.requested_by}"
            events.add(connection, task.id, "issue", text, now=now, run_id=task.run_id, once="issue")
    return tasks.get(services.db, task.id)


def title(words: str, agent: str) -> str:
    """The first line that says something."""
    first = next((line for line in words.splitlines() if any(map(str.isalnum, line))), f"Work for {agent}")
    return one_line(visible(first.strip().lstrip("#>-* ")), TITLE)


def body(task: Task, task_url: str) -> str:
    """The words as they are: they are a person's, like those of any issue. The marker ends it."""
    asked = f"<sub>Asked for in Porter by {code(task.requested_by, 60)}: [the task]({task_url}).</sub>"
    return f"{cut(task.instructions.strip(), _LONGEST)}\n\n{asked}\n\n{marker(task)}"


def marker(task: Task) -> str:
    """By this a repeated launch finds the issue that it has opened."""
    return f"<!-- porter:issue={task.id} -->"


def is_untouched(services: Services, task: Task, thread: Thread) -> bool:
    """Whether its text is only the instructions, which the agent is told anyway."""
    return thread.body.strip() == body(task, page_of(services, task)).strip()


def page_of(services: Services, task: Task) -> str:
    return f"{services.config.dashboard_url}/task?id={task.id}"


def _opened(services: Services, here: Repository, task: Task, hold_on: Callable[[], None]) -> tuple[int, str, bool]:
    """Looked for first: an answer that got lost must not become a second issue."""
    heading = task.issue_title or title(task.instructions, task.agent)
    found = _find(here, marker(task), task.created_at - CLOCKS_APART)
    if found is not None:
        return found, heading, True
    hold_on()
    words = {"title": heading, "body": body(task, page_of(services, task))}
    try:
        made = here.send("POST", "/issues", words, doing="open an issue")
    except GitHubRefused as refusal:
        if refusal.status == 410:
            raise NoIssue(
                f"{task.repository} has its issues turned off, so there is no place for this work to be talked about; "
                "turn them on in its settings, then retry"
            ) from refusal
        raise
    _log.info("an issue was opened", extra={"action": "issue_opened", "task": task.id, "issue": made["number"]})
    return int(made["number"]), str(made["title"]), True


def _find(here: Repository, sign: str, since: datetime) -> int | None:
    """Lists are up to date; GitHub's search is not."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for page in range(1, MAX_PAGES + 1):
        query = {"state": "all", "sort": "created", "since": moment, "per_page": PAGE, "page": page}
        found = here.get("/issues", doing="look for the issue", params=query)
        for data in found:
            if here.is_ours(data, sign):
                return int(data["number"])
        if len(found) < PAGE:
            break
    return None


def _named(services: Services, here: Repository, number: int) -> str:
    thread = Knowledge(here).thread(number)
    if (why := why_not(thread, number, services.config.mention)) or thread is None:
        raise NoIssue(why)
    return thread.title


def why_not(thread: Thread | None, number: int, mention: str) -> str:
    """Pure. Why this is no issue to work on; empty when it is one."""
    if thread is None:
        return f"there is no issue #{number}, or Porter may not see it; name another one"
    if thread.is_pull:
        return f"#{number} is a pull request; ask for changes on its page, or with `@{mention}` in a comment there"
    return f"issue #{number} is closed; reopen it, then retry" if thread.state != "open" else ""
