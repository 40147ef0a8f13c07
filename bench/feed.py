"""How long the server works for one look at the feed with 50 cards, at ten thousand tasks and at a million.

    ./run bench feed [tasks, default 1000000]

A whole rerun of the page, as Streamlit runs it, over PostgreSQL: frame, counts, cards. The baseline of the same run is
the same page over ten thousand tasks; beside it the reads of a reader who may see ten repositories of five hundred,
and of the filters.
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from streamlit.testing.v1 import AppTest

from bench.figures import percentile
from bench.filling import fill
from dashboard import data
from dashboard.wanted import Wanted
from jobs import bootstrap
from store.database import Database
from tests import postgres

_BASELINE = 10_000
_LOOKS, _WARM = 40, 5
_APP = Path(__file__).parent.parent / "dashboard" / "app.py"
_MINE = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))

_READS: dict[str, Callable[[Database], object]] = {
    "the reads of the whole feed": lambda db: data.feed_view(db, Wanted()),
    "… who may see 10 repositories": lambda db: data.feed_view(db, Wanted(), only=_MINE),
    "… who may see one without tasks": lambda db: data.feed_view(db, Wanted(), only=frozenset({"acme/none"})),
    "… of what failed": lambda db: data.feed_view(db, Wanted(status="failed")),
    "… of what waits for a person": lambda db: data.feed_view(db, Wanted(status="needs")),
    "… of one repository": lambda db: data.feed_view(db, Wanted(repository="acme/repository-7")),
    "… of one issue": lambda db: data.feed_view(db, Wanted(issue="77")),
    "… of one branch": lambda db: data.feed_view(db, Wanted(branch="porter/issue-77")),
    "… of one day": lambda db: data.feed_view(db, Wanted(since=f"{datetime.now(UTC):%Y-%m-%d}")),
    "what waits for me (menu)": data.waiting_for_me,
    "what a branch may be (type-ahead)": lambda db: data.typed(db, "branch", "77", Wanted()),
}


def main() -> None:
    """Print milliseconds of the server a look, and the ratio to the baseline."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server())
        small, large = (stack.enter_context(postgres.scratch_database(server)) for _ in range(2))
        for url, count in ((small, _BASELINE), (large, most)):
            fill(url, count)
        print(f"{'a look, in ms of the server':<34} {_BASELINE:>19,} {most:>19,}")
        print(f"{'':<34} {'p50':>9} {'p95':>9} {'p50':>9} {'p95':>9}")
        _print("the page, rerun", _page(small), _page(large))
        _compare(Database(small), Database(large))


def _compare(small: Database, large: Database) -> None:
    """Each read by turns over the one and the other: a busy neighbour disturbs both."""
    for name, read in _READS.items():
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(_LOOKS):
            for database, found in zip((small, large), spent, strict=True):
                begun = perf_counter()
                read(database)
                found.append(perf_counter() - begun)
        _print(name, *(found[_WARM:] for found in spent))
    small.close()
    large.close()


def _print(name: str, base: list[float], spent: list[float]) -> None:
    figures = [percentile(one, share) for one in (base, spent) for share in (0.5, 0.95)]
    told = " ".join(f"{figure * 1e3:9.1f}" for figure in figures)
    print(f"{name:<34} {told}   p95 is {figures[3] / figures[1]:5.2f} of the baseline's", flush=True)


def _page(url: str) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as folder:
        key = "v1:" + base64.b64encode(b"k" * 32).decode()
        os.environ |= {"DATABASE_URL": url, "PORTER_DATA_DIR": folder, "PORTER_VAULT_KEYS": key}
        bootstrap._built.clear()
        app = AppTest.from_file(str(_APP), default_timeout=60)
        spent = _timed(app.run)
        drawn = [element.proto for element in app.get("bidi_component")]
        if not any('"days": [{' in one.json or '"days":[{' in one.json for one in drawn):
            raise SystemExit("the page drew no cards")
        for services in bootstrap._built.values():
            services.db.close()
        bootstrap._built.clear()
        return spent


def _timed(act: Callable[[], object]) -> list[float]:
    for _ in range(_WARM):
        act()
    spent = []
    for _ in range(_LOOKS - _WARM):
        begun = perf_counter()
        act()
        spent.append(perf_counter() - begun)
    return spent


if __name__ == "__main__":
    main()
