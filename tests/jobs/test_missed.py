"""What GitHub could not deliver is fetched back, a few times and not for ever, and the list of deliveries tells."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jobs import missed
from jobs.github.answers import Attempt
from jobs.github.errors import GitHubUnavailable
from jobs.missed import PAUSES, is_due, missing
from jobs.sweep import Sweep
from store import deliveries
from store.database import Database
from store.records import Verdict
from store.redeliveries import Asked
from tests import whole
from tests.builders import NOW
from tests.jobs.test_sweep import waiting
from tests.whole import Whole


@pytest.fixture
def porter(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whole]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    with whole.opened(tmp_path, database, monkeypatch) as opened:
        opened.settle()
        missed.fetch(opened.stage.services)  # the look that knows what is old
        opened.stage.wait(5)
        yield opened
    database.close()


def say(porter: Whole, text: str) -> None:
    porter.stage.github.world.comment(porter.stage.issue, "maria", text)
    porter.settle()


def look(porter: Whole, minutes: float = 3) -> None:
    porter.stage.wait(minutes * 60)
    missed.fetch(porter.stage.services)
    porter.settle()


def about_missed(porter: Whole) -> list[str]:
    found = deliveries.latest(porter.stage.services.db, limit=100)
    return [one.reason for one in found if one.id.startswith("missed:")]


def test_comments_made_while_porter_was_down_become_one_task_each(porter: Whole):
    porter.is_down = True
    for n in range(5):
        say(porter, f"@porter mock fix number {n}")
    assert porter.tasks() == []
    porter.is_down = False
    for _ in range(4):
        look(porter)
    assert sorted(task.instructions for task in porter.tasks()) == [f"fix number {n}" for n in range(5)]
    assert len(about_missed(porter)) == 5
    assert "did not arrive (Invalid HTTP Response: 503)" in about_missed(porter)[0]


def test_what_did_arrive_is_not_asked_for(porter: Whole):
    say(porter, "@porter mock fix it")
    look(porter)
    assert about_missed(porter) == []
    assert len(porter.tasks()) == 1


def test_what_was_received_and_then_lost_is_asked_for(porter: Whole):
    say(porter, "@porter mock fix it")
    with porter.stage.services.db.write() as connection:
        for table in ("events", "runs", "tasks", "deliveries"):
            connection.exec_driver_sql(f"delete from {table} where 1 = 1")  # noqa: S608  names of the test
    look(porter)
    assert "lost after it was received" in about_missed(porter)[0]
    assert len(porter.tasks()) == 1


def test_a_delivery_that_fails_for_ever_is_asked_for_three_times_and_then_given_up_with_a_word(porter: Whole):
    porter.is_down = True
    say(porter, "@porter mock fix it")
    for _ in range(20):
        look(porter)
    again = [call for call in porter.stage.github.world.calls if call.path.endswith("/attempts")]
    assert len(again) == len(PAUSES) == 3
    assert "asked for 3 times" in about_missed(porter)[0]
    [line] = [one for one in deliveries.latest(porter.stage.services.db) if "given-up" in one.id]
    assert line.verdict is Verdict.REFUSED
    porter.is_down = False
    porter.stage.github.world.webhooks.again(porter.stage.github.world.webhooks.all()[0])
    porter.settle()
    assert len(porter.tasks()) == 1  # by hand it can still be had


def test_while_github_is_away_the_next_look_begins_where_this_one_did(porter: Whole):
    porter.is_down = True
    say(porter, "@porter mock fix it")
    porter.is_down = False
    porter.stage.wait(4000)
    porter.stage.github.world.faults.fail_next("GET", "/app/hook/deliveries$", 502, times=1)
    with pytest.raises(GitHubUnavailable):
        missed.fetch(porter.stage.services)
    look(porter)
    assert len(porter.tasks()) == 1


def test_a_long_list_is_read_page_by_page(porter: Whole, monkeypatch: pytest.MonkeyPatch):
    porter.is_down = True
    for n in range(103):
        porter.stage.github.world.comment(
            porter.stage.issue, "maria", "@porter mock" if n % 50 == 0 else "@porter status"
        )
    porter.settle()
    porter.is_down = False
    for _ in range(3):
        look(porter)
    assert len(porter.tasks()) == 3
    pages = [call for call in porter.stage.github.world.calls if call.path == "/app/hook/deliveries"]
    assert any("cursor=" in call.query for call in pages)


def test_the_leader_looks_every_three_minutes(porter: Whole):
    sweep = Sweep(porter.stage.services)
    looks = 0
    for _ in range(60):
        sweep.slow()
        looks += "fetch_missed" in waiting(porter.stage)
        porter.redis.flushall()
        porter.stage.wait(15)
    assert looks == 5


def attempt(number: int, *, minutes_ago: float, ok: bool = False, guid: str = "g") -> Attempt:
    return Attempt(number, guid, "issue_comment", "created", NOW - timedelta(minutes=minutes_ago), "?", ok)


@pytest.mark.parametrize(
    ("attempts", "heard", "first", "expected"),
    [
        pytest.param([attempt(1, minutes_ago=5)], set(), None, [1], id="failed"),
        pytest.param([attempt(1, minutes_ago=5)], {"g"}, None, [], id="failed-but-known"),
        pytest.param([attempt(1, minutes_ago=0.5)], set(), None, [], id="perhaps-on-its-way"),
        pytest.param([attempt(1, minutes_ago=5, ok=True)], set(), None, [], id="before-a-new-database"),
        pytest.param([attempt(1, minutes_ago=5, ok=True)], set(), NOW - timedelta(hours=1), [1], id="lost-here"),
        pytest.param([attempt(2, minutes_ago=5), attempt(1, minutes_ago=9)], set(), None, [2], id="the-newest-attempt"),
        pytest.param(
            [attempt(2, minutes_ago=5, guid="b"), attempt(1, minutes_ago=9)], set(), None, [1, 2], id="oldest-first"
        ),
    ],
)
def test_what_counts_as_missing(attempts, heard, first, expected):
    assert [one.id for one in missing(attempts, heard, first=first, now=NOW)] == expected


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        pytest.param(None, True, id="never-asked"),
        pytest.param(Asked(1, NOW - timedelta(minutes=4)), False, id="asked-just-now"),
        pytest.param(Asked(1, NOW - timedelta(minutes=5)), True, id="asked-five-minutes-ago"),
        pytest.param(Asked(2, NOW - timedelta(minutes=19)), False, id="asked-twice"),
        pytest.param(Asked(2, NOW - timedelta(minutes=20)), True, id="asked-twice-long-ago"),
        pytest.param(Asked(3, NOW - timedelta(days=1)), False, id="asked-three-times"),
    ],
)
def test_when_a_delivery_is_asked_for_again(asked, due):
    assert is_due(asked, NOW) is due
