"""Requests are stored once, handed to one worker at a time, and answered once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store import deliveries, migrate, requests
from store.database import Database
from store.records import Delivery, NewRequest, Verdict

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STOP = NewRequest("acme/greeter", 1, "maria", "stop", comment_id=7, comment_line=0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/porter.db"
    migrate.upgrade(url)
    database = Database(url)
    yield database
    database.close()


def test_a_delivery_stores_its_requests_in_the_same_transaction(db):
    delivery = Delivery("d-1", "issue_comment", NOW, Verdict.ACCEPTED, content_key="1:7:created")
    stored = deliveries.accept(db, delivery, requests=[STOP], now=NOW)
    request = requests.get(db, stored.request_ids[0])
    assert (request.delivery_id, request.verb, request.sender) == ("d-1", "stop", "maria")
    assert deliveries.accept(db, delivery, requests=[STOP], now=NOW).request_ids == []


def test_the_same_command_is_stored_once(db):
    assert requests.new(db, STOP, now=NOW) is not None
    assert requests.new(db, STOP, now=NOW) is None


def test_one_worker_at_a_time_holds_a_request_until_its_lease_ends(db):
    key = requests.new(db, STOP, now=NOW)
    assert requests.claim(db, key, now=NOW).attempts == 1
    assert requests.claim(db, key, now=NOW + timedelta(seconds=29)) is None
    assert requests.due(db, now=NOW) == []
    assert requests.due(db, now=NOW + timedelta(seconds=31)) == [key]
    assert requests.claim(db, key, now=NOW + timedelta(seconds=31)).attempts == 2


def test_a_request_put_off_is_due_again_later_and_an_answered_one_never(db):
    key = requests.new(db, STOP, now=NOW)
    requests.claim(db, key, now=NOW)
    requests.put_off(db, key, until=NOW + timedelta(seconds=8))
    assert requests.due(db, now=NOW + timedelta(seconds=7)) == []
    assert requests.due(db, now=NOW + timedelta(seconds=8)) == [key]
    requests.finish(db, key, "done", now=NOW)
    assert requests.due(db, now=NOW + timedelta(days=1)) == []
    assert requests.claim(db, key, now=NOW + timedelta(days=1)) is None
