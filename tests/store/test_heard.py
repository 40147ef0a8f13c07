"""What GitHub tells ends the same, in whatever order it arrives."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from store import deliveries, events, follow_ups, installations, tasks
from store.database import Database
from store.heard import CommentGone, IssueOver, News, PullMoved
from store.installations import InstallationSeen, RepositoriesSeen
from store.lifecycle import Status
from store.records import NewFollowUp, NewTask, RunKind
from tests.builders import NOW, make_delivery, make_run, make_task, move, new_task, path_to

REPO = "acme/greeter"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def hear(db: Database, news: News | None = None, task: NewTask | None = None) -> list[str]:
    """One delivery; the ids of the tasks that it made or changed."""
    line = make_delivery(id=secrets.token_hex(8), content_key=None)
    stored = deliveries.accept(db, line, [task] if task else [], news=[news] if news else [], now=NOW)
    return stored.task_ids + stored.touched


def asking(second: float, comment: int = 5) -> NewTask:
    return new_task(comment_id=comment, comment_line=1, asked_at=at(second))


def closed(second: float) -> IssueOver:
    return IssueOver(REPO, 1, "maria", "maria closed it", at(second))


@pytest.mark.parametrize("command_first", [True, False])
def test_a_command_and_the_closing_after_it_end_the_same_in_both_orders(db: Database, command_first: bool) -> None:
    steps = [lambda: hear(db, task=asking(1)), lambda: hear(db, closed(2))]
    for step in steps if command_first else reversed(steps):
        step()
    [task] = tasks.on_issue(db, REPO, 1)
    assert (task.status, task.reason) == (Status.CANCELLED, "cancelled")


def test_a_command_after_a_reopening_is_not_stopped_by_the_old_closing(db: Database) -> None:
    [task_id] = hear(db, task=asking(3))
    assert hear(db, closed(2)) == []
    assert tasks.get(db, task_id).status is Status.QUEUED


def test_a_closing_told_twice_stops_once(db: Database) -> None:
    [task_id] = hear(db, task=asking(1))
    assert (hear(db, closed(2)), hear(db, closed(2))) == ([task_id], [])
    assert [event.kind for event in events.of_task(db, task_id)] == ["asked", "cancelled"]


def test_a_task_on_a_machine_is_told_to_stop_when_its_issue_is_closed(db: Database) -> None:
    run = make_run(db, machine_id="m-1")
    assert hear(db, IssueOver(REPO, 1, "maria", "maria closed it", at(1))) == [run.task_id]
    assert tasks.get(db, run.task_id).status is Status.RUNNING
    assert tasks.current_run(db, run.task_id).cancelled_by == "maria"


@pytest.mark.parametrize("comment_first", [True, False])
def test_a_deleted_comment_takes_its_task_with_it(db: Database, comment_first: bool) -> None:
    steps: list[Callable[[], list[str]]] = [
        lambda: hear(db, task=asking(1)),
        lambda: hear(db, CommentGone(REPO, 5, "maria", at(2))),
    ]
    for step in steps if comment_first else reversed(steps):
        step()
    [task] = tasks.on_issue(db, REPO, 1)
    assert task.status is Status.CANCELLED
    assert "deleted" in task.message


def test_a_deleted_comment_leaves_a_machine_alone(db: Database) -> None:
    run = make_run(db, make_task(db, status=Status.RUNNING, comment_id=5, comment_line=1), machine_id="m-1")
    assert hear(db, CommentGone(REPO, 5, "maria", at(2))) == []
    assert tasks.current_run(db, run.task_id).cancel_requested_at is None


def test_a_deleted_comment_takes_back_the_feedback_in_it(db: Database) -> None:
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7)
    new = [NewFollowUp(task.id, key, "maria") for key in ("comment:5:1", "comment:55:1")]
    deliveries.accept(db, make_delivery(), follow_ups=new, now=NOW)
    hear(db, CommentGone(REPO, 5, "maria", at(2)))
    assert [one.source_key for one in follow_ups.waiting(db, task.id)] == ["comment:55:1"]
    assert follow_ups.unanswered(db) == []


MOVES = [("closed", 1), ("open", 2), ("closed", 3)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_last_word_on_a_pull_request_wins_in_any_order(db: Database, order: tuple[int, ...]) -> None:
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7)
    for state, second in [MOVES[n] for n in order] * 2:
        hear(db, PullMoved(REPO, 7, state, "tom", at(second)))
    found = tasks.get(db, task.id)
    assert (found.pr_state, found.pr_state_at) == ("closed", at(3))


@pytest.mark.parametrize(("state", "stopped"), [("closed", True), ("merged", False)])
def test_closing_a_pull_request_stops_the_run_that_works_on_it(db: Database, state: str, stopped: bool) -> None:
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7)
    tasks.restart(db, task.id, by="tom", now=NOW, kind=RunKind.FOLLOW_UP)
    for step in path_to(Status.RUNNING):
        move(db, task.id, step)
    for _ in range(2):
        hear(db, PullMoved(REPO, 7, state, "maria", at(1)))
    run = tasks.current_run(db, task.id)
    assert (run.discarded, run.cancelled_by) == ((True, "maria") if stopped else (False, None))


def test_merged_is_for_good(db: Database) -> None:
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7)
    hear(db, PullMoved(REPO, 7, "merged", "tom", at(1)))
    assert hear(db, PullMoved(REPO, 7, "open", "tom", at(2))) == []
    assert tasks.get(db, task.id).pr_state == "merged"
    assert "tom merged the pull request" in [event.text for event in events.of_task(db, task.id)]


def test_a_label_asks_for_nothing_that_is_at_work_already(db: Database) -> None:
    assert len(hear(db, task=new_task(source="labeled"))) == 1
    assert hear(db, task=new_task(source="opened")) == []
    assert len(hear(db, task=new_task(source="labeled", agent="codex"))) == 1


def seen(second: float, *, suspended: bool = False, removed: bool = False) -> InstallationSeen:
    return InstallationSeen(9, "acme", at(second) if suspended else None, removed, at(second))


def test_an_installation_ends_the_same_in_any_order(db: Database) -> None:
    for order in permutations([seen(1), seen(2, suspended=True), seen(3)]):
        for news in order:
            hear(db, news)
    assert [(one.id, one.suspended_at, one.removed_at) for one in installations.known(db)] == [(9, None, None)]
    for news in (seen(5, removed=True), seen(4, suspended=True), seen(3)):
        hear(db, news)
    assert installations.known(db)[0].removed_at is not None


def test_the_list_of_repositories_follows_the_installation(db: Database) -> None:
    hear(db, seen(1))
    hear(db, RepositoriesSeen(9, added=[(REPO, 1, True), ("acme/other", 2, False)]))
    assert installations.repositories(db) == [REPO, "acme/other"]
    hear(db, RepositoriesSeen(9, removed=["acme/other"]))
    assert installations.repositories(db) == [REPO]
    hear(db, seen(2, suspended=True))
    assert installations.repositories(db) == []
    hear(db, seen(3))
    hear(db, seen(4, removed=True))
    hear(db, RepositoriesSeen(9, added=[("acme/late", 3, False)]))
    assert installations.repositories(db) == []
