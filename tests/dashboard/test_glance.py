"""The top of the feed: what runs, what waits for me, what failed and why, what it cost."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard import data, glance
from dashboard.glance_reads import glance_view
from dashboard.wanted import Wanted
from store import spending
from store.feed import TaskFilter
from store.lifecycle import Status
from tests.builders import NOW, make_task

HOUR = timedelta(hours=1)


def seen(db, wanted=None, *, only=None, now=NOW + HOUR, zone=UTC):
    wanted = wanted or Wanted()
    feed = data.feed_view(db, wanted, only=only, zone=zone)
    view = glance_view(db, wanted, only=only, zone=zone, now=now)
    return {part["key"]: part for part in glance.drawn(view, feed.counts, feed.needs, now=now)}


def test_what_runs_says_how_far_it_is(db):
    make_task(db, status=Status.RUNNING, percent=58, step="running tests", issue_title="Greet people")
    part = seen(db)["running"]
    assert part["figure"] == "1"
    assert [(line["title"], line["note"]) for line in part["lines"]] == [("Greet people", "58 % · running tests")]


def test_what_waits_for_me_leads_to_where_it_is_decided(db):
    task = make_task(db, status=Status.SUCCEEDED, pr_number=7, pr_state="open")
    [line] = seen(db)["needs"]["lines"]
    assert (line["page"], line["key"], line["note"]) == ("review", task.id, "PR #7 · acme/greeter")


def test_what_failed_says_why_and_when_it_was_long_ago(db):
    make_task(db, status=Status.FAILED, message="the key was refused", now=NOW)
    part = seen(db)["failed"]
    assert (part["figure"], part["lines"][0]["note"]) == ("1", "The key was refused.")
    later = seen(db, now=NOW + timedelta(days=2))["failed"]
    assert (later["figure"], later["lines"][0]["note"]) == ("0", "2 d ago: The key was refused.")


def test_what_it_cost_counts_those_that_told(db):
    make_task(db, status=Status.SUCCEEDED, cost_usd=1.25)
    make_task(db, status=Status.FAILED, cost_usd=0.25)
    make_task(db, status=Status.RUNNING)
    make_task(db, status=Status.SUCCEEDED, cost_usd=3.0, now=NOW - timedelta(days=3))
    make_task(db, status=Status.SUCCEEDED, cost_usd=100.0, now=NOW - timedelta(days=8))
    part = seen(db)["spent"]
    assert part["figure"] == "$1.50"
    assert [(line["title"], line["note"]) for line in part["lines"]] == [
        ("$4.50 in seven days", "4 tasks, 3 told a cost"),
        ("$1.50 today", "3 tasks, 2 told a cost"),
    ]


def test_a_cost_that_nobody_told_is_not_nought(db):
    make_task(db, status=Status.RUNNING)
    assert seen(db)["spent"]["figure"] == "unknown"


def test_today_begins_at_the_readers_own_midnight(db):
    make_task(db, status=Status.SUCCEEDED, cost_usd=1.0, now=NOW)
    then = NOW.replace(hour=23, minute=30)
    assert seen(db, now=then)["spent"]["figure"] == "$1.00"
    assert seen(db, now=then, zone=ZoneInfo("Asia/Tokyo"))["spent"]["figure"] == "$0.00"


def test_with_nothing_to_tell_it_says_so(db):
    make_task(db)
    found = seen(db)
    assert found["running"]["empty"] == "Nothing yet; 1 waits in line."
    assert found["needs"]["empty"] == "Nothing waits for a decision."
    assert found["failed"]["empty"] == "No task has failed."


@pytest.mark.parametrize("wanted", [Wanted(repository="acme/mine"), Wanted(repository="acme/mine", status="done")])
def test_it_is_of_what_the_filters_let_through_whichever_pill_is_pressed(db, wanted):
    for repository in ("acme/mine", "acme/other"):
        make_task(db, repository=repository, status=Status.FAILED, cost_usd=1.0)
    found = seen(db, wanted)
    assert (found["failed"]["figure"], found["spent"]["figure"]) == ("1", "$1.00")


def test_it_is_of_what_one_may_see(db):
    for status in (Status.RUNNING, Status.FAILED):
        make_task(db, repository="acme/vault", status=status, cost_usd=9.0)
    make_task(db, repository="acme/vault", status=Status.SUCCEEDED, pr_number=1, pr_state="open")
    found = seen(db, only=frozenset({"acme/mine"}))
    assert [part["figure"] for part in found.values()] == ["0", "0", "0", "$0.00"]
    assert [line["key"] for part in found.values() for line in part["lines"]] == ["week", "today"]


def test_a_sum_of_the_newest_tasks_alone_says_so(db):
    for _ in range(3):
        make_task(db, status=Status.SUCCEEDED, cost_usd=1.0)
    [today] = spending.spent(db, TaskFilter(), [NOW - HOUR], limit=2)
    assert not today.is_whole
    assert spending.spent(db, TaskFilter(), [NOW - HOUR], limit=3)[0].is_whole
