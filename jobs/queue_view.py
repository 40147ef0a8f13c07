"""Queues, workers and failed jobs, as `rq info` sees them, and what a person may do to a failed job.

Everything is read as it lies in Redis: RQ's own counts and `Worker.all` clean up first, in whoever asks, and would run
the failure callbacks of abandoned jobs here (https://python-rq.org/docs/monitoring/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import DeferredJobRegistry, FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.registry import StartedJobRegistry as Started
from rq.serializers import JSONSerializer
from rq.suspension import WORKERS_SUSPENDED

from jobs.queues import NAMES, Queues

_REGISTRIES = {
    "executing": Started, "finished": FinishedJobRegistry, "failed": FailedJobRegistry,
    "scheduled": ScheduledJobRegistry, "deferred": DeferredJobRegistry,
}  # fmt: skip
_SHOWN = 50  # failed jobs of one queue
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?:: .*)?$")  # `package.Error: message`, below a traceback


@dataclass(frozen=True)
class QueueView:
    """One queue: how many jobs wait in it and in each of RQ's registries, and how many workers listen."""

    name: str
    waiting: int
    counts: Mapping[str, int]
    workers: int


@dataclass(frozen=True)
class WorkerView:
    """One worker as it last said of itself. `job`: the id of what it works on."""

    name: str
    host: str
    pid: int | None
    state: str
    queues: list[str]
    job: str | None
    heartbeat: datetime | None
    born: datetime | None
    done: int
    failed: int


@dataclass(frozen=True)
class FailedJob:
    """A job that failed; `error` is one line."""

    id: str
    queue: str
    what: str
    at: datetime | None
    error: str


@dataclass(frozen=True)
class QueuesView:
    """One look into Redis. `suspended`: somebody told all workers to take no new job."""

    queues: list[QueueView]
    workers: list[WorkerView]
    failed: list[FailedJob]
    suspended: bool


def look(queues: Queues, *, hide: Callable[[str], str] = str) -> QueuesView:
    """How it stands now; nothing is written. `hide` takes secrets out of errors. Raises RedisError without Redis."""
    redis = queues.redis
    workers = _workers(redis)
    names = [*NAMES, *sorted(_further(redis))]
    found = [_queue(redis, name, workers) for name in names]
    jobs = [job for queue in found if queue.counts["failed"] for job in _failed(redis, queue.name)]
    failed = [replace(job, error=hide(job.error)) for job in jobs]
    newest = sorted(failed, key=lambda job: job.at or datetime.min.replace(tzinfo=UTC), reverse=True)
    return QueuesView(found, workers, newest, bool(redis.exists(WORKERS_SUSPENDED)))


def requeue(queues: Queues, queue: str, job_id: str) -> bool:
    """Put one failed job back into its queue. False: it is no failed job any more. Raises RedisError."""
    try:
        _registry(queues, queue).requeue(job_id)
    except (InvalidJobOperation, NoSuchJobError):
        return False
    return True


def forget(queues: Queues, queue: str, job_id: str) -> bool:
    """Drop one failed job; what it was for the sweep still sees in the tables. False: it was not there. Raises
    RedisError."""
    registry = _registry(queues, queue)
    if not queues.redis.zrem(registry.key, job_id):
        return False
    with suppress(NoSuchJobError, InvalidJobOperation):  # when its hash has expired the line is all that was left
        Job.fetch(job_id, connection=queues.redis, serializer=JSONSerializer).delete()
    return True


def last_line(trace: str) -> str:
    """What went wrong, out of a traceback: its last line that names an error. Pure."""
    lines = [line.strip() for line in trace.strip().splitlines() if line.strip() and not line.startswith(" ")]
    named = [line for line in lines if _ERROR.match(line)]
    return (named or lines or [""])[-1][:400]


def _registry(queues: Queues, queue: str) -> FailedJobRegistry:
    return FailedJobRegistry(queue, connection=queues.redis, serializer=JSONSerializer)


def _further(redis: Redis) -> set[str]:
    """Queues that RQ knows and Porter does not use: somebody's experiment, or left by another version."""
    keys = redis.smembers(Queue.redis_queues_keys)
    return {_text(key).removeprefix(Queue.redis_queue_namespace_prefix) for key in keys} - set(NAMES)


def _queue(redis: Redis, name: str, workers: list[WorkerView]) -> QueueView:
    with redis.pipeline(transaction=False) as pipe:
        pipe.llen(f"{Queue.redis_queue_namespace_prefix}{name}")
        for registry in _REGISTRIES.values():
            pipe.zcard(registry(name, connection=redis).key)
        waiting, *counts = pipe.execute()
    listening = sum(name in worker.queues for worker in workers)
    return QueueView(name, waiting, dict(zip(_REGISTRIES, counts, strict=True)), listening)


def _workers(redis: Redis) -> list[WorkerView]:
    keys = sorted(redis.smembers(Worker.redis_workers_keys))
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hgetall(key)
        rows = pipe.execute()
    # One whose row is gone has died: RQ takes its name off the list when somebody cleans up.
    return [_worker(_text(key), row) for key, row in zip(keys, rows, strict=True) if row]


def _worker(key: str, row: Mapping[bytes, bytes]) -> WorkerView:
    told = {_text(name): _text(value) for name, value in row.items()}
    pid = told.get("pid", "")
    return WorkerView(
        name=key.removeprefix(Worker.redis_worker_namespace_prefix),
        host=told.get("hostname", ""),
        pid=int(pid) if pid.isdecimal() else None,
        state=told.get("state", "?"),
        queues=[name for name in told.get("queues", "").split(",") if name],
        job=told.get("current_job") or None,
        heartbeat=_moment(told.get("last_heartbeat")),
        born=_moment(told.get("birth")),
        done=int(told.get("successful_job_count") or 0),
        failed=int(told.get("failed_job_count") or 0),
    )


def _failed(redis: Redis, queue: str) -> list[FailedJob]:
    registry = FailedJobRegistry(queue, connection=redis, serializer=JSONSerializer)
    ids = registry.get_job_ids(0, _SHOWN - 1, desc=True, cleanup=False)
    jobs = Job.fetch_many(ids, connection=redis, serializer=JSONSerializer)
    return [_job(queue, job_id, job) for job_id, job in zip(ids, jobs, strict=True)]


def _job(queue: str, job_id: str, job: Job | None) -> FailedJob:
    if job is None:
        return FailedJob(job_id, queue, job_id, None, "what it was has expired; forget it")
    result: Any = job.latest_result()
    trace = result.exc_string if result is not None else ""
    ended = job.ended_at or job.enqueued_at
    at = ended.replace(tzinfo=UTC) if ended is not None and ended.tzinfo is None else ended
    return FailedJob(job_id, queue, job.description or job_id, at, last_line(trace or ""))


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
