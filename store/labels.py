"""Which task's status its issue's label shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update

from store import tables
from store.database import Database
from store.lifecycle import Status

_tasks = tables.tasks
WORTH_IT = timedelta(hours=1)  # after which nobody mends a label that was left behind


def shown(db: Database, task_id: str, label: str) -> None:
    """Remember that the issue was given this label for the task, or that it needs none."""
    with db.write() as connection:
        connection.execute(update(_tasks).where(_tasks.c.id == task_id).values(label_shown=label))


def behind(db: Database, labels: Mapping[Status, frozenset[str]], *, now: datetime, limit: int = 100) -> list[str]:
    """Ids of tasks that have a status comment and whose label is none of those that go with their status."""
    wrong = [
        and_(
            _tasks.c.status == status,
            or_(_tasks.c.label_shown.is_(None), _tasks.c.label_shown.not_in(sorted(fitting))),
        )
        for status, fitting in labels.items()
    ]
    recent = (_tasks.c.updated_at >= now - WORTH_IT) & _tasks.c.status_comment_id.is_not(None)
    query = select(_tasks.c.id).where(recent, or_(*wrong)).order_by(_tasks.c.updated_at).limit(limit)
    with db.read() as connection:
        return [str(key) for key in connection.execute(query).scalars()]
