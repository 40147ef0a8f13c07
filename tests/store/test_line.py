"""The order of the line: priority counts, waiting counts, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.line import Asked, Limits, Load, Obstacle, ahead, obstacle, startable
from store.records import Priority
from tests.builders import NOW

HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW
ROOMY = Limits(user=1000, repository=1000, deployment=1000)
MINUTE = timedelta(minutes=1)


def asked(name: str = "a", priority: Priority = NORMAL, *, after: float = 0, **overrides: object) -> Asked:
    """A run that was asked for `after` minutes from the beginning, each on an issue of its own."""
    given_ = Asked(name, name, NOW + after * MINUTE, priority, "acme/greeter", "maria", "mock", None)
    return replace(given_, **overrides)


def order(*line: Asked) -> list[str]:
    return [one.run_id for one in startable(line, Load(), ROOMY)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param([asked("b", after=1), asked("a")], "ab", id="first-come"),
        pytest.param([asked("b"), asked("a")], "ab", id="same-moment"),
        pytest.param([asked("l", LOW), asked("n"), asked("h", HIGH)], "hnl", id="priority"),
        pytest.param([asked("l", LOW), asked("n", after=29)], "nl", id="normal-passes-a-low-of-under-half-an-hour"),
        pytest.param([asked("l", LOW), asked("n", after=31)], "ln", id="but-not-one-of-more"),
        pytest.param([asked("l", LOW), asked("h", HIGH, after=59)], "hl", id="high-passes-a-low-of-under-an-hour"),
        pytest.param([asked("l", LOW), asked("h", HIGH, after=61)], "lh", id="but-not-one-that-waited-longer"),
        pytest.param([asked("n"), asked("h", HIGH, after=29)], "hn", id="high-passes-a-normal-of-under-half-an-hour"),
    ],
)
def test_the_order_is_priority_lifted_by_waiting(line: list[Asked], expected: str):
    assert order(*line) == list(expected)


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        pytest.param({}, None, id="free"),
        pytest.param({"by_user": 2}, Obstacle.USER, id="user"),
        pytest.param({"by_repository": 3}, Obstacle.REPOSITORY, id="repository"),
        pytest.param({"others": 5}, Obstacle.DEPLOYMENT, id="deployment"),
        pytest.param({"by_user": 2, "by_repository": 3, "busy": True}, Obstacle.ISSUE, id="issue-is-told-first"),
    ],
)
def test_what_is_in_the_way_is_named(load: dict[str, int], expected: Obstacle | None):
    mine, there = asked(issue_number=7), Load()
    there.add("else/where", "Maria", load.get("by_user", 0))
    there.add("Acme/Greeter", "tom", load.get("by_repository", 0))
    there.add("else/where", "ben", load.get("others", 0))
    if "busy" in load:
        there.occupy(asked("other", issue_number=7))
    assert obstacle(mine, there, Limits(user=2, repository=3, deployment=5)) is expected


def test_who_is_stopped_by_a_limit_of_their_own_is_passed():
    line = [asked(f"m{n}") for n in range(3)] + [asked("t", after=9, requested_by="tom")]
    load = Load()
    assert [one.run_id for one in startable(line, load, Limits(2, 10, 10))] == ["m0", "m1", "t"]
    assert load.total == 3


def test_two_tasks_of_one_issue_and_agent_start_one_after_the_other_and_in_order():
    line = [asked("a", issue_number=1), asked("b", issue_number=1), asked("c", issue_number=1, agent="codex")]
    assert order(*line) == ["a", "c"]
    assert order(replace(line[0], ready=False), *line[1:]) == ["c"]


def test_a_hundred_low_ones_are_passed_by_a_high_one():
    line = [asked(f"l{n:02}", LOW, after=n / 100) for n in range(100)] + [asked("high", HIGH, after=2)]
    assert order(*line)[0] == "high"


arrivals = st.lists(st.tuples(st.floats(0, 120), st.sampled_from(Priority), st.sampled_from("abc")), max_size=40)


@given(arrivals, st.integers(1, 4))
def test_whatever_comes_no_limit_is_passed_and_no_place_is_left_empty(coming, places):
    line = [asked(f"{n:02}", p, after=at, requested_by=by) for n, (at, p, by) in enumerate(coming)]
    limits, load = Limits(user=2, repository=100, deployment=places), Load()
    started = list(startable(line, load, limits))
    assert load.total == len(started) <= places
    assert all(number <= 2 for number in load.by_user.values())
    left = [one for one in line if one not in started]
    assert all(obstacle(one, load, limits) is not None for one in left)


@given(arrivals, st.floats(0.5, 3))
def test_under_an_endless_stream_of_high_ones_everybody_starts(coming, minutes_each):
    """One place, each run takes `minutes_each`, and a new high one is always there: a low one waits for those before
    it and for the high ones of an hour, and then it starts."""
    line = [asked(f"{n:02}", p, after=at, requested_by=by) for n, (at, p, by) in enumerate(coming)]
    now, served, waiting = NOW, 0, {one.run_id: one for one in line}
    limits = Limits(1, 1, 1)
    while waiting:
        present = [one for one in waiting.values() if one.since <= now]
        stream = asked("zz-high", HIGH, since=now)
        [next_one] = startable([*present, stream], Load(), limits)
        waiting.pop(next_one.run_id, None)
        served += 1
        assert served <= _bound(line, minutes_each), "somebody starves"
        now += minutes_each * MINUTE


def _bound(line: list[Asked], minutes_each: float) -> float:
    """All of the line, and a high one for each turn in the two hours of arrivals and the hour behind them."""
    last: datetime = max(one.since for one in line)
    return len(line) + ((last - NOW) / MINUTE + 60) / minutes_each + 2


def test_each_counts_those_before_it_that_want_the_same():
    line = [
        asked("any"),
        asked("user", waits_for=Obstacle.USER),
        asked("other", after=1, requested_by="ben", repository="acme/b", waits_for=Obstacle.REPOSITORY),
        asked("issue", after=2, issue_number=7, waits_for=Obstacle.ISSUE),
        asked("same issue", after=3, issue_number=7, waits_for=Obstacle.ISSUE),
        asked("place", after=4, waits_for=Obstacle.DEPLOYMENT),
    ]
    assert ahead(line) == {"any": 0, "user": 1, "other": 0, "issue": 0, "same issue": 1, "place": 1}
