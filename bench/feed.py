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

from sqlalchemy import Index, text
from streamlit.testing.v1 import AppTest

from bench.figures import percentile
from dashboard import data
from dashboard.wanted import Wanted
from jobs import bootstrap
from store import tables
from store.database import Database
from store.migrate import upgrade
from tests import postgres

_BASELINE = 10_000
DAYS = 120  # over which the tasks are spread, however many
_LOOKS, _WARM = 40, 5
_APP = Path(__file__).parent.parent / "dashboard" / "app.py"
_MINE = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))

# Evenly apart, the newest last; the last 60 are at work or in line, of the others 88 % went well. The last 2,000
# pull requests of which every tenth is still open.
_FILL = """
insert into tasks (id, created_at, updated_at, started_at, finished_at, status, outcome, message, version, run_id,
    source, repository, issue_number, issue_title, requested_by, agent, priority, instructions, flags, branch,
    pr_number, pr_url, pr_state, pr_opened_at, files_changed, additions, deletions, summary, step, percent,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, machine_seconds, comment_version)
select lpad(to_hex(n), 12, '0'), at, at, at, case when ended then at + took end,
    case when n > total - 20 then 'queued' when not ended then 'running' when n % 8 = 0 then 'failed' else 'succeeded'
    end,
    case when ended and n % 8 > 0 then 'pull_request' end, '', 1, lpad(to_hex(n), 12, '0') || '-1',
    'comment', 'acme/repository-' || n % 500, n % 4000 + 1, 'Task number ' || n || ' of the bench',
    'person-' || n % 300, (array['claude-code', 'codex', 'opencode', 'gemini-cli'])[n % 4 + 1], 'normal', '', '{}',
    'porter/issue-' || n, case when ended and n % 8 > 0 then n end, 'https://github.test/pull/' || n,
    case when not ended or n % 8 = 0 then null when n > total - 2000 and n % 10 = 1 then 'open' else 'merged' end,
    case when ended and n % 8 > 0 then at + took end, 3, 40, 7, 'Done as asked; tests pass.', 'running tests', 50,
    1000, 1000, 1000, 0, 0.41, 300, 1
from (select n, total, n <= total - 60 as ended, (60 + n % 3000) * interval '1 second' as took,
        now() - (total - n) * :days * interval '1 day' / total as at
      from (select cast(:total as integer) as total) as size, generate_series(1, :total) as n) as row
"""
_RUNS = """
insert into runs (id, task_id, number, kind, created_at, fence, attempts, inputs, report_seq, usage, waits_for)
select run_id, id, 1, 'first', created_at, 0, 1, '{}', 0, '{}', case when status = 'queued' then 'deployment' end
from tasks where status in ('queued', 'running')
"""

_REPOSITORIES = """
insert into repositories (full_name, private, seen_at) select distinct repository, false, now() from tasks
"""

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
            begun = perf_counter()
            _fill(url, count)
            print(f"{count:,} tasks filled in {perf_counter() - begun:.0f} s")
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


def _fill(url: str, count: int) -> None:
    """With the indexes made afterwards: a fifth of the time."""
    upgrade(url)
    database = Database(url)
    indexes = [index for index in tables.tasks.indexes if not index.unique]
    with database.write() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        for index in indexes:
            index.drop(connection)
        connection.execute(text(_FILL), {"total": count, "days": DAYS})
        connection.execute(text(_RUNS))
        _make(connection, indexes)
        connection.execute(text(_REPOSITORIES))
        connection.execute(text("analyze"))
    database.close()


def _make(connection: object, indexes: list[Index]) -> None:
    for index in indexes:
        index.create(connection)  # type: ignore[arg-type]


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
