"""Tasks whose issue does not carry the label that goes with their status are found, others are not read."""

from __future__ import annotations

from datetime import timedelta

from store import labels
from store.database import Database
from store.lifecycle import Status
from tests.builders import NOW, make_task

FITTING = {status: frozenset({status.value}) for status in Status} | {
    Status.FINISHING: frozenset({"running", "held"}),
}


def behind(db: Database, *, minutes: float = 0) -> list[str]:
    return labels.behind(db, FITTING, now=NOW + timedelta(minutes=minutes))


def test_a_task_whose_label_is_missing_or_of_another_status_is_behind(db: Database):
    never = make_task(db, status=Status.RUNNING, status_comment_id=7)
    other = make_task(db, status=Status.FAILED, status_comment_id=7, label_shown="running")
    make_task(db, status=Status.RUNNING, status_comment_id=7, label_shown="running")
    make_task(db, status=Status.FINISHING, status_comment_id=7, label_shown="held")
    assert sorted(behind(db)) == sorted([never.id, other.id])


def test_a_task_without_a_comment_has_no_label_to_mend(db: Database):
    make_task(db, status=Status.RUNNING)
    assert behind(db) == []


def test_an_old_task_is_left_as_it_is(db: Database):
    task = make_task(db, status=Status.FAILED, status_comment_id=7)
    assert behind(db, minutes=59) == [task.id]
    assert behind(db, minutes=61) == []


def test_once_shown_it_is_no_longer_behind(db: Database):
    task = make_task(db, status=Status.FAILED, status_comment_id=7)
    labels.shown(db, task.id, "failed")
    assert behind(db) == []
