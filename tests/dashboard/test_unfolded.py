"""A card that is open says what happened last, what the card cuts off, and the figures it has no room for."""

from __future__ import annotations

from datetime import UTC

from dashboard import data
from dashboard.unfolded import unfolded
from store.lifecycle import Status
from store.records import Priority
from tests.dashboard import builders


def opened(db, **values):
    task = builders.make_task(db, **values)
    return unfolded(data.task_view(db, task.id), zone=UTC)


def test_the_last_steps_come_in_order(db):
    steps = opened(db, status=Status.SUCCEEDED)["steps"]
    assert len(steps) == 5
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)


def test_words_that_the_card_holds_whole_are_not_repeated(db):
    assert opened(db, status=Status.SUCCEEDED, summary="Added the guard.")["words"] == ""
    assert opened(db, status=Status.SUCCEEDED, summary="Why:\n\nbecause.")["words"] == "Why:\n\nbecause."
    assert opened(db, status=Status.FAILED, message="no " * 100)["words"] == ("no " * 100).strip()


def test_figures_are_only_those_that_are_known(db):
    assert opened(db)["facts"] == []
    values = {"branch": "porter/issue-1", "base_branch": "next", "priority": Priority.HIGH, "input_tokens": 48_210,
              "output_tokens": 900, "files_changed": 3}  # fmt: skip
    assert opened(db, status=Status.SUCCEEDED, **values)["facts"] == [
        ["Branch", "porter/issue-1"], ["From", "next"], ["Priority", "high"], ["Files", "3"],
        ["Tokens", "48.2 k read, 900 written"],
    ]  # fmt: skip
