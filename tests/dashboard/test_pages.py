"""The pages' logic without a browser: what they draw over a real store, and what they say when something is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from dashboard import actions
from dashboard.data import Watch
from dashboard.errors import DatabaseAway
from jobs import bootstrap
from jobs.config import Config
from store import migrate, tasks
from store.database import Database
from store.lifecycle import Status
from tests.builders import make_task
from tests.dashboard.conftest import KEYS, ROOT


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An embedded Porter's own database, as the pages find it from the environment."""
    monkeypatch.setenv("PORTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORTER_VAULT_KEYS", KEYS)
    for name in ("DATABASE_URL", "REDIS_URL", "PORTER_ENV"):
        monkeypatch.delenv(name, raising=False)
    bootstrap._built.clear()
    url = Config.from_environment().database
    migrate.upgrade(url)
    database = Database(url)
    yield database
    database.close()
    for services in bootstrap._built.values():
        services.db.close()
    bootstrap._built.clear()


def drawn(**params):
    """The components of the page at this address by their name, each with the data it was given."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=20)
    page = params.pop("page", None)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception
    protos = [element.proto for element in app.get("bidi_component")]
    return {proto.component_name.removeprefix("porter."): json.loads(proto.json) for proto in protos}


def test_the_feed_draws_its_frame_and_its_cards(store):
    make_task(store, issue_title="Greet people")
    seen = drawn()
    titles = [page["title"] for page in seen["frame"]["pages"]]
    assert titles == ["Feed", "Review", "Dispatch", "History", "Insights", "Settings", "Operations", "Set-up"]
    assert seen["frame"]["note"].startswith("No sign-in")
    assert seen["feed"]["days"][0]["cards"][0]["title"] == "Greet people"


def test_the_address_narrows_the_feed(store):
    make_task(store, status=Status.FAILED, issue_title="Broken")
    make_task(store, issue_title="Waiting")
    cards = [card["title"] for day in drawn(status="failed")["feed"]["days"] for card in day["cards"]]
    assert cards == ["Broken"]


def test_a_task_page_shows_head_story_log_and_details(store):
    task = make_task(store, status=Status.RUNNING, issue_title="Greet people")
    seen = drawn(page="task", id=task.id)
    assert {"frame", "task", "story", "log", "details"} <= set(seen)
    assert seen["task"]["title"] == "Greet people"
    assert seen["log"]["run"] == task.run_id


@pytest.mark.parametrize("task_id", ["", "nope", "' or 1=1 --", "x" * 5000], ids=["none", "unknown", "sql", "endless"])
def test_an_unknown_task_is_a_sentence(store, task_id):
    assert drawn(page="task", id=task_id)["task"]["missing"] == "There is no such task"


def test_an_empty_list_of_deliveries_is_drawn(store):
    seen = drawn(page="deliveries")["operations"]  # where the list is now
    assert (seen["tab"], seen["title"]) == ("deliveries", "Why nothing happened")
    assert seen["groups"][0]["rows"] == []


def test_a_database_without_tables_is_a_sentence(store, tmp_path):
    (tmp_path / "porter.db").unlink()
    assert drawn()["problem"]["text"].startswith("The database has not answered since")


def test_an_outage_is_as_old_as_its_first_failure_whatever_was_answered_without_the_database():
    watch, begun = Watch(), datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def away():
        raise OperationalError("select 1", {}, Exception("away"))

    def failed_since(seconds):
        with pytest.raises(DatabaseAway) as caught:
            watch.look(away, begun + timedelta(seconds=seconds))
        return caught.value.since

    assert failed_since(0) == begun
    assert watch.look(lambda: "not asked", begun + timedelta(seconds=2)) == "not asked"
    assert failed_since(10) == begun
    watch.look(lambda: "it is back", begun + timedelta(minutes=1))
    assert failed_since(90) == begun + timedelta(seconds=90)


def test_a_missing_secret_is_named_and_nothing_else_is_shown(store, monkeypatch):
    monkeypatch.delenv("PORTER_VAULT_KEYS")
    seen = drawn()
    assert "PORTER_VAULT_KEYS is not set" in seen["problem"]["text"]
    assert "feed" not in seen


def test_in_production_the_script_alone_shows_nothing(store, monkeypatch):
    monkeypatch.setenv("PORTER_ENV", "production")
    monkeypatch.setenv("PORTER_HOST", "fly")
    for name in ("DATABASE_URL", "REDIS_URL", "GITHUB_WEBHOOK_SECRET", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY",
                 "PORTER_API_TOKEN", "PORTER_DASHBOARD_PASSWORD", "FLY_API_TOKEN", "FLY_APP_NAME"):  # fmt: skip
        monkeypatch.setenv(name, "sqlite:///never.db" if name == "DATABASE_URL" else "redis://127.0.0.1:1")
    text = "In production, start the dashboard as dashboard.asgi:app."
    assert drawn() == {"problem": {"title": "", "text": text, "link": None}}


def test_stopping_what_has_ended_is_refused_in_words(store):
    services = bootstrap.from_environment()
    task = make_task(store, status=Status.SUCCEEDED)
    assert actions.stop(services, task.id, by="tom") == "Nothing to stop: it is succeeded already."
    assert actions.stop(services, "nope", by="tom") == "There is no such task any more."


def test_a_retry_without_redis_is_queued_and_says_so(store):
    services = bootstrap.from_environment()
    task = make_task(store, status=Status.FAILED)
    assert "Redis is away" in actions.retry(services, task.id, by="tom")
    assert tasks.get(store, task.id).status is Status.QUEUED
    assert actions.retry(services, task.id, by="tom") == "It is at work already."


@pytest.mark.parametrize(("name", "title"), [("history", "History"), ("insights", "Insights")])
def test_counts_that_cannot_be_read_are_a_sentence(store, name, title):
    with store.write() as connection:
        connection.exec_driver_sql("drop table stale_days")
    seen = drawn(page=name)
    assert name not in seen
    assert seen["problem"]["title"] == title
    assert "The database has not answered since" in seen["problem"]["text"]
