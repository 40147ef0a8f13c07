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
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from streamlit.testing.v1 import AppTest

from bench import turns
from dashboard import data
from dashboard.wanted import Wanted
from jobs import bootstrap
from jobs.config import Config
from store.database import Database

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
    "… whose titles hold a rare word": lambda db: data.feed_view(db, Wanted(q="number 77 of")),
    "… of one day": lambda db: data.feed_view(db, Wanted(since=f"{datetime.now(UTC):%Y-%m-%d}")),
    "what waits for me (menu)": data.waiting_for_me,
    "what a branch may be (type-ahead)": lambda db: data.typed(db, "branch", "77", Wanted()),
}


def main() -> None:
    """Print milliseconds of the server a look, and the ratio to the baseline."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with turns.databases(most) as urls:
        measure(*urls)


def measure(small: str, large: str) -> None:
    """Print the table of two databases that are there."""
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as folder:
        key = "v1:" + base64.b64encode(b"k" * 32).decode()
        os.environ |= {"PORTER_DATA_DIR": folder, "PORTER_VAULT_KEYS": key}
        pages = _Page(small), _Page(large)
        turns.compare("the page, rerun", *(page.look for page in pages))
        for page in pages:
            page.close()
    dbs = Database(small), Database(large)
    for name, read in _READS.items():
        turns.compare(name, *(partial(read, db) for db in dbs))
    for db in dbs:
        db.close()


class _Page:
    """The feed over one database, as one reader sees it."""

    def __init__(self, url: str) -> None:
        os.environ["DATABASE_URL"] = url
        self._services = bootstrap.build(Config.from_environment())
        self._app = AppTest.from_file(str(_APP), default_timeout=60)
        self.look()
        drawn = [element.proto for element in self._app.get("bidi_component")]
        if not any('"days": [{' in one.json or '"days":[{' in one.json for one in drawn):
            raise SystemExit("the page drew no cards")

    def look(self) -> None:
        bootstrap._built[os.getpid()] = self._services
        self._app.run()

    def close(self) -> None:
        bootstrap._built.clear()
        self._services.db.close()


if __name__ == "__main__":
    main()
