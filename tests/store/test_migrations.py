"""The migrations make what the tables say, on both dialects, however many processes apply them at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
from threading import Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from store import migrate, tasks
from store.database import Database
from store.dialect import engines
from store.tables import metadata
from tests.builders import NOW, new_task

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def empty(empty_database_url):
    database = Database(empty_database_url)
    yield database
    database.close()


def test_an_empty_database_gets_every_table(empty, empty_database_url):
    migrate.upgrade(empty_database_url)
    with empty.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_code(db):
    with db.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_second_upgrade_changes_nothing(empty_database_url):
    migrate.upgrade(empty_database_url)
    database = Database(empty_database_url)
    task = tasks.create(database, new_task(), now=NOW)
    migrate.upgrade(empty_database_url)
    assert tasks.get(database, task.id) == task
    database.close()


def test_three_processes_that_upgrade_at_once_all_succeed(empty, empty_database_url):
    processes = [SPAWN.Process(target=migrate.upgrade, args=(empty_database_url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with empty.read() as connection:
        assert set(metadata.tables) <= set(inspect(connection).get_table_names())


def test_a_new_file_that_another_is_making_is_waited_for(tmp_path):
    """SQLite itself refuses to turn to the write-ahead log then, and does not wait its busy timeout."""
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    other.execute("create table made (id integer)")
    Timer(0.3, other.close).start()

    writer, _ = engines(f"sqlite:///{file}")
    with writer.begin() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar_one() == "wal"
    writer.dispose()


def test_an_upgrade_that_fails_leaves_nothing_behind(empty, empty_database_url):
    with empty.write() as connection:
        connection.exec_driver_sql("create table requests (id integer)")
    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(empty_database_url)
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["requests"]


def test_the_migrations_are_one_line_without_branches():
    with_no_database = migrate.configuration(None)
    assert len(ScriptDirectory.from_config(with_no_database).get_heads()) == 1
