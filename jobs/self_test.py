"""The self-test: an issue that Porter opens itself, the agent that needs no key, and the pull request they come to."""

from __future__ import annotations

from jobs import merging, repository
from jobs.bootstrap import Services
from jobs.dispatching import CannotDispatch, Wish, dispatch
from jobs.errors import JobError
from jobs.github.errors import GitHubError
from jobs.roster import Roster
from store import settings, tasks
from store.errors import NotFound
from store.lifecycle import LIVE
from store.records import Task

AGENT = "mock"
_NOTE = "self_test"
_TITLE = "Porter's self-test"
_WORDS = (
    "Porter opened this issue to see whether everything works, from here to a pull request. No coding agent is asked, "
    "and nothing is spent. Close both when you have seen them."
)


class IssueLeftOpen(JobError):
    """The pull request is closed, and GitHub did not close the issue."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"the pull request is closed, but issue #{number} is not: {why}; close it on GitHub")
        self.number = number


def start(services: Services, roster: Roster, repository: str, *, by: str) -> Task:
    """Begin it in a repository that Porter is installed on. Raises CannotDispatch, as while one is under way."""
    task = last(services)
    if task is not None and task.status in LIVE:
        raise CannotDispatch("a self-test is under way already")
    wish = Wish(repository, _WORDS, title=_TITLE, agent=AGENT)
    made = dispatch(services, roster, wish, by=by, source="dashboard")
    settings.put(services.db, settings.PORTER, _NOTE, made.id, by=by, now=services.clock())
    return made


def last(services: Services) -> Task | None:
    """The latest one, as it is now."""
    known = settings.get(services.db, settings.PORTER, _NOTE)
    try:
        return tasks.get(services.db, str(known)) if known else None
    except NotFound:  # pruned since
        return None


def close(services: Services, *, by: str, login: str | None) -> Task | None:
    """Close its pull request without merging, and then its issue. Raises as `merging.reject` does; IssueLeftOpen."""
    task = last(services)
    if task is None or task.pr_number is None:
        return None
    closed = merging.reject(services, task.id, by=by, login=login, reason="The self-test is done.")
    if task.issue_number is not None:
        try:
            repository.of(services, task.repository, task.installation_id).close_issue(task.issue_number)
        except GitHubError as error:
            raise IssueLeftOpen(task.issue_number, str(error)) from error
    return closed
