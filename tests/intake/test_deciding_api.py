"""Deciding on a pull request, and starting work with words alone, through the REST API; GitHub is the emulator."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stamina
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from intake.app import create_app
from jobs.config import HostKind, Mode
from jobs.launch import launch
from store import events, follow_ups
from store.database import Database
from store.records import Task
from tests.jobs import stage as stages
from tests.jobs.feedback_stage import brought, pull, said
from tests.jobs.stage import Stage

LOCAL = {"Host": "127.0.0.1"}


@pytest.fixture
def stage(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Stage]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    with stamina.set_testing(True, attempts=3), stages.opened(tmp_path, database) as opened:
        yield opened
    database.close()


@pytest.fixture
def client(stage: Stage) -> FlaskClient:
    return serve(stage)


def serve(stage: Stage, **changes: Any) -> FlaskClient:
    config = stage.services.config.model_copy(update={"github_webhook_secret": SecretStr("s"), **changes})
    services = replace(stage.services, config=config)
    services.__dict__.update({"github": stage.services.github, "host": stage.host})
    return create_app(services).test_client()


@pytest.fixture
def task(stage: Stage) -> Task:
    return brought(stage)


def post(client: FlaskClient, verb: str, task: Task, **body: Any) -> TestResponse:
    return client.post(f"/api/review/{verb}", json={"task_id": task.id} | body, headers=LOCAL)


def test_a_pull_request_is_looked_at_and_merged(stage: Stage, client: FlaskClient, task: Task) -> None:
    seen = client.get(f"/api/review/{task.id}/pull", headers=LOCAL)
    assert (seen.status_code, seen.json["mergeable_state"], seen.json["head_sha"]) == (200, "clean", task.head_sha)
    assert [file["path"] for file in seen.json["files"]] == ["src/main.py"]
    done = post(client, "merge", task, head_sha=seen.json["head_sha"], method="squash")
    assert (done.status_code, done.json["pr_number"], done.json["task"]["pr_state"]) == (200, task.pr_number, "merged")
    assert done.json["sha"] == stage.github.repository.git.branches()["main"]
    assert [one.actor for one in events.of_task(stage.services.db, task.id)][-1] == "operator"


@pytest.mark.parametrize(
    ("body", "status", "error", "words"),
    [
        pytest.param({"head_sha": "a" * 40}, 409, "conflict", "look again", id="another-commit"),
        pytest.param({"requested_by": "eve"}, 403, "forbidden", "may not write", id="not-permitted"),
        pytest.param({"head_sha": "main"}, 422, "invalid", "head_sha", id="no-commit"),
        pytest.param({"method": "octopus"}, 422, "invalid", "method", id="no-method"),
        pytest.param({"force": True}, 422, "invalid", "force", id="no-such-field"),
    ],
)
def test_what_is_not_merged_says_why_in_the_one_shape(
    client: FlaskClient, task: Task, body: dict[str, Any], status: int, error: str, words: str
) -> None:
    answer = post(client, "merge", task, **({"head_sha": task.head_sha} | body))
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert words in answer.json["message"]


def test_while_github_is_away_nothing_is_decided(stage: Stage, client: FlaskClient, task: Task) -> None:
    stage.github.world.faults.fail_next("*", "/pulls/", 502, times=9)
    answer = post(client, "merge", task, head_sha=task.head_sha)
    assert (answer.status_code, answer.json["error"]) == (503, "github_away")
    assert client.get(f"/api/review/{stage.task().id}/pull", headers=LOCAL).status_code == 404


def test_a_rejection_closes_the_pull_request_with_its_reason(stage: Stage, client: FlaskClient, task: Task) -> None:
    answer = post(client, "reject", task, reason="Not this way.", requested_by="tom")
    assert (answer.status_code, answer.json["pr_state"], pull(stage).state) == (200, "closed", "closed")
    [comment] = said(stage)
    assert "`tom` rejected" in comment and "> Not this way." in comment
    assert post(client, "reject", stage.task()).status_code == 409  # nothing of it waits


def test_changes_that_are_asked_for_wait_for_their_run(stage: Stage, client: FlaskClient, task: Task) -> None:
    answer = post(client, "request-changes", task, words="Shout.")
    assert (answer.status_code, answer.json["requested_by"]) == (200, "operator")
    [waiting] = follow_ups.waiting(stage.services.db, task.id)
    assert (waiting.id, waiting.instructions) == (answer.json["id"], "Shout.")
    assert post(client, "request-changes", task, words="").status_code == 422


def test_in_production_changes_are_asked_for_by_somebody(stage: Stage, task: Task) -> None:
    served = serve(
        stage, mode=Mode.PRODUCTION, api_token=SecretStr("t"), database_url="x", redis_url="y",
        dashboard_password=SecretStr("p"), github_app_id="1", github_app_private_key=SecretStr("k"),
        fly_api_token=SecretStr("f"), fly_app_name="a", url="https://p.example", host=HostKind.FLY,
    )  # fmt: skip
    ask = {"json": {"task_id": task.id, "words": "Shout."}, "headers": {"Authorization": "Bearer t"}}
    assert served.post("/api/review/request-changes", **ask).status_code == 422
    ask["json"] |= {"requested_by": "tom"}
    assert served.post("/api/review/request-changes", **ask).json["requested_by"] == "tom"
    assert served.post("/api/review/request-changes", json=ask["json"]).status_code == 401


def test_words_alone_are_enough_to_start(stage: Stage, client: FlaskClient) -> None:
    asked = {"repository": "acme/widgets", "instructions": "Say it louder.", "draft": True, "timeout_seconds": 90}
    made = client.post("/api/tasks", json=asked, headers=LOCAL)
    assert (made.status_code, made.json["issue_number"]) == (201, None)
    assert made.json["flags"] == {"draft": True, "timeout_seconds": 90}
    assert not [call for call in stage.github.world.calls if call.path.endswith("/issues")]
    launch(stage.services, made.json["run_id"])
    shown = client.get(f"/api/tasks/{made.json['id']}", headers=LOCAL).json
    assert (shown["issue_title"], stage.github.repository.issues[shown["issue_number"]].title) == (
        "Say it louder.",
        "Say it louder.",
    )
