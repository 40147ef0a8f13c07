"""The RQ worker: recovers quickly, keeps arguments out of its log, and forks with everything imported."""

from __future__ import annotations

import logging
from typing import Any

from rq import Queue, Worker
from rq.serializers import JSONSerializer

import jobs.work  # noqa: F401  in the parent: else every forked job imports it anew (275 ms instead of 61)
from jobs.queues import connect

_log = logging.getLogger(__name__)

WORKER_TTL = 45  # seconds; also how long an idle worker blocks before it looks after abandoned jobs
MAINTENANCE_INTERVAL = 15
MONITORING_INTERVAL = 10


class PorterWorker(Worker):
    """RQ's own worker with Porter's intervals; `rq worker -w jobs.rq_worker.PorterWorker` starts the same."""

    def __init__(self, *args: Any, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "serializer": JSONSerializer,
            "worker_ttl": WORKER_TTL,
            "maintenance_interval": MAINTENANCE_INTERVAL,
            "job_monitoring_interval": MONITORING_INTERVAL,
            "log_job_description": False,
        }
        super().__init__(*args, **(options | defaults))


def run(queues: list[str], redis_url: str) -> None:
    """Work on these queues, the first one first, until told to stop.

    When Redis goes away in the middle of a job this raises, and the supervisor starts another worker.
    """
    connection = connect(redis_url, timeout=None)
    extra = {"action": "worker_started", "queues": queues}
    _log.info("a worker waits for jobs", extra=extra)
    listened = [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues]
    PorterWorker(listened, connection=connection).work(logging_level=None)
