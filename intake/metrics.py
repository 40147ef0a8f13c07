"""`/metrics` for Prometheus, read from the database and Redis at each scrape: all processes tell the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from intake.access import check
from jobs import queue_view, sweep_record
from jobs.bootstrap import Services
from store import deliveries, measures, notices
from store.notices import State
from store.records import Verdict

_WINDOW = timedelta(days=1)
_BUCKETS = (30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0)  # seconds of a run


def routes(services: Services) -> Blueprint:
    """The address that a monitor asks, with the API's token."""
    metrics = Blueprint("metrics", __name__)

    @metrics.get("/metrics")
    def scrape() -> ResponseReturnValue:
        check(services.config, request.method, request.headers)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Porter(services))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return metrics


class _Porter(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterable[Metric]:
        """Nothing: or registering would already read everything once."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from _tables(self._services)
        yield from _queues(self._services)


def _tables(services: Services) -> Iterator[Metric]:
    db, now = services.db, services.clock()
    yield _gauge("porter_tasks", "Tasks by status.", "status", measures.tasks_by_status(db).items())
    verdicts = deliveries.verdicts(db, since=now - _WINDOW)
    told = {verdict: verdicts.get(verdict, 0) for verdict in Verdict}
    yield _gauge("porter_deliveries_last_day", "Deliveries of the last 24 hours by verdict.", "verdict", told.items())
    seconds = measures.run_seconds(db, since=now - _WINDOW)
    text = "Seconds at work of ended runs, of tasks asked for in the last 24 hours."
    yield GaugeHistogramMetricFamily("porter_run_seconds", text, buckets=_cumulated(seconds), gsum_value=sum(seconds))
    sent = {state.value: count for state, count in notices.ended(db, since=now - _WINDOW).items()}
    sent[State.PENDING.value] = sum(notices.waiting(db).values())
    text = "Notifications: those to be sent, and those of the last 24 hours that arrived or were given up."
    yield _gauge("porter_notifications", text, "state", sent.items())
    last = sweep_record.last(db)
    if last is not None:
        age = max(0.0, (now - last.at).total_seconds())
        yield GaugeMetricFamily("porter_sweep_age_seconds", "Seconds since the sweep's last pass.", value=age)


def _queues(services: Services) -> Iterator[Metric]:
    """Without Redis: its absence, and nothing that nobody knows."""
    try:
        view = queue_view.look(services.queues)
    except RedisError:
        yield GaugeMetricFamily("porter_redis_up", "Whether Redis answers.", value=0)
        return
    yield GaugeMetricFamily("porter_redis_up", "Whether Redis answers.", value=1)
    waiting = {one.name: one.waiting for one in view.queues}
    failed = {one.name: one.counts["failed"] for one in view.queues}
    workers = {one.name: one.workers for one in view.queues}
    yield _gauge("porter_queue_depth", "Jobs that wait, by queue.", "queue", waiting.items())
    yield _gauge("porter_queue_failed", "Failed jobs that are kept, by queue.", "queue", failed.items())
    yield _gauge("porter_queue_workers", "Workers that listen, by queue.", "queue", workers.items())


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values:
        family.add_metric([str(key)], value)
    return family


def _cumulated(seconds: list[float]) -> list[tuple[str, float]]:
    within = [(str(edge), float(sum(one <= edge for one in seconds))) for edge in _BUCKETS]
    return [*within, ("+Inf", float(len(seconds)))]
