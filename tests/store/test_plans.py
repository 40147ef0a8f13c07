"""Every look of the dashboard stays on indexes: PostgreSQL is asked, over enough tasks that reading all would cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, literal, select, text

from bench import filling
from dashboard import data, export, glance_reads, past_reads
from dashboard.past import WantedHistory, WantedInsights
from dashboard.wanted import Wanted, WantedReviews
from store import history, tables
from store.database import Database
from store.history import Sought
from store.records import Task
from tests import postgres

pytestmark = pytest.mark.postgres

TASKS = 20_000
GROWING = {"tasks", "runs", "events", "day_counts"}
TEN = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))
NOW = datetime.now(UTC)
WEEK = (NOW - timedelta(days=7)).date().isoformat()


def _feed(only: frozenset[str] | None = None, **filters: str) -> Callable[[Database], object]:
    return lambda db: data.feed_view(db, Wanted(**filters), only=only)


def _glance(only: frozenset[str] | None = None, **filters: str) -> Callable[[Database], object]:
    return lambda db: glance_reads.glance_view(db, Wanted(**filters), only=only, zone=UTC, now=NOW)


def _history(only: frozenset[str] | None = None, **filters: str) -> Callable[[Database], object]:
    return lambda db: past_reads.history_view(db, WantedHistory(**filters), only=only)


def _insights(days: int, only: frozenset[str] | None = None) -> Callable[[Database], object]:
    return lambda db: past_reads.insights_view(db, WantedInsights(days), only=only, now=NOW)


def _typed(of: str, like: str, **within: str) -> Callable[[Database], object]:
    return lambda db: data.typed(db, of, like, Wanted(**within))


def _task(db: Database) -> Task:
    return history.page(db, Sought(), limit=1).tasks[0]


LOOKS: dict[str, Callable[[Database], object]] = {
    "the feed": _feed(),
    "the feed of ten repositories": _feed(TEN),
    "the feed of one that has no task": _feed(frozenset({"acme/none"})),
    "what failed": _feed(status="failed"),
    "what waits for a person": _feed(status="needs"),
    "one repository": _feed(repository="acme/repository-7"),
    "one issue": _feed(issue="77"),
    "one branch": _feed(branch="porter/issue-77"),
    "one person": _feed(by="person-7"),
    "one day": _feed(since=WEEK, until=WEEK),
    "the top of the feed": _glance(),
    "the top of the feed of ten repositories": _glance(TEN),
    "what waits for me": data.waiting_for_me,
    "a branch as it is typed": _typed("branch", "77"),
    "a person as they are typed": _typed("by", "person", repository="acme/repository-7"),
    "the reviews": lambda db: data.review_list(db, WantedReviews()),
    "one task": lambda db: data.task_view(db, _task(db).id),
    "history": _history(),
    "history of ten repositories": _history(TEN),
    "history of one person": _history(by="person-7"),
    "history of one repository": _history(repository="acme/repository-7", result="failed"),
    "history of the last week": _history(since=WEEK),
    "history of all that is done": _history(result="done"),
    "history of what came to nothing": _history(result="no_changes"),
    "history of what was rejected": _history(result="closed"),
    "history of what is open": _history(result="open"),
    "a page of the file": lambda db: next(export.texts(db, WantedHistory().sought(None))),
    "insights": _insights(30),
    "insights of ten repositories": _insights(90, TEN),
}


@pytest.fixture(scope="module")
def full(postgres_server: str) -> Iterator[Database]:
    with postgres.scratch_database(postgres_server) as url:
        filling.fill(url, TASKS)
        database = Database(url)
        with database.write() as connection:
            tasks = tables.tasks.c
            said = select(tasks.id, tasks.created_at, literal("asked"), literal("somebody asked"))
            connection.execute(tables.events.insert().from_select(["task_id", "at", "kind", "text"], said))
            connection.execute(text("analyze events"))
        yield database
        database.close()


@pytest.mark.parametrize("name", LOOKS)
def test_no_look_reads_a_whole_table(full, name):
    read = [f"{table}: {asked}" for asked, table in _whole_tables(full, LOOKS[name])]
    assert read == []


def test_a_whole_table_that_is_read_would_be_seen(full):
    found = _whole_tables(full, lambda db: history.page(db, Sought(), limit=1) and _read_all(db))
    assert [table for _, table in found] == ["tasks"]


def _read_all(db: Database) -> None:
    with db.read() as connection:
        connection.execute(text("select sum(percent) from tasks")).all()


def _whole_tables(db: Database, look: Callable[[Database], object]) -> list[tuple[str, str]]:
    """The statements of a look that read every row of a table which grows, with the table."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, values))

    event.listen(db._writer, "before_cursor_execute", note)
    try:
        look(db)
    finally:
        event.remove(db._writer, "before_cursor_execute", note)
    return [(statement[:300], table) for statement, values in asked for table in _scanned(db, statement, values)]


def _scanned(db: Database, statement: str, values: Any) -> set[str]:
    with db.read() as connection:
        told = connection.exec_driver_sql(f"explain (format json) {statement}", values).scalar_one()
    plan = json.loads(told) if isinstance(told, str) else told
    return {node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"} & GROWING


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", []):
        yield from _nodes(below)
