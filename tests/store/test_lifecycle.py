"""The drawing in the module's docstring is the table."""

from __future__ import annotations

import re

import pytest

from store import lifecycle
from store.lifecycle import ENDED, LIVE, MOVES, Status, allowed
from tests.builders import path_to


def _drawn() -> dict[Status, frozenset[Status]]:
    lines = re.findall(r"^ {4}(\w+) +-> ([\w ]+)$", lifecycle.__doc__ or "", re.MULTILINE)
    return {Status(was): frozenset(Status(to) for to in tos.split()) for was, tos in lines}


def test_the_drawing_is_the_table():
    assert _drawn() == MOVES


def test_every_status_is_either_live_or_ended():
    assert set(Status) == LIVE | ENDED
    assert LIVE.isdisjoint(ENDED)


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_the_end_is_left_only_for_the_queue(ended):
    assert [to for to in Status if allowed(ended, to)] == [Status.QUEUED]


@pytest.mark.parametrize("status", list(Status))
def test_every_status_can_be_reached(status):
    assert path_to(status)[-1:] in ([status], [])


@pytest.mark.parametrize("live", sorted(LIVE))
def test_whatever_is_live_can_fail_and_be_cancelled(live):
    assert {Status.FAILED, Status.CANCELLED} <= MOVES[live]
