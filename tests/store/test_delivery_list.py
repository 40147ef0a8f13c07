"""The list of deliveries: filtered, searched, page by page, and one set aside to be judged anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import deliveries, delivery_list
from store.database import Database
from store.delivery_list import DeliveryFilter
from store.records import Verdict
from tests.builders import NOW, make_delivery


def keep(db: Database, key: str, **values) -> None:
    deliveries.accept(db, make_delivery(id=key, **({"content_key": None} | values)), now=NOW)


def ids(db: Database, **wanted) -> list[str]:
    return [one.id for one in delivery_list.page(db, DeliveryFilter(**wanted)).deliveries]


def test_pages_follow_each_other_without_a_gap_even_at_one_moment(db: Database):
    for n in range(5):
        keep(db, f"d-{n}", received_at=NOW + timedelta(seconds=n // 2))
    seen, after = [], None
    while True:
        page = delivery_list.page(db, DeliveryFilter(), after=after, limit=2)
        seen += [one.id for one in page.deliveries]
        after = page.next_key
        if after is None:
            break
    assert seen == ["d-4", "d-3", "d-2", "d-1", "d-0"]


def test_filters_and_search_and_what_one_may_see(db: Database):
    keep(db, "a", verdict=Verdict.REFUSED, reason="unknown flag --modle", repository="acme/api")
    keep(db, "b", verdict=Verdict.IGNORED, reason="100% of it", repository="acme/site")
    assert ids(db, verdict=Verdict.REFUSED) == ["a"]
    assert ids(db, search="MODLE") == ["a"]
    assert ids(db, search="100%") == ["b"]
    assert ids(db, search="1%0") == []
    assert ids(db, only=frozenset({"acme/site"})) == ["b"]
    assert ids(db, only=frozenset()) == []


@pytest.mark.parametrize("key", ["nope", "2026-01-01/x", "/"], ids=["no-time", "no-zone", "empty"])
def test_a_key_that_is_none_is_refused(db: Database, key: str):
    with pytest.raises(ValueError):
        delivery_list.page(db, DeliveryFilter(), after=key)


def test_one_set_aside_is_judged_anew_when_it_comes_again(db: Database):
    keep(db, "guid", verdict=Verdict.REFUSED, content_key="acme/api/1/created")
    kept = delivery_list.set_aside(db, "guid", now=NOW)
    again = make_delivery(id="guid", content_key="acme/api/1/created")
    assert deliveries.accept(db, again, now=NOW).delivery.verdict is again.verdict
    assert kept is not None and set(ids(db)) == {"guid", kept}
    assert delivery_list.guid(kept) == "guid"


def test_one_that_was_accepted_is_never_set_aside(db: Database):
    keep(db, "guid", verdict=Verdict.ACCEPTED)
    assert delivery_list.set_aside(db, "guid", now=NOW) is None


def test_one_that_github_would_not_send_is_put_back(db: Database):
    keep(db, "guid", verdict=Verdict.IGNORED)
    kept = delivery_list.set_aside(db, "guid", now=NOW)
    assert kept is not None
    delivery_list.put_back(db, kept, "guid")
    assert ids(db) == ["guid"]
