"""What the top of the feed reads: the newest that runs, failed and waits for a person, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from dashboard.data import Seen
from dashboard.present import Tone
from dashboard.wanted import PILLS, Wanted
from store import feed, spending
from store.database import Database
from store.records import Task
from store.spending import Spent

SHOWN = 2  # tasks of each kind
_WEEK = timedelta(days=6)  # and today


@dataclass(frozen=True)
class GlanceView:
    """The newest tasks of each kind. `today` and `week`: of what was asked for today, and in seven days with it;
    `failed_today`: how many of today's failed."""

    running: list[Task]
    needs: list[Task]
    failed: list[Task]
    failed_today: int
    today: Spent
    week: Spent


def glance_view(db: Database, wanted: Wanted, *, only: Seen, zone: tzinfo, now: datetime) -> GlanceView:
    """Of all that the filters let through, whichever pill is pressed. Days are the reader's."""
    every = replace(wanted.filter(zone), statuses=frozenset(), needs_person=None, only=only)
    rest = replace(every, needs_person=False)
    running = replace(rest, statuses=PILLS[Tone.RUNNING][1])
    failed = replace(rest, statuses=PILLS[Tone.FAILED][1])
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    since = max(filter(None, (every.since, midnight)))
    today, week = spending.spent(db, every, [midnight, midnight - _WEEK])
    return GlanceView(
        running=feed.page(db, running, limit=SHOWN).tasks,
        needs=feed.page(db, replace(every, needs_person=True), limit=SHOWN).tasks,
        failed=feed.page(db, failed, limit=SHOWN).tasks,
        failed_today=feed.count(db, replace(failed, since=since)),
        today=today,
        week=week,
    )
