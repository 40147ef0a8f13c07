"""One holder at a time, and never more often than the pace allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import leases
from store.database import Database
from tests.builders import NOW
from tests.racing import failures, race


def test_a_lease_has_one_holder_until_it_ends(db, clock):
    assert leases.hold(db, "sweep", holder="a", now=clock(), seconds=20)
    assert not leases.hold(db, "sweep", holder="b", now=clock.advance(19))
    assert leases.hold(db, "sweep", holder="b", now=clock.advance(1))
    assert not leases.hold(db, "sweep", holder="a", now=clock())


def test_the_holder_renews_its_lease(db, clock):
    assert leases.hold(db, "sweep", holder="a", now=clock(), seconds=20)
    assert leases.hold(db, "sweep", holder="a", now=clock.advance(15), seconds=20)
    assert not leases.hold(db, "sweep", holder="b", now=clock.advance(15))


def test_a_lease_let_go_is_free_at_once_but_only_its_holder_can(db, clock):
    leases.hold(db, "sweep", holder="a", now=clock())
    leases.let_go(db, "sweep", holder="b")
    assert not leases.hold(db, "sweep", holder="b", now=clock())
    leases.let_go(db, "sweep", holder="a")
    assert leases.hold(db, "sweep", holder="b", now=clock())


@pytest.mark.parametrize("taken_before", [False, True], ids=["new", "ended"])
def test_of_four_at_once_one_holds_the_lease(db, clock, taken_before):
    if taken_before:
        leases.hold(db, "sweep", holder="old", now=clock(), seconds=20)
        clock.advance(21)
    results = race(*[partial(leases.hold, db, "sweep", holder=name, now=clock()) for name in "abcd"])
    assert failures(results) == []
    assert sorted(results) == [False, False, False, True]


def test_a_paced_line_gives_places_one_interval_apart(db, clock):
    reserve = partial(leases.reserve, db, "fly", interval=2.0)
    assert [reserve(now=clock()) for _ in range(3)] == [0.0, 2.0, 4.0]
    assert reserve(now=clock.advance(60)) == 0.0


def test_after_a_pause_a_burst_goes_without_a_wait(db, clock):
    reserve = partial(leases.reserve, db, "fly", interval=2.0, burst=3)
    assert [reserve(now=clock()) for _ in range(5)] == [0.0, 0.0, 0.0, 2.0, 4.0]


def test_two_lines_do_not_wait_for_each_other(db, clock):
    assert [leases.reserve(db, name, now=clock(), interval=9.0) for name in ("a", "b")] == [0.0, 0.0]


def test_places_taken_at_once_are_all_different(db):
    waits = race(*[lambda: leases.reserve(db, "fly", now=NOW, interval=1.0)] * 6)
    assert failures(waits) == []
    assert sorted(waits) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.floats(0, 10), min_size=1, max_size=20), burst=st.integers(1, 4), key=st.uuids())
def test_no_window_of_time_ever_holds_more_acts_than_burst_and_pace_allow(migrated_sqlite, gaps, burst, key):
    acts = _acts(f"sqlite:///{migrated_sqlite}", str(key), gaps, burst)
    for first, start in enumerate(acts):
        for last, end in enumerate(acts[first:], first):
            assert last - first + 1 <= burst + (end - start) / timedelta(seconds=2) + 1e-6


def _acts(url: str, name: str, gaps: list[float], burst: int) -> list[datetime]:
    """When those who ask `gaps` seconds apart may act, at one act per 2 seconds."""
    db, now, acts = Database(url), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        acts.append(now + timedelta(seconds=leases.reserve(db, name, now=now, interval=2.0, burst=burst)))
    db.close()
    return sorted(acts)


def test_what_is_not_taken_at_once_is_not_counted(db, clock):
    take = partial(leases.take, db, "comments", interval=1.0, burst=2)
    assert [take(now=clock()) for _ in range(5)] == [True, True, False, False, False]
    clock.advance(1)
    assert [take(now=clock()) for _ in range(2)] == [True, False]


def test_a_place_that_is_too_far_off_is_told_and_not_taken(db):
    at = {"now": NOW, "interval": 1.0, "at_most": 2.0}
    assert [leases.reserve(db, "writes", **at) for _ in range(6)] == [0, 1, 2, 3, 3, 3]


def test_a_pause_holds_until_it_is_over_and_never_gets_shorter(db):
    assert leases.rest(db, "pause", now=NOW) == 0
    leases.hold_back(db, "pause", until=NOW + timedelta(seconds=60))
    leases.hold_back(db, "pause", until=NOW + timedelta(seconds=30))
    assert leases.rest(db, "pause", now=NOW + timedelta(seconds=20)) == 40
    assert leases.rest(db, "pause", now=NOW + timedelta(seconds=61)) == 0


def test_to_look_at_a_line_is_not_to_join_it(db):
    for _ in range(3):
        assert leases.rest(db, "writes", now=NOW) == 0
    assert leases.reserve(db, "writes", now=NOW, interval=1.0) == 0
    assert leases.rest(db, "writes", now=NOW) == 1
