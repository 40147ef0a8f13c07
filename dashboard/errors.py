"""What can go wrong between the store and the eyes."""

from __future__ import annotations

from datetime import datetime


class DashboardError(Exception):
    """A page cannot show what was asked; the message is for people."""


class DatabaseAway(DashboardError):
    """The database does not answer, and has not since `since`."""

    def __init__(self, since: datetime) -> None:
        super().__init__("the database does not answer")
        self.since = since
