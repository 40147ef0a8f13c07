"""Feedback is stored once, waits for its turn, and starts one run at a time."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from store import deliveries, follow_ups, runs, tasks
from store.database import Database
from store.errors import NotFound
from store.lifecycle import Status
from store.records import NewFollowUp, RunKind, Task
from tests.builders import NOW, make_delivery, make_task, move
from tests.racing import failures, race


def asked(db: Database, task: Task, *keys: str, delivery: str = "d-1", **more: Any) -> list[str]:
    """Follow-ups of one delivery, in their order."""
    new = [NewFollowUp(task.id, key, "maria", f"do {key}", **more) for key in keys]
    line = make_delivery(id=delivery, content_key=delivery)
    return deliveries.accept(db, line, follow_ups=new, now=NOW).follow_up_ids


@pytest.fixture
def task(db: Database) -> Task:
    return make_task(db, status=Status.SUCCEEDED, pr_number=7, branch="porter/1")


def test_the_same_comment_is_feedback_once(db: Database, task: Task) -> None:
    assert len(asked(db, task, "review:1")) == 1
    assert asked(db, task, "review:1", delivery="d-2") == []
    assert [one.source_key for one in follow_ups.waiting(db, task.id)] == ["review:1"]


def test_flags_of_a_review_and_its_remarks_add_up_until_it_starts(db: Database, task: Task) -> None:
    [key] = asked(db, task, "review:1")
    asked(db, task, "review:1", delivery="d-2", flags={"model": "m2"})
    asked(db, task, "review:1", delivery="d-3", flags={"draft": True}, place=5)
    assert follow_ups.get(db, key).flags == {"model": "m2", "draft": True}
    follow_ups.start(db, key, now=NOW)
    asked(db, task, "review:1", delivery="d-4", flags={"no_tests": True}, place=6)
    late = follow_ups.get(db, key)
    assert ("no_tests" in late.flags, late.said["6"]) == (False, {"no_tests": True})


PLACES: list[tuple[int, dict[str, Any]]] = [
    (0, {"model": "m1"}),
    (50, {"model": "m2", "agent": "codex"}),
    (9, {"agent": "mock"}),
]


@pytest.mark.parametrize("order", list(permutations(PLACES)), ids=lambda order: "-".join(str(at) for at, _ in order))
def test_a_reviews_own_words_win_then_its_earlier_remarks_whatever_is_heard_first(
    db: Database, task: Task, order: Any
) -> None:
    for at, flags in order:
        asked(db, task, "review:1", delivery=f"d-{at}", flags=flags, place=at)
    [one] = follow_ups.waiting(db, task.id)
    assert one.flags == {"model": "m1", "agent": "mock"}
    assert one.said == {str(at): flags for at, flags in PLACES}


def test_two_of_one_comment_start_one_after_the_other(db: Database, task: Task) -> None:
    first, second = asked(db, task, "comment:5:1", "comment:5:10")
    assert follow_ups.start(db, second, now=NOW) is None
    moved = follow_ups.start(db, first, now=NOW, changes={"agent": "codex"})
    assert moved is not None
    run = runs.get(db, moved.run_id)
    assert (run.kind, run.follow_up_id, run.number) == (RunKind.FOLLOW_UP, first, 2)
    assert (moved.status, moved.agent, moved.branch, moved.pr_number) == (Status.QUEUED, "codex", "porter/1", 7)
    assert (follow_ups.start(db, first, now=NOW), follow_ups.start(db, second, now=NOW)) == (None, None)
    assert follow_ups.ready(db) == []
    move(db, task.id, Status.CANCELLED)
    assert [one.id for one in follow_ups.ready(db)] == [second]
    assert follow_ups.start(db, second, now=NOW) is not None


def test_many_workers_start_it_once(db: Database, task: Task) -> None:
    [key] = asked(db, task, "review:1")
    done = race(*[lambda: follow_ups.start(db, key, now=NOW)] * 6)
    assert failures(done) == []
    assert len([one for one in done if one is not None]) == 1
    assert len(runs.of_task(db, task.id)) == 2


def test_one_is_answered_after_its_run_and_once(db: Database, task: Task) -> None:
    [key] = asked(db, task, "review:1")
    follow_ups.start(db, key, now=NOW)
    assert follow_ups.unanswered(db) == []
    move(db, task.id, Status.CANCELLED)
    assert [one.id for one in follow_ups.unanswered(db)] == [key]
    follow_ups.answered(db, key, now=NOW + timedelta(seconds=1))
    assert follow_ups.unanswered(db) == []


def test_a_refused_one_is_told_and_never_starts(db: Database, task: Task) -> None:
    [key] = asked(db, task, "review:1")
    assert follow_ups.refuse(db, key, "the pull request is closed", now=NOW)
    assert not follow_ups.refuse(db, key, "again", now=NOW)
    assert follow_ups.start(db, key, now=NOW) is None
    assert [one.refused for one in follow_ups.unanswered(db)] == ["the pull request is closed"]
    assert tasks.get(db, task.id).status is Status.SUCCEEDED


def test_an_unknown_one_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound, match="follow-up"):
        follow_ups.get(db, "nothing")
