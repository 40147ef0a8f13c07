"""The different agents and people of all tasks, for the dashboard's filters."""

from __future__ import annotations

from store import feed
from tests.builders import make_task


def test_each_name_is_listed_once_and_in_order(db):
    for agent, person in (("codex", "tom"), ("amp", "tom"), ("codex", "maria")):
        make_task(db, agent=agent, requested_by=person)
    assert feed.names(db, "agent") == ["amp", "codex"]
    assert feed.names(db, "requested_by") == ["maria", "tom"]


def test_no_more_names_are_listed_than_asked_for(db):
    for number in range(5):
        make_task(db, agent=f"agent-{number}")
    assert feed.names(db, "agent", limit=2) == ["agent-0", "agent-1"]


def test_an_empty_store_has_no_names(db):
    assert feed.names(db, "agent") == []
