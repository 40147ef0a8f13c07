"""A page never waits for GitHub: it shows what was seen last, and since when that is old."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from datetime import timedelta

from dashboard.lookout import Glimpse, Lookout
from tests.builders import NOW

SOON = timedelta(seconds=10)


class Later(Executor):
    """Does its work when told to."""

    def __init__(self):
        self.waiting = []

    def submit(self, what, /, *_args, **_kwargs):
        done = Future()
        self.waiting.append((done, what))
        return done

    def work(self):
        waiting, self.waiting = self.waiting, []
        for done, what in waiting:
            try:
                done.set_result(what())
            except Exception as error:
                done.set_exception(error)


def away():
    raise OSError("GitHub is away")


def test_the_first_look_shows_nothing_yet_and_the_next_one_what_was_seen():
    later = Later()
    lookout = Lookout(later)
    assert lookout.look("pull", lambda: 1, now=NOW, fresh_for=SOON) == Glimpse(is_pending=True, tried_at=NOW)
    lookout.look("pull", lambda: 2, now=NOW, fresh_for=SOON)
    assert len(later.waiting) == 1
    later.work()
    assert lookout.look("pull", away, now=NOW + timedelta(seconds=9), fresh_for=SOON).value == 1
    assert later.waiting == []


def test_when_a_later_look_fails_the_old_one_is_still_shown():
    later = Later()
    lookout = Lookout(later)
    lookout.look("pull", lambda: 1, now=NOW, fresh_for=SOON)
    later.work()
    lookout.look("pull", away, now=NOW + SOON, fresh_for=SOON)
    later.work()
    seen = lookout.seen("pull")
    assert (seen.value, seen.at, str(seen.error), seen.is_pending) == (1, NOW, "GitHub is away", False)


def test_what_was_forgotten_is_not_brought_back_by_a_look_that_was_under_way():
    later = Later()
    lookout = Lookout(later)
    lookout.look("pull", lambda: "old", now=NOW, fresh_for=SOON)
    lookout.forget("pull")
    later.work()
    assert lookout.seen("pull") == Glimpse()


def test_it_remembers_the_latest_only():
    lookout = Lookout(Later())
    for number in range(500):
        lookout.look(number, lambda: 1, now=NOW, fresh_for=None)
    assert lookout.seen(0) == Glimpse()
    assert lookout.seen(499).is_pending
