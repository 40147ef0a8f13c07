"""All processes together create one machine a second in an app, three at once."""

from __future__ import annotations

import pytest

from jobs.fly_pace import LONGEST_SLEEP, FlyPace
from jobs.hosts.errors import HostUnavailable
from tests.jobs.stage import Stage


def test_two_processes_share_one_pace_and_apps_do_not(stage: Stage) -> None:
    slept: list[float] = []
    one, other = (FlyPace(stage.services.db, stage.clock, slept.append) for _ in range(2))
    for pace in (one, other, one, other, one):
        pace.wait("porter")
    assert slept == [0.0, 0.0, 0.0, 1.0, 2.0]
    other.wait("second")
    assert slept[-1] == 0.0


def test_a_pause_that_fly_asked_for_holds_for_the_first_create_after_it(stage: Stage) -> None:
    slept: list[float] = []
    pace = FlyPace(stage.services.db, stage.clock, slept.append)
    pace.hold_back("porter", 7.0)
    pace.wait("porter")
    assert slept == [7.0]
    stage.wait(60)
    pace.wait("porter")
    assert slept == [7.0, 0.0]


def test_a_wait_that_a_worker_should_not_sleep_through_is_put_off(stage: Stage) -> None:
    slept: list[float] = []
    pace = FlyPace(stage.services.db, stage.clock, slept.append)
    pace.hold_back("porter", LONGEST_SLEEP + 15)
    with pytest.raises(HostUnavailable) as caught:
        pace.wait("porter")
    assert caught.value.retry_after == LONGEST_SLEEP + 15
    stage.wait(LONGEST_SLEEP + 15)
    pace.wait("porter")
    assert slept == [0.0]
