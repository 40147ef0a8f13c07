"""A process that is killed inside a transaction leaves nothing behind and blocks nobody."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from store import deliveries, tasks
from store.database import Database
from store.lifecycle import Status
from tests.builders import NOW, make_delivery, make_task, move, new_task

SPAWN = multiprocessing.get_context("spawn")


def _die_in_a_move(url: str, task_id: str) -> None:
    with Database(url).write() as connection:
        tasks.move(connection, task_id, Status.LAUNCHING, now=NOW, kind="launching", text="it starts")
        os.kill(os.getpid(), signal.SIGKILL)


def _die_after_a_delivery(url: str, _task_id: str) -> None:
    deliveries.accept(Database(url), make_delivery(), [new_task(comment_id=7, comment_line=0)], now=NOW)
    os.kill(os.getpid(), signal.SIGKILL)


def _run_to_its_death(target, url: str, task_id: str = "") -> None:
    process = SPAWN.Process(target=target, args=(url, task_id))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


def test_a_worker_killed_before_its_commit_has_moved_nothing(db, database_url):
    task = make_task(db)
    _run_to_its_death(_die_in_a_move, database_url, task.id)
    assert tasks.get(db, task.id) == task
    assert move(db, task.id, Status.LAUNCHING).version == task.version + 1


@pytest.mark.parametrize("again", ["d-1", "d-2"], ids=["same-id", "new-id"])
def test_an_intake_killed_after_its_commit_has_made_the_task_and_the_redelivery_makes_none(db, database_url, again):
    _run_to_its_death(_die_after_a_delivery, database_url)
    assert len(tasks.on_issue(db, "acme/greeter", 1)) == 1
    repeated = deliveries.accept(db, make_delivery(id=again), [new_task(comment_id=7, comment_line=0)], now=NOW)
    assert repeated.task_ids == []
    assert len(tasks.on_issue(db, "acme/greeter", 1)) == 1
