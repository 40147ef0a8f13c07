"""Four processes change one task at once and no change is lost: SQLite's default transactions fall into that trap."""

from __future__ import annotations

import multiprocessing

from store import tasks
from store.database import Database
from store.lifecycle import Status
from tests.builders import NOW, make_task

SPAWN = multiprocessing.get_context("spawn")
PROCESSES, MOVES = 4, 100


def _move_again_and_again(url: str, task_id: str) -> None:
    """Send the task to and fro, each step read, decided and written in one transaction."""
    db = Database(url)
    for _ in range(MOVES):
        with db.write() as connection:
            to = Status.QUEUED if tasks.lock(connection, task_id).status is Status.LAUNCHING else Status.LAUNCHING
            tasks.move(connection, task_id, to, now=NOW, kind="moved", text=f"to {to}")
    db.close()


def test_four_processes_of_a_hundred_moves_each_make_four_hundred_versions(db, database_url):
    task = make_task(db)
    arguments = (database_url, task.id)
    processes = [SPAWN.Process(target=_move_again_and_again, args=arguments) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(90)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert tasks.get(db, task.id).version == task.version + PROCESSES * MOVES
