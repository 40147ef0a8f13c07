"""How long History and Insights read, at ten thousand tasks and at a million, and what a file of all tasks takes.

    ./run bench history [tasks, default 1000000]

On PostgreSQL. The baseline is the same reads over ten thousand tasks of the same days.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from bench import turns
from bench.filling import DAYS
from dashboard import export, past_reads
from dashboard.past import WantedHistory, WantedInsights
from store import history
from store.database import Database
from store.filters import TaskFilter
from store.history import Sought

_MINE = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))


def main() -> None:
    """Print milliseconds a read, and the ratio to the baseline."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with turns.databases(most) as urls:
        small, large = Database(urls[0]), Database(urls[1])
        reads = _reads(large)
        for name, read in _reads(small).items():
            turns.compare(name, read, reads[name])
        _whole_file(large)
        small.close()
        large.close()


def _reads(db: Database) -> dict[str, Callable[[], object]]:
    now = datetime.now(UTC)
    week = (now - timedelta(days=7)).date().isoformat()
    half = TaskFilter(until=now - timedelta(days=DAYS / 2))
    middle = history.page(db, Sought(half), limit=50).older

    def look(only: frozenset[str] | None = None, **filters: str) -> Callable[[], object]:
        return lambda: past_reads.history_view(db, WantedHistory(**filters), only=only)

    def period(days: int, only: frozenset[str] | None = None) -> Callable[[], object]:
        return lambda: past_reads.insights_view(db, WantedInsights(days), only=only, now=now)

    return {
        "History, all of it": look(),
        "… a page half-way down": look(after=middle or ""),
        "… who may see 10 repositories": look(_MINE),
        "… of what failed": look(result="failed"),
        "… of what is done": look(result="done"),
        "… of what was rejected (none was)": look(result="closed"),
        "… of one agent": look(agent="codex"),
        "… of one repository": look(repository="acme/repository-7"),
        "… of one repository, what failed": look(repository="acme/repository-8", result="failed"),
        "… of one person": look(by="person-7"),
        "… of the last week": look(since=week),
        "… whose titles hold a rare word": look(q="number 77 of"),
        "a page of the CSV": lambda: history.page(db, Sought(), after=middle, limit=500),
        "Insights, 30 days": period(30),
        "Insights, 90 days": period(90),
        "Insights, 90 days, of 10 repositories": period(90, _MINE),
    }


def _whole_file(db: Database) -> None:
    """The file as the dashboard streams it; how much more memory the process took at most."""
    before, begun, size = _peak(), perf_counter(), 0
    for part in export.texts(db, Sought()):
        size += len(part.encode())
    spent = perf_counter() - begun
    print(f"the CSV of all tasks: {size / 1e6:.0f} MB in {spent:.0f} s, peak memory {_peak() - before:+.1f} MB")


def _peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
