"""One press asks GitHub for one delivery once, and what it is judged anew is what is true by then."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.redelivering import redeliver
from store import audit, deliveries
from store.database import Database
from store.records import Delivery, Verdict
from tests import whole
from tests.whole import Whole


@pytest.fixture
def porter(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whole]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    with whole.opened(tmp_path, database, monkeypatch) as opened:
        opened.settle()
        yield opened
    database.close()


def heard(porter: Whole, text: str) -> Delivery:
    """A comment, and the delivery that told of it."""
    porter.stage.github.world.comment(porter.stage.issue, "maria", text)
    porter.settle()
    return deliveries.latest(porter.stage.services.db, limit=1)[0]


def press(porter: Whole, one: Delivery) -> str:
    said = redeliver(porter.stage.services, one.id, by="maria")
    porter.settle()
    return said


def asked(porter: Whole) -> int:
    return sum(call.path.endswith("/attempts") for call in porter.stage.github.world.calls)


def test_an_ignored_delivery_comes_once_more_and_is_judged_anew(porter: Whole):
    one = heard(porter, "thank you all")
    assert one.verdict is Verdict.IGNORED
    assert "asked once" in press(porter, one)
    assert asked(porter) == 1
    lines = [line for line in deliveries.latest(porter.stage.services.db) if one.id in line.id]
    assert [line.verdict for line in lines] == [Verdict.IGNORED, Verdict.IGNORED]
    [note] = audit.latest(porter.stage.services.db)
    assert (note.who, note.action, note.what) == ("maria", "delivery_redelivered", one.id)


def test_a_second_press_asks_nobody(porter: Whole):
    one = heard(porter, "thank you all")
    press(porter, one)
    assert "a moment ago" in press(porter, one)
    assert asked(porter) == 1


def test_what_was_accepted_is_not_asked_for(porter: Whole):
    one = heard(porter, "@porter mock fix it")
    assert "it was accepted" in press(porter, one)
    assert (asked(porter), len(porter.tasks())) == (0, 1)


def test_while_github_is_away_it_says_so_and_nothing_is_changed(porter: Whole):
    one = heard(porter, "thank you all")
    porter.stage.github.world.faults.fail_next("GET", "/app/hook/deliveries$", 502, times=9)
    assert press(porter, one).startswith("GitHub was not moved")
    assert deliveries.get(porter.stage.services.db, one.id) == one


def test_one_that_nobody_knows_is_a_sentence(porter: Whole):
    assert redeliver(porter.stage.services, "nope", by="maria") == "There is no such delivery any more."
