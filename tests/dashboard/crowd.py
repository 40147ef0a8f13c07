"""A store as full as a busy month: 1,000 tasks in 100 repositories, as many deliveries, and the jobs that failed.

`python -m tests.dashboard.crowd URL` fills an empty database, to look at by eye.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, Table

from store import bookkeeping, migrate, tables
from store.database import Database
from tests.dashboard.builders import fill

TASKS, REPOSITORIES, DELIVERIES, JOBS = 1_000, 100, 1_000, 50
_TITLES = (
    "Login fails with a plus sign in the address",
    "The export of orders takes minutes for a customer with a long history, and then ends without a word",
    "Return 404 for orders that do not exist",
    "Dates in the digest are a day early west of Greenwich",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze is cut in the middle of a syllable",
)
_ENDS: tuple[dict[str, Any], ...] = (
    {"status": "succeeded", "outcome": "pull_request", "pr_state": "merged", "message": ""},
    {"status": "succeeded", "outcome": "pull_request", "pr_state": "open", "message": ""},
    {"status": "failed", "reason": "agent_failed", "message": "the key for Anthropic was refused (401)"},
    {"status": "succeeded", "outcome": "no_changes", "message": "nothing had to be changed"},
    {"status": "timed_out", "reason": "timeout", "message": "no result after 60 minutes"},
    {"status": "cancelled", "message": "stopped by maria"},
)
_OFTEN = (0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5)  # which of these ends a task comes to
_PEOPLE = ("maria", "tom", "yuki", "sam", "a-person-with-a-rather-long-login-name")
_AGENTS = ("claude-code", "codex", "opencode", "gemini-cli")
_VERDICTS = ("accepted", "ignored", "refused", "duplicate")


def crowd(db: Database, now: datetime) -> None:
    """Thirty tasks of every kind with their logs, and the rest of the thousand behind them."""
    fill(db, now, log_lines=60)
    with db.write() as connection:
        _add(connection, tables.tasks, _tasks(now))
        _add(connection, tables.runs, _runs(now))
        _add(connection, tables.events, _events(now))
        _add(connection, tables.deliveries, _deliveries(now))
        seen = [{"full_name": _repository(n), "private": False, "seen_at": now} for n in range(REPOSITORIES)]
        connection.execute(tables.repositories.insert(), seen)
    bookkeeping.rebuild(db)
    bookkeeping.refresh(db, most=100)


def fail_jobs(redis: Redis) -> None:
    """Fifty jobs that failed, and as many workers at work."""
    queue = Queue("control", connection=redis, serializer=JSONSerializer)
    for n in range(JOBS):
        queue.enqueue_call("jobs.queues.no_such_function", job_id=f"finish-{n:03}", description=f"finish task {n}")
        worker = Worker([queue], name=f"worker-{n:03}", connection=redis, serializer=JSONSerializer)
        worker.register_birth()
        worker.set_state("idle")
    SimpleWorker([queue], connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="CRITICAL")


def _add(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    connection.execute(table.insert(), list(rows))


def _tasks(now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(TASKS):
        at, ended, ending = _asked_at(n, now), _ended_at(n, now), _ending(n)
        asked = {
            "source": "comment", "repository": _repository(n), "issue_number": n + 1, "comment_id": 10_000 + n,
            "issue_title": _TITLES[n % len(_TITLES)], "requested_by": _PEOPLE[n % len(_PEOPLE)],
            "agent": _AGENTS[n % len(_AGENTS)], "branch": f"porter/issue-{n + 1}-{n:04x}", "comment_line": 1,
        }  # fmt: skip
        came = {
            "files_changed": 1 + n % 9, "additions": n % 700, "deletions": n % 90, "cost_usd": 0.06 + _die(n, 90) / 100,
            "machine_seconds": (ended - at).total_seconds(), "input_tokens": 700 * _die(n, 90),
            "output_tokens": 90 * _die(n, 60),
            "outcome": None, "reason": None, "pr_state": None, "pr_number": None, "pr_url": None, "pr_opened_at": None,
        }  # fmt: skip
        if "pr_state" in ending:
            came |= {"pr_number": 2_000 + n, "pr_url": f"https://github.test/{_repository(n)}/pull/{2_000 + n}"}
            came["pr_opened_at"] = ended
        times = {"created_at": at, "updated_at": at, "started_at": at, "finished_at": ended}
        yield {"id": f"{n:012x}", "run_id": f"{n:012x}-1"} | asked | times | came | ending


def _runs(now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(TASKS):
        times = {"created_at": _asked_at(n, now), "finished_at": _ended_at(n, now)}
        yield {"id": f"{n:012x}-1", "task_id": f"{n:012x}", "number": 1, "kind": "first"} | times


def _events(now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(TASKS):
        who, at = _PEOPLE[n % len(_PEOPLE)], _asked_at(n, now)
        yield {"task_id": f"{n:012x}", "at": at, "kind": "asked", "text": f"{who} asked for it", "actor": who}
        ended = f"the task {_ENDS[n % len(_ENDS)]['status'].replace('_', ' ')}"
        yield {
            "task_id": f"{n:012x}",
            "at": at + timedelta(minutes=5),
            "kind": "ended",
            "text": ended,
            "actor": "porter",
        }


def _deliveries(now: datetime) -> Iterator[dict[str, Any]]:
    for n in range(DELIVERIES):
        verdict = _VERDICTS[n % len(_VERDICTS)]
        yield {
            "id": f"d-{n:08}", "event": "issue_comment", "action": "created", "received_at": _asked_at(n, now),
            "verdict": verdict, "reason": f"it was {verdict}, and this is why, in a sentence of some length",
            "repository": _repository(n), "sender": _PEOPLE[n % len(_PEOPLE)],
        }  # fmt: skip


def _asked_at(n: int, now: datetime) -> datetime:
    """Busier from week to week."""
    return now - timedelta(minutes=300 + 14 * n + n * n // 34 + _die(n, 300))


def _ended_at(n: int, now: datetime) -> datetime:
    return _asked_at(n, now) + timedelta(seconds=100 + _die(n, 17) ** 2 * 3)


def _ending(n: int) -> dict[str, Any]:
    return _ENDS[_OFTEN[_die(n, len(_OFTEN))]]


def _die(n: int, sides: int) -> int:
    """What the die shows for this task: without order, and always the same."""
    return (n * 2_654_435_761 % 2**32 >> 9) % sides


def _repository(n: int) -> str:
    return f"acme/{'a-repository-with-a-rather-long-name' if n % 10 == 3 else 'service'}-{n % REPOSITORIES:02}"


if __name__ == "__main__":
    migrate.upgrade(sys.argv[1])
    crowd(Database(sys.argv[1]), datetime.now(UTC))
