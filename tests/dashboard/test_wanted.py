"""Filters live in the address of the page, and an address may say anything."""

from __future__ import annotations

import pytest

from dashboard.wanted import PILLS, Wanted
from store.lifecycle import Status


def test_what_is_wanted_survives_its_trip_through_the_address():
    wanted = Wanted(status="failed", repository="acme/api", agent="codex", by="tom", q="#12")
    assert Wanted.read(wanted.params()) == wanted


def test_an_empty_wish_leaves_the_address_clean():
    assert Wanted().params() == {}
    assert not Wanted().is_narrow


@pytest.mark.parametrize("status", ["", "nonsense", "QUEUED", "<script>", None, 7])
def test_an_unknown_status_is_dropped(status):
    assert Wanted.read({"status": status}).filter().statuses == frozenset()


def test_names_it_does_not_know_and_endless_values_do_no_harm():
    wanted = Wanted.read({"nonsense": "x", "q": "y" * 10_000})
    assert len(wanted.q) == 200


def test_every_status_is_under_exactly_one_pill():
    together = [status for _, statuses in PILLS.values() for status in statuses]
    assert sorted(together) == sorted(Status)
