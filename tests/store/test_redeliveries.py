"""Which deliveries were heard, and which were asked for once more, and how often."""

from __future__ import annotations

from datetime import timedelta

from store import deliveries, redeliveries
from store.database import Database
from store.records import Verdict
from store.redeliveries import Asked
from tests.builders import NOW, make_delivery


def test_every_delivery_that_was_received_counts_as_heard_whatever_became_of_it(db: Database):
    for n, verdict in enumerate(Verdict):
        deliveries.accept(db, make_delivery(id=f"d-{n}", verdict=verdict, content_key=None), now=NOW)
    names = {f"d-{n}" for n in range(len(Verdict) + 1)}
    assert redeliveries.heard(db, names) == names - {f"d-{len(Verdict)}"}
    assert redeliveries.heard(db, set()) == set()


def test_a_thousand_names_are_looked_up_at_once(db: Database):
    deliveries.accept(db, make_delivery(id="d-999", content_key=None), now=NOW)
    assert redeliveries.heard(db, {f"d-{n}" for n in range(1200)}) == {"d-999"}


def test_attempts_are_counted_and_the_last_one_is_known(db: Database):
    redeliveries.note(db, "d-1", 1, now=NOW)
    redeliveries.note(db, "d-1", 2, now=NOW + timedelta(minutes=5))
    assert redeliveries.asked(db, {"d-1", "d-2"}) == {"d-1": Asked(2, NOW + timedelta(minutes=5))}


def test_what_github_no_longer_remembers_is_dropped(db: Database):
    redeliveries.note(db, "old", 3, now=NOW)
    redeliveries.note(db, "new", 1, now=NOW + timedelta(seconds=1))
    assert redeliveries.forget_older(db, than=NOW) == 1
    assert set(redeliveries.asked(db, {"old", "new"})) == {"new"}
