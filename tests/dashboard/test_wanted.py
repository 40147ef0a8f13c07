"""Filters live in the address of the page, and an address may say anything."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.wanted import PILLS, Wanted
from store.lifecycle import Status

BERLIN = ZoneInfo("Europe/Berlin")


def test_what_is_wanted_survives_its_trip_through_the_address():
    wanted = Wanted(
        status="failed",
        repository="acme/api",
        agent="codex",
        by="tom",
        q="#12",
        branch="b",
        issue="12",
        since="2026-11-20",
        until="2026-11-21",
    )
    assert Wanted.read(wanted.params()) == wanted


def test_an_empty_wish_leaves_the_address_clean():
    assert Wanted().params() == {}
    assert not Wanted().is_narrow


@pytest.mark.parametrize("status", ["", "nonsense", "QUEUED", "<script>", None, 7])
def test_an_unknown_status_is_dropped(status):
    assert Wanted.read({"status": status}).filter().statuses == frozenset()


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "20261121T10", None])
def test_a_day_that_is_none_is_dropped(day):
    wanted = Wanted.read({"since": day, "until": day})
    assert (wanted.filter(BERLIN).since, wanted.filter(BERLIN).until) == (None, None)


def test_days_are_the_readers_and_both_are_in():
    wanted = Wanted(since="2026-11-20", until="2026-11-20").filter(BERLIN)
    assert wanted.since == datetime(2026, 11, 20, tzinfo=BERLIN)
    assert wanted.until == datetime(2026, 11, 21, tzinfo=BERLIN)


@pytest.mark.parametrize(("issue", "number"), [("#12", 12), ("12", 12), ("x", None), ("²", None), ("9" * 30, None)])
def test_an_issue_is_a_number(issue, number):
    assert Wanted.read({"issue": issue}).filter().issue_number == number


def test_names_it_does_not_know_and_endless_values_do_no_harm():
    wanted = Wanted.read({"nonsense": "x", "q": "y" * 10_000})
    assert len(wanted.q) == 200


def test_every_status_is_under_exactly_one_pill():
    together = [status for _, statuses in PILLS.values() for status in statuses]
    assert sorted(together) == sorted(Status)
