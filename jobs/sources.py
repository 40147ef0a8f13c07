"""Fetches what a prompt is made of: once, side by side, each source by its ETag.

A source that GitHub refuses is left out; while GitHub is away nothing is told, and the launch waits.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from jobs import gate, own_issue
from jobs.bootstrap import Services
from jobs.github.client import Repository
from jobs.github.errors import GitHubRefused
from jobs.github.knowledge import About, Knowledge, Remark, Thread
from jobs.prompt_material import Linked, Material, Said
from jobs.settings import Inputs
from store.records import Task

_log = logging.getLogger(__name__)
T = TypeVar("T")
_NONE: Thread | None = None

AT_ONCE = 6  # requests side by side
MOST_LINKED = 5
MOST_AUTHORS = 20  # of a thread, the latest: each is asked about
FIRST_LINES = 8
MARKER = "<!-- porter:"  # ends every comment that Porter writes
_NUMBER = re.compile(r"(?<![\w/&])#(\d{1,9})\b")


@dataclass(frozen=True)
class Subject:
    """What a task is about, and what was decided for it. `advice`: the operator's words to every run."""

    task: Task
    inputs: Inputs
    base_branch: str
    advice: list[str]

    @property
    def with_thread(self) -> bool:
        return bool(self.task.flags.get("with_thread"))


class Fetching:
    """One round of fetching. Leave its `with` block to wait for what is still under way."""

    def __init__(self, services: Services, here: Repository) -> None:
        self._services, self._here, self._knowledge = services, here, Knowledge(here)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sources")

    def __enter__(self) -> Fetching:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def material(self, subject: Subject) -> Material:
        """Everything a first prompt or a retry's is made of. Raises a GitHubError."""
        know, base, number = self._knowledge, subject.base_branch, subject.task.issue_number
        thread = self._start(lambda: know.thread(number) if number else _NONE, _NONE)
        referring = self._start(lambda: know.referring(number) if number else [], list[int]())
        agents_md = self._start(lambda: know.file("AGENTS.md", ref=base) or "", "")
        readme = self._start(lambda: know.readme(ref=base), "")
        tree = self._start(lambda: know.tree(ref=base), list[str]())
        languages = self._start(know.languages, list[str]())
        about = self._start(know.about, About(base, ""))
        issue = thread.result()
        comments = self._start(lambda: know.remarks(issue) if issue and issue.comments else [], list[Remark]())
        linked = self._linked(issue, referring.result()) if issue else []
        inputs, advice = subject.inputs, subject.advice
        return Material(
            repository=subject.task.repository,
            base_branch=base,
            issue_number=number,
            title=issue.title if issue else subject.task.issue_title,
            body="" if issue is None or own_issue.is_untouched(self._services, subject.task, issue) else issue.body,
            labels=issue.labels if issue else [],
            assignees=issue.assignees if issue else [],
            instructions=subject.task.instructions,
            agents_md=agents_md.result(),
            run_tests=not inputs.no_tests.value,
            test_command=None if inputs.no_tests.value else inputs.test_command.value,
            comments=self._said(comments.result(), subject),
            linked=self._told(linked, subject),
            advice=advice,
            readme=readme.result(),
            tree=tree.result(),
            description=about.result().description,
            languages=languages.result(),
        )

    def _start(self, fetch: Callable[[], T], otherwise: T) -> Future[T]:
        return self._pool.submit(self._fetched, fetch, otherwise)

    def _fetched(self, fetch: Callable[[], T], otherwise: T) -> T:
        try:
            return fetch()
        except GitHubRefused as refusal:
            extra = {"action": "source_refused", "repository": self._here.full_name, "error": str(refusal)}
            _log.warning("a source of the prompt is left out", extra=extra)
            return otherwise

    def _linked(self, issue: Thread, referring: Iterable[int]) -> list[Thread]:
        """What the issue names, then what names it; at most five, all of this repository: Porter's token opens no
        other."""
        named = [*named_in(issue.body, self._here.full_name), *referring]
        numbers = [number for number in dict.fromkeys(named) if number != issue.number][:MOST_LINKED]
        begun = [self._start(partial(self._knowledge.thread, number), _NONE) for number in numbers]
        return [thread for future in begun if (thread := future.result()) is not None]

    def _said(self, remarks: list[Remark], subject: Subject) -> list[Said]:
        """The words of those who may write here; of the others only when the command asked for the whole thread."""
        others = [one for one in remarks if MARKER not in one.text and one.id != subject.task.comment_id]
        permitted = self._permitted(one.author for one in reversed(others) if not one.by_app)
        said = [Said(one.author, one.text, permitted=one.author in permitted and not one.by_app) for one in others]
        return [one for one in said if one.permitted or subject.with_thread]

    def _told(self, threads: list[Thread], subject: Subject) -> list[Linked]:
        """Of a stranger's issue the number and its state only, unless the command asked for the whole thread."""
        permitted = self._permitted(thread.author for thread in threads)
        return [_linked(thread, whole=subject.with_thread or thread.author in permitted) for thread in threads]

    def _permitted(self, authors: Iterable[str]) -> set[str]:
        latest = list(dict.fromkeys(authors))[:MOST_AUTHORS]
        asked = {who: self._start(partial(self._may_write, who), False) for who in latest}
        return {who for who, answer in asked.items() if answer.result()}

    def _may_write(self, login: str) -> bool:
        return not login.endswith(gate.BOT) and gate.may_write(self._services, self._here, login)


def named_in(body: str, full_name: str) -> list[int]:
    """The issues and pull requests of the repository that a text names: `#7`, or their address."""
    address = re.compile(rf"https?://[\w.:-]+/{re.escape(full_name)}/(?:issues|pull)/(\d{{1,9}})\b", re.IGNORECASE)
    found = [*_NUMBER.finditer(body), *address.finditer(body)]
    return [int(match[1]) for match in sorted(found, key=lambda match: match.start())]


def _linked(thread: Thread, *, whole: bool) -> Linked:
    title = thread.title if whole else "(by someone without write access)"
    text = "\n".join(thread.body.splitlines()[:FIRST_LINES]) if whole else ""
    return Linked(thread.number, title, thread.state, thread.is_pull, text)
