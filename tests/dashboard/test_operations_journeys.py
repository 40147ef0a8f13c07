"""An operator's look in a real browser: failed jobs, deliveries, and Redis going away."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from store import audit, deliveries
from store.records import Verdict
from tests.builders import make_delivery
from tests.dashboard.conditions import own_redis
from tests.dashboard.conftest import Dashboard, serving


@dataclass(frozen=True)
class Place:
    """A dashboard with a Redis of its own."""

    dashboard: Dashboard
    queue: Queue
    server: subprocess.Popen[bytes]

    def fail(self, key: str) -> None:
        """Leave a failed job behind, as a worker does."""
        self.queue.enqueue_call("jobs.queues.no_such_function", job_id=f"finish-{key}", description=f"finish {key}")
        worker = SimpleWorker([self.queue], connection=self.queue.connection, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="CRITICAL")

    def open(self, page: Page, path: str) -> None:
        page.goto(self.dashboard.url + path)
        expect(page.get_by_role("heading", name="Operations")).to_be_visible()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with own_redis(tmp_path) as (url, redis, server), serving(tmp_path, REDIS_URL=url) as dashboard:
        yield Place(dashboard, Queue("control", connection=redis, serializer=JSONSerializer), server)


def test_a_failed_job_is_requeued_and_one_forgotten_and_without_redis_the_rest_still_works(place, tab):
    for key in ("one", "two"):
        place.fail(key)
    place.open(tab, "/operations")
    line = tab.get_by_role("listitem").filter(has_text="finish one")
    expect(line).to_contain_text("no_such_function")
    line.get_by_role("button", name="Requeue").click()
    expect(line).to_have_count(0)
    other = tab.get_by_role("listitem").filter(has_text="finish two")
    other.get_by_role("button", name="Forget").click()
    other.get_by_role("button", name="Forget it?").click()
    expect(tab.get_by_text("No job failed in the last day.")).to_be_visible()
    assert [note.action for note in audit.latest(place.dashboard.db)] == ["job_forgotten", "job_requeued"]
    place.server.terminate()
    place.server.wait(20)
    expect(tab.get_by_text(re.compile("Redis does not answer"))).to_be_visible()
    tab.get_by_role("tab", name="Audit log").click()
    expect(tab.get_by_text("by the operator").first).to_be_visible()
    expect(tab.get_by_text(re.compile("Redis does not answer"))).to_have_count(0)
    tab.get_by_role("tab", name="Health").click()
    expect(tab.get_by_role("listitem").filter(has_text="Redis does not answer. No task is lost")).to_be_visible()


def test_an_old_link_to_deliveries_works_and_filters_stand_in_the_address(dashboard, tab):
    now = datetime.now(UTC)
    for key, verdict, reason in (("a", Verdict.REFUSED, "unknown flag"), ("b", Verdict.IGNORED, "an edit")):
        one = make_delivery(id=key, verdict=verdict, reason=reason, content_key=None, received_at=now)
        deliveries.accept(dashboard.db, one, now=now)
    tab.goto(f"{dashboard.url}/deliveries")
    expect(tab.get_by_role("heading", name="Why nothing happened")).to_be_visible()
    tab.get_by_role("button", name="Refused").click()
    expect(tab.get_by_text("An edit.")).to_have_count(0)
    expect(tab.get_by_text("Unknown flag.")).to_be_visible()
    expect(tab).to_have_url(re.compile(r"/operations\?tab=deliveries&verdict=refused"))
    tab.get_by_label("Search").fill("nothing like it")
    expect(tab.get_by_text("No delivery fits these filters.")).to_be_visible()
    tab.reload()
    expect(tab.get_by_label("Search")).to_have_value("nothing like it")
