"""The sweep leaves word of what it did, and forgets what is old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs import pruning, sweep_record
from jobs.hosts.errors import HostUnavailable
from jobs.sweep import Sweep, _slow
from store import deliveries
from tests.builders import make_delivery
from tests.jobs.stage import Stage


def test_a_pass_tells_when_it_was_and_what_it_did(stage: Stage):
    assert sweep_record.last(stage.services.db) is None
    stage.task()
    sweep = Sweep(stage.services)
    sweep.leads()
    sweep.quick()
    _slow(sweep)
    last = sweep_record.last(stage.services.db)
    assert last is not None
    assert last.at == stage.services.clock()
    assert last.lately[0].did == {"launch job": 1}
    assert sweep_record.leader(stage.services.db, now=stage.services.clock()) == last.leader
    sweep.resign()
    assert sweep_record.leader(stage.services.db, now=stage.services.clock()) is None


def test_a_quiet_pass_adds_no_line(stage: Stage):
    sweep = Sweep(stage.services)
    _slow(sweep)
    stage.wait(15)
    _slow(sweep)
    last = sweep_record.last(stage.services.db)
    assert last is not None and last.lately == [] and not last.is_late(stage.services.clock())
    assert last.is_late(stage.services.clock() + timedelta(minutes=2))


def test_what_is_in_its_way_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    def away() -> None:
        raise HostUnavailable("the host does not answer")

    monkeypatch.setattr(stage.services.host, "list", away)
    with pytest.raises(HostUnavailable):
        _slow(Sweep(stage.services))
    last = sweep_record.last(stage.services.db)
    assert last is not None and last.fault == "the host does not answer"


def test_old_deliveries_are_forgotten_every_ten_minutes_and_told(stage: Stage):
    db, old = stage.services.db, stage.services.clock() - timedelta(days=91)
    deliveries.accept(db, make_delivery(id="old", content_key=None, received_at=old), now=old)
    assert pruning.prune(stage.services) == {"forgot deliveries": 1}
    deliveries.accept(db, make_delivery(id="older", content_key=None, received_at=old), now=old)
    assert pruning.prune(stage.services) == {}
    stage.wait(600)
    assert pruning.prune(stage.services) == {"forgot deliveries": 1}
