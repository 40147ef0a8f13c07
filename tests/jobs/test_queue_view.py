"""Queues, workers and failed jobs are read as they lie there; looking changes nothing in Redis."""

from __future__ import annotations

import pytest
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from jobs import queue_view
from jobs.queue_view import last_line
from store.records import Priority
from tests.jobs.stage import Stage


def fail(stage: Stage) -> None:
    """One job that fails, as a worker leaves it."""
    redis = stage.services.queues.redis
    queue = Queue("control", connection=redis, serializer=JSONSerializer)
    queue.enqueue_call("jobs.queues.no_such_function", args=("x",), job_id="finish-x", description="finish x")
    SimpleWorker([queue], connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="CRITICAL")


def dump(stage: Stage) -> dict[bytes, object]:
    redis = stage.services.queues.redis
    return {key: redis.dump(key) for key in redis.scan_iter("*")}


def test_queues_tell_what_waits_in_them(stage: Stage):
    stage.services.queues.launch("r-1", Priority.HIGH)
    found = {one.name: one for one in queue_view.look(stage.services.queues).queues}
    assert {name: one.waiting for name, one in found.items()} == {"control": 0, "high": 1, "default": 0, "low": 0}


def test_looking_cleans_nothing_up_and_writes_nothing(stage: Stage):
    stage.services.queues.finish("r-1")
    redis = stage.services.queues.redis
    registry = StartedJobRegistry("control", connection=redis, serializer=JSONSerializer)
    redis.zadd(registry.key, {"finish-r-1": 1})  # its lease ran out in 1970: RQ's own count would declare it abandoned
    redis.sadd("rq:workers", "rq:worker:long-dead")
    before = dump(stage)
    view = queue_view.look(stage.services.queues)
    assert (view.queues[0].counts["executing"], view.failed, view.workers) == (1, [], [])
    assert dump(stage) == before


def test_a_failed_job_says_why_in_one_line(stage: Stage):
    fail(stage)
    [job] = queue_view.look(stage.services.queues).failed
    assert (job.id, job.queue, job.what) == ("finish-x", "control", "finish x")
    assert "no_such_function" in job.error and "\n" not in job.error
    assert job.at is not None


def test_a_secret_in_an_error_is_hidden(stage: Stage):
    fail(stage)
    [job] = queue_view.look(stage.services.queues, hide=lambda text: text.replace("no_such", "***")).failed
    assert "***_function" in job.error


def test_a_failed_job_is_requeued_once(stage: Stage):
    fail(stage)
    queues = stage.services.queues
    assert queue_view.requeue(queues, "control", "finish-x")
    assert not queue_view.requeue(queues, "control", "finish-x")
    view = queue_view.look(queues)
    assert (view.failed, view.queues[0].waiting) == ([], 1)


def test_a_failed_job_is_forgotten_with_all_it_left(stage: Stage):
    fail(stage)
    queues = stage.services.queues
    assert queue_view.forget(queues, "control", "finish-x")
    assert not queue_view.forget(queues, "control", "finish-x")
    assert not Job.exists("finish-x", connection=queues.redis)


TRACE = "Traceback (most recent call last):\n  File x\n    y\n"
KILLED = "Work-horse terminated unexpectedly; waitpid returned 9"


@pytest.mark.parametrize(("trace", "line"), [
    pytest.param(TRACE + "store.errors.NotFound: no run r", "store.errors.NotFound: no run r", id="usual"),
    pytest.param(TRACE + "ValueError: two\nlines of it", "ValueError: two", id="two-lines"),
    pytest.param(KILLED, KILLED, id="killed"),
    pytest.param("", "", id="nothing"),
])  # fmt: skip
def test_the_line_that_names_the_error_is_found(trace: str, line: str):
    assert last_line(trace) == line
