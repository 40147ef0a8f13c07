"""How long History and Insights read, at ten thousand tasks and at a million.

    ./run bench history [tasks, default 1000000]

On PostgreSQL. The baseline is the same reads over ten thousand tasks. Counting all days once, which the sweep does over
time, is printed apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import text

from bench import feed
from bench.figures import percentile
from dashboard import past_reads
from dashboard.past import WantedHistory, WantedInsights
from store import bookkeeping, history
from store.database import Database
from store.history import Sought
from tests import postgres

_BASELINE = 10_000
_LOOKS = 30
_MINE = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))


def main() -> None:
    """Print milliseconds a read, and the ratio to the baseline."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    base: dict[str, float] = {}
    with postgres.server() as server:
        for count in (_BASELINE, most):
            with postgres.scratch_database(server) as url:
                feed._fill(url, count)
                db = Database(url)
                _count(db, count)
                for name, read in _reads(db).items():
                    spent = _timed(read)
                    p95 = percentile(spent, 0.95)
                    ratio = f"   {p95 / base[name]:5.2f} of the baseline" if name in base else ""
                    base.setdefault(name, p95)
                    print(
                        f"{name:<36} p50 {percentile(spent, 0.5) * 1e3:7.1f}   p95 {p95 * 1e3:7.1f}{ratio}", flush=True
                    )
                db.close()


def _count(db: Database, count: int) -> None:
    begun = perf_counter()
    days = bookkeeping.rebuild(db)
    bookkeeping.refresh(db, most=days)
    spent = perf_counter() - begun
    with db.write() as connection:
        connection.execute(text("analyze"))
    print(
        f"\n{count:,} tasks of {days} days, counted in {spent:.1f} s ({1e3 * spent / days:.0f} ms a day); reads, in ms"
    )


def _reads(db: Database) -> dict[str, Callable[[], object]]:
    now = datetime.now(UTC)
    week = (now - timedelta(days=7)).date().isoformat()
    middle = history.page(db, Sought(), limit=5_000).older

    def look(only: frozenset[str] | None = None, **filters: str) -> Callable[[], object]:
        return lambda: past_reads.history_view(db, WantedHistory(**filters), only=only)

    def period(days: int, only: frozenset[str] | None = None) -> Callable[[], object]:
        return lambda: past_reads.insights_view(db, WantedInsights(days), only=only, now=now)

    return {
        "History, all of it": look(),
        "… a page far down": look(after=middle or ""),
        "… who may see 10 repositories": look(_MINE),
        "… of what failed": look(result="failed"),
        "… of one repository": look(repository="acme/repository-7"),
        "… of one person": look(by="person-7"),
        "… of the last week": look(since=week),
        "a page of the CSV": lambda: history.page(db, Sought(), after=middle, limit=500),
        "Insights, 30 days": period(30),
        "Insights, 90 days": period(90),
        "… 90 days, of 10 repositories": period(90, _MINE),
    }


def _timed(act: Callable[[], object]) -> list[float]:
    act()
    spent = []
    for _ in range(_LOOKS):
        begun = perf_counter()
        act()
        spent.append(perf_counter() - begun)
    return spent


if __name__ == "__main__":
    main()
