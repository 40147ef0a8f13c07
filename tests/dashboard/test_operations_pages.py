"""The Operations page's logic without a browser, also while something it reads is away."""

from __future__ import annotations

import pytest

from tests.dashboard.test_pages import drawn, store

__all__ = ["store"]  # a fixture


def test_without_redis_one_sentence_says_it_and_the_tabs_stay(store):
    seen = drawn(page="operations")
    assert seen["problem"]["text"].startswith("Redis does not answer. No task is lost")
    assert [tab["word"] for tab in seen["operations"]["tabs"]][:3] == ["Queues", "Machines", "Deliveries"]


@pytest.mark.parametrize("tab", ["deliveries", "sweep", "audit"])
def test_a_new_porter_says_what_will_be_here(store, tab):
    groups = drawn(page="operations", tab=tab)["operations"]["groups"]
    assert all(group["rows"] or group["empty"] for group in groups)


def test_without_a_database_one_sentence_says_it_and_health_says_what_mends_it(store, tmp_path):
    (tmp_path / "porter.db").unlink()
    seen = drawn(page="operations", tab="audit")
    assert seen["problem"]["text"].startswith("The database has not answered since")
    assert seen["operations"]["groups"] == []
    [health] = drawn(page="operations", tab="health")["operations"]["groups"]
    assert "Redis" in [row["title"] for row in health["rows"] if row["word"] == "Broken"]


def test_a_made_up_key_of_a_page_is_the_first_page(store):
    for tab in ("deliveries", "audit"):
        assert drawn(page="operations", tab=tab, after="';--")["operations"]["groups"]
