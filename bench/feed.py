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
_LOOKS = 40
_APP = Path(__file__).parent.parent / "dashboard" / "app.py"
_MINE = frozenset(f"acme/repository-{number}" for number in range(0, 500, 50))

# Half a minute apart, the newest last; the last 60 are at work or in line, of the others 88 % went well. The last 2,000
# pull requests of which every tenth is still open.
_FILL = """
insert into tasks (id, created_at, updated_at, started_at, finished_at, status, outcome, message, version, run_id,
    source, repository, issue_number, issue_title, requested_by, agent, priority, instructions, flags, branch,
    pr_number, pr_url, pr_state, files_changed, additions, deletions, summary, step, percent, input_tokens,
    output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, machine_seconds, comment_version)
select lpad(to_hex(n), 12, '0'), at, at, at, case when ended then at + interval '5 minutes' end,
    case when n > total - 20 then 'queued' when not ended then 'running' when n % 8 = 0 then 'failed' else 'succeeded'
    end,
    case when ended and n % 8 > 0 then 'pull_request' end, '', 1, lpad(to_hex(n), 12, '0') || '-1',
    'comment', 'acme/repository-' || n % 500, n % 4000 + 1, 'Task number ' || n || ' of the bench',
    'person-' || n % 300, (array['claude-code', 'codex', 'opencode', 'gemini-cli'])[n % 4 + 1], 'normal', '', '{}',
    'porter/issue-' || n, case when ended and n % 8 > 0 then n end, 'https://github.test/pull/' || n,
    case when not ended or n % 8 = 0 then null when n > total - 2000 and n % 10 = 1 then 'open' else 'merged' end,
    3, 40, 7, 'Done as asked; tests pass.', 'running tests', 50, 1000, 1000, 1000, 0, 0.41, 300, 1
from (select n, total, n <= total - 60 as ended, now() - (total - n) * interval '30 seconds' as at
      from (select :total as total) as size, generate_series(1, :total) as n) as row
"""
_RUNS = """
insert into runs (id, task_id, number, kind, created_at, fence, attempts, inputs, report_seq, usage, waits_for)
select run_id, id, 1, 'first', created_at, 0, 1, '{}', 0, '{}', case when status = 'queued' then 'deployment' end
from tasks where status in ('queued', 'running')
"""

_REPOSITORIES = """
insert into repositories (full_name, private, seen_at) select distinct repository, false, now() from tasks
"""


def main() -> None:
    """Print milliseconds of the server a look, and the ratio to the baseline."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    base: dict[str, float] = {}
    with postgres.server() as server:
        for count in (_BASELINE, most):
            with postgres.scratch_database(server) as url:
                begun = perf_counter()
                _fill(url, count)
                print(f"\n{count:,} tasks, filled in {perf_counter() - begun:.0f} s; a look, in ms of the server")
                for name, spent in _figures(url).items():
                    p95 = percentile(spent, 0.95)
                    ratio = f"   {p95 / base[name]:5.2f} of the baseline" if name in base else ""
                    base.setdefault(name, p95)
                    print(f"{name:<34} p50 {percentile(spent, 0.5) * 1e3:7.1f}   p95 {p95 * 1e3:7.1f}{ratio}")


def _fill(url: str, count: int) -> None:
    """With the indexes made afterwards: a fifth of the time."""
    upgrade(url)
    database = Database(url)
    indexes = [index for index in tables.tasks.indexes if not index.unique]
    with database.write() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        for index in indexes:
            index.drop(connection)
        connection.execute(text(_FILL), {"total": count})
        connection.execute(text(_RUNS))
        _make(connection, indexes)
        connection.execute(text(_REPOSITORIES))
        connection.execute(text("analyze"))
    database.close()


def _make(connection: object, indexes: list[Index]) -> None:
    for index in indexes:
        index.create(connection)  # type: ignore[arg-type]


def _figures(url: str) -> dict[str, list[float]]:
    database = Database(url)
    reads: dict[str, Callable[[], object]] = {
        "the reads of the whole feed": lambda: data.feed_view(database, Wanted()),
        "… who may see 10 repositories": lambda: data.feed_view(database, Wanted(), only=_MINE),
        "… who may see one without tasks": lambda: data.feed_view(database, Wanted(), only=frozenset({"acme/none"})),
        "… of what failed": lambda: data.feed_view(database, Wanted(status="failed")),
        "… of what waits for a person": lambda: data.feed_view(database, Wanted(status="needs")),
        "… of one repository": lambda: data.feed_view(database, Wanted(repository="acme/repository-7")),
        "… of one issue": lambda: data.feed_view(database, Wanted(issue="77")),
        "… of one branch": lambda: data.feed_view(database, Wanted(branch="porter/issue-77")),
        "… of one day": lambda: data.feed_view(database, Wanted(since="2026-01-01")),
        "what a branch may be (type-ahead)": lambda: data.typed(database, "branch", "77", Wanted()),
    }
    figures = {"the page, rerun": _page(url)}
    figures |= {name: _timed(read) for name, read in reads.items()}
    database.close()
    return figures


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
    for _ in range(5):
        act()
    spent = []
    for _ in range(_LOOKS):
        begun = perf_counter()
        act()
        spent.append(perf_counter() - begun)
    return spent


if __name__ == "__main__":
    main()
