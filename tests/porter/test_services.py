"""A server: the compose file's own commands in production mode, on real Postgres and real Redis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from porter.story import post_comment
from store import feed, leases, migrate
from store.database import Database
from store.lifecycle import Outcome
from store.records import Task
from tests import postgres
from tests.porter.composed import Composed, demo_profile

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    with (
        postgres.scratch_database(postgres_server) as url,
        demo_profile(tmp_path_factory.mktemp("server"), url) as composed,
    ):
        yield composed


@pytest.fixture
def db(server: Composed) -> Iterator[Database]:
    database = Database(server.environment["DATABASE_URL"])
    yield database
    database.close()


def test_a_comment_becomes_a_pull_request_on_a_server_too(server: Composed, db: Database) -> None:
    post_comment(server.urls["github"], "@porter mock fix the greeting", issue=1)

    def task() -> Task | None:
        found = feed.page(db, feed.TaskFilter()).tasks
        return found[0] if found and not found[0].is_live else None

    assert server.supervisor.watch(until=lambda: task() is not None, seconds=90), server.supervisor.tail("launcher")
    ended = task()
    assert ended is not None
    assert ended.outcome is Outcome.PULL_REQUEST, ended.message


def test_rq_info_shows_the_queues_and_both_workers(server: Composed) -> None:
    rq = str(Path(sys.executable).parent / "rq")
    shown = subprocess.run(
        [rq, "info", "-u", server.environment["REDIS_URL"]], capture_output=True, text=True, timeout=30
    )
    assert shown.returncode == 0, shown.stderr
    assert "2 workers" in shown.stdout
    for queue in ("high", "default", "low", "control"):
        assert queue in shown.stdout


def test_the_sweep_holds_its_lease(server: Composed, db: Database) -> None:
    assert not leases.hold(db, "sweep", holder="somebody else", now=datetime.now(UTC))


def test_the_dashboard_asks_for_the_password_and_the_api_for_the_token(server: Composed) -> None:
    assert httpx.get(server.urls["dashboard"]).status_code == 401
    password = server.environment["PORTER_DASHBOARD_PASSWORD"]
    assert httpx.get(server.urls["dashboard"], auth=("porter", password)).status_code == 200
    tasks = f"{server.urls['intake']}/api/tasks"
    assert httpx.get(tasks).status_code == 401
    token = server.environment["PORTER_API_TOKEN"]
    assert httpx.get(tasks, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_no_service_logs_a_secret(server: Composed) -> None:
    names = (
        "PORTER_VAULT_KEYS",
        "PORTER_API_TOKEN",
        "PORTER_DASHBOARD_PASSWORD",
        "GITHUB_WEBHOOK_SECRET",
        "FLY_API_TOKEN",
    )
    logs = "".join(file.read_text(errors="replace") for file in server.supervisor.logs.glob("*.log"))
    assert not [name for name in names if server.environment[name] in logs]
    assert "ghs_" not in logs
    assert "Traceback" not in logs, logs


def test_migrating_again_changes_nothing(server: Composed) -> None:
    migrate.upgrade(server.environment["DATABASE_URL"])
