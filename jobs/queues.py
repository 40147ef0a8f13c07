"""Waking the workers: RQ is the doorbell, the database the truth. What cannot be enqueued now, the sweep enqueues."""

from __future__ import annotations

import logging
import re
from functools import cached_property

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from store.records import Priority

log = logging.getLogger(__name__)

CONTROL = "control"
LAUNCH = {Priority.HIGH: "high", Priority.NORMAL: "default", Priority.LOW: "low"}
NAMES = [CONTROL, *LAUNCH.values()]

_TIMEOUT = 0.4  # seconds: a hung Redis must not hold GitHub's request
_JOB_TIMEOUT = 120  # seconds a job may work; none waits for a machine
_KEEP_RESULT = 300  # seconds an operator can still see a finished job
_KEEP_FAILURE = 86_400


def connect(redis_url: str, *, timeout: float | None = _TIMEOUT) -> Redis:
    """A client that gives up quickly and does not retry by itself. `timeout` in seconds; None waits (workers block)."""
    return Redis.from_url(
        redis_url, socket_connect_timeout=_TIMEOUT, socket_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )


class Queues:
    """Puts jobs, whose only arguments are ids, into RQ's queues. `redis_url` None: there is no Redis yet."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis_url = redis_url

    @cached_property
    def redis(self) -> Redis:
        if self._redis_url is None:
            raise RedisError("REDIS_URL is not set")
        return connect(self._redis_url)

    def launch(self, run_id: str, priority: Priority) -> bool:
        """Start the run's machine. False: Redis is away, the sweep will."""
        return self._put(LAUNCH[priority], "launch", run_id)

    def finish(self, run_id: str) -> bool:
        """Act on the run's result."""
        return self._put(CONTROL, "finish", run_id)

    def stop(self, run_id: str) -> bool:
        """End a run that was cancelled, is overdue or lost its machine."""
        return self._put(CONTROL, "stop", run_id)

    def publish(self, task_id: str) -> bool:
        """Bring the task's status comment up to date."""
        return self._put(CONTROL, "publish", task_id)

    def label(self, task_id: str) -> bool:
        """Bring the label of the task's issue up to date."""
        return self._put(CONTROL, "label", task_id)

    def fetch_missed(self) -> bool:
        """Fetch back what GitHub could not deliver."""
        return self._put(CONTROL, "fetch_missed")

    def mint(self, run_id: str, purpose: str) -> bool:
        """Get a token for the run's machine (`clone` or `push`)."""
        return self._put(CONTROL, "mint", run_id, purpose)

    def answer(self, request_id: str) -> bool:
        """Answer a control command or a mistaken one."""
        return self._put(CONTROL, "answer", request_id)

    def follow_up(self, follow_up_id: str) -> bool:
        """Start, put off or answer feedback on a pull request."""
        return self._put(CONTROL, "follow_up", follow_up_id)

    def refresh_config(self, repository: str) -> bool:
        """Read the repository's configuration file anew. What is not enqueued now the next launch there does."""
        return self._put(CONTROL, "refresh_config", repository)

    def notify(self, channel_id: str) -> bool:
        """Send what a channel is to be told. Behind all else: who does not answer must hold up no task."""
        return self._put(LAUNCH[Priority.LOW], "notify", channel_id)

    def has_job(self, name: str, key: str) -> bool:
        """Whether a job of this name waits or runs. Raises RedisError when Redis is away."""
        job_id = f"{name}-{key}"
        try:
            status = Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer).get_status()
        except (NoSuchJobError, InvalidJobOperation):  # never there, or gone between two looks at it
            return False
        return status in ("queued", "started", "deferred", "scheduled")

    def ping(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def _put(self, queue: str, name: str, *ids: str | int) -> bool:
        try:
            Queue(queue, connection=self.redis, serializer=JSONSerializer).enqueue_call(
                f"jobs.work.{name}",
                args=ids,
                job_id="-".join([name, *map(_plain, ids)]),
                timeout=_JOB_TIMEOUT,
                result_ttl=_KEEP_RESULT,
                failure_ttl=_KEEP_FAILURE,
                description=" ".join([name, *map(str, ids)]),
            )
        except RedisError as error:
            extra = {"action": "enqueue_failed", "job": name, "error": type(error).__name__}
            log.warning("redis did not take the job; the sweep will bring it", extra=extra)
            return False
        return True


def _plain(key: str | int) -> str:
    """A key with the characters that RQ lets a job's id have, different keys still different."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}_", str(key))
