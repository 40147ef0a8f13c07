"""What History and Insights read, through the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from dashboard.past import WantedHistory, WantedInsights
from store import feed, filters, history, tallies
from store.counts import Counted, Span
from store.database import Database
from store.feed import TaskFilter
from store.history import Page, Summary

PAGE_SIZE = 50
_BARS = 8  # repositories told apart; the rest would be a list, and History is that


@dataclass(frozen=True)
class HistoryView:
    """One look at a page of all tasks. `searched_to`: titles of older tasks were not searched."""

    page: Page
    summary: Summary
    repositories: list[str]
    agents: list[str]
    people: list[str]
    searched_to: datetime | None = None


@dataclass(frozen=True)
class InsightsView:
    """One look at a period: by day, by agent, and the busiest repositories."""

    span: Span
    today: date
    by_day: Counted
    by_agent: Counted
    by_repository: Counted


def history_view(db: Database, wanted: WantedHistory, *, only: frozenset[str] | None) -> HistoryView:
    """A page, what the whole result came to, and what the filters offer."""
    sought, seen = wanted.sought(only), TaskFilter(only=only)
    reach = filters.within_reach(db, sought.tasks)
    cut, sought = reach != sought.tasks, replace(sought, tasks=reach)
    try:
        page = history.page(db, sought, after=wanted.after or None, before=wanted.before or None, limit=PAGE_SIZE)
    except ValueError:  # a key that somebody made up
        page = history.page(db, sought, limit=PAGE_SIZE)
    return HistoryView(
        page,
        history.summary(db, sought),
        feed.repositories(db, only=only, limit=200),
        feed.names(db, "agent") if only is None else feed.latest_names(db, "agent", seen, limit=50),
        feed.latest_names(db, "requested_by", seen, limit=50),  # suggestions: any other name may be typed
        searched_to=reach.since if cut else None,
    )


def insights_view(db: Database, wanted: WantedInsights, *, only: frozenset[str] | None, now: datetime) -> InsightsView:
    """The counts of the period."""
    today = now.astimezone(UTC).date()
    span = wanted.span(today, only)
    seen = tallies.overview(db, span, busiest=_BARS)
    return InsightsView(span, today, by_day=seen.by_day, by_agent=seen.by_agent, by_repository=seen.busiest)
