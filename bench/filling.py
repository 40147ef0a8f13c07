"""A database full of tasks for the benches: so many, spread over the same days, with the counts that belong to them."""

from __future__ import annotations

from time import perf_counter

import psycopg
from sqlalchemy import Connection, case, literal, select, text

from store import tables
from store.database import Database
from store.lifecycle import Status
from store.migrate import upgrade

DAYS = 120  # over which the tasks are spread, however many

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
    'person-' || n % 300, (array['claude-code', 'codex', 'opencode', 'gemini-cli'])[n / 500 % 4 + 1], 'normal', '',
    '{}', 'porter/issue-' || n, case when ended and n % 8 > 0 then n end, 'https://github.test/pull/' || n,
    case when not ended or n % 8 = 0 then null when n > total - 2000 and n % 10 = 1 then 'open' else 'merged' end,
    case when ended and n % 8 > 0 then at + took end, 3, 40, 7, 'Done as asked; tests pass.', 'running tests', 50,
    1000, 1000, 1000, 0, 0.41, 300, 1
from (select n, total, n <= total - 60 as ended, (60 + n % 3000) * interval '1 second' as took,
        now() - (total - n) * :days * interval '1 day' / total as at
      from (select cast(:total as integer) as total) as size, generate_series(1, :total) as n) as row
"""
_REPOSITORIES = """
insert into repositories (full_name, private, seen_at) select distinct repository, false, now() from tasks
"""

# What store/bookkeeping.py would come to, day by day: each task in the sums of its day and its month, for its
# repository and agent, for each of the two alone, and for all.
_COUNTS = """
insert into day_counts (repository, agent, unit, day, result, tasks, pulls, merged, known_costs, cost_usd, input_tokens,
    output_tokens, machine_seconds, durations, to_pull)
select repository, agent, unit, day, result, sum(tasks), sum(pulls), sum(merged), sum(tasks), sum(tasks) * 0.41,
    sum(tasks) * 2000, sum(tasks) * 1000, sum(tasks) * 300, jsonb_object_agg(took, tasks),
    case when sum(pulls) > 0 then jsonb_object_agg(took, tasks) else '{}' end
from (
    select coalesce(repository, '') as repository, coalesce(agent, '') as agent, unit, day, result, took,
        count(*) as tasks, count(pr_number) as pulls, count(*) filter (where result = 'merged') as merged
    from (
        select repository, agent, pr_number, date_trunc(unit, created_at at time zone 'UTC')::date as day, unit,
            case when status = 'failed' then status else pr_state end as result,
            case when took < 100 then took when took < 1000 then (took + 5) / 10 * 10 else (took + 50) / 100 * 100 end
            as took
        from (select *, floor(extract(epoch from finished_at))::int - floor(extract(epoch from created_at))::int as took
              from tasks where finished_at is not null) as ended, (values ('day'), ('month')) as units (unit)
    ) as one group by cube (repository, agent), unit, day, result, took
) as many group by repository, agent, unit, day, result
"""


def fill(url: str, count: int) -> None:
    """So many tasks, tens of thousands a second: indexes are made afterwards. Prints how long it took."""
    begun = perf_counter()
    upgrade(url)
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        _insert(connection, count)
    database.close()
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute("vacuum analyze")  # as a server does by itself within minutes
    print(f"{count:,} tasks of {DAYS} days filled in {perf_counter() - begun:.0f} s", flush=True)


def _insert(connection: Connection, count: int) -> None:
    indexes = [index for index in tables.tasks.indexes if not index.unique]
    for index in indexes:
        index.drop(connection)
    connection.execute(text(_FILL), {"total": count, "days": DAYS})
    for index in indexes:
        index.create(connection)
    connection.execute(text(_REPOSITORIES))
    connection.execute(text(_COUNTS))
    _give_runs(connection)


def _give_runs(connection: Connection) -> None:
    """One to each task."""
    tasks = tables.tasks.c
    waits_for = case((tasks.status == Status.QUEUED, "deployment"))
    columns = ["id", "task_id", "number", "kind", "created_at", "started_at", "finished_at", "waits_for"]
    ours = select(
        tasks.run_id, tasks.id, literal(1), literal("first"), tasks.created_at, tasks.started_at, tasks.finished_at,
        waits_for,
    )  # fmt: skip
    connection.execute(tables.runs.insert().from_select(columns, ours))
