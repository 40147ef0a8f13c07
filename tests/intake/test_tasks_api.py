"""The REST API: tasks, and who may call it."""

from __future__ import annotations

import json
import logging

import fakeredis
import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from intake.app import create_app, from_environment
from intake.signature import sign
from jobs import bootstrap
from jobs.errors import ConfigurationError
from store import logs, tasks
from store.lifecycle import Status
from tests.intake.conftest import House, build, config

ASKED = {"repository": "acme/greeter", "issue_number": 4, "agent": "mock", "instructions": "say hello"}


def test_a_task_is_started_read_listed_and_cancelled(house: House):
    made = house.client.post("/api/tasks", json=ASKED | {"priority": "low", "model": "m", "base_branch": "next"})

    assert made.status_code == 201
    task_id = made.json["id"]
    assert made.headers["Location"] == f"/api/tasks/{task_id}"
    assert (made.json["status"], made.json["source"], made.json["requested_by"]) == ("queued", "api", "operator")
    assert house.client.get(f"/api/tasks/{task_id}").json == made.json
    assert [task["id"] for task in house.client.get("/api/tasks").json["tasks"]] == [task_id]

    gone = house.client.delete(f"/api/tasks/{task_id}")
    assert (gone.status_code, gone.data) == (204, b"")
    assert house.client.get(f"/api/tasks/{task_id}").json["status"] == "cancelled"
    assert house.client.delete(f"/api/tasks/{task_id}").status_code == 204


def test_a_queued_task_tells_how_many_wait_before_it_and_no_other_does(house: House):
    made = [house.client.post("/api/tasks", json=ASKED).json["id"] for _ in range(2)]
    waiting = {key: house.client.get(f"/api/tasks/{key}").json for key in made}
    first, second = sorted(waiting.values(), key=lambda task: task["position"])
    assert (first["position"], second["position"]) == (0, 1)
    house.client.delete(f"/api/tasks/{first['id']}")
    listed = {task["id"]: task["position"] for task in house.client.get("/api/tasks").json["tasks"]}
    assert listed == {first["id"]: None, second["id"]: 0}


def test_an_ended_task_is_retried_and_a_live_one_is_not(house: House):
    task = house.task()
    assert house.client.put(f"/api/tasks/{task.id}/retry").status_code == 409
    house.client.delete(f"/api/tasks/{task.id}")

    again = house.client.put(f"/api/tasks/{task.id}/retry")
    assert (again.status_code, again.json["status"], again.json["run_id"]) == (200, "queued", f"{task.id}-2")


def test_an_ended_task_cannot_be_cancelled(house: House):
    task = house.task()
    with house.services.db.write() as connection:
        tasks.move(connection, task.id, Status.FAILED, now=house.clock(), kind="failed", text="no")

    answer = house.client.delete(f"/api/tasks/{task.id}")
    assert (answer.status_code, answer.json["error"]) == (409, "conflict")


def test_the_workers_are_woken(house: House):
    redis = fakeredis.FakeRedis()
    vars(house.services.queues)["redis"] = redis

    run_id = house.client.post("/api/tasks", json=ASKED | {"priority": "high"}).json["run_id"]
    house.deliver(house.comment("@porter status"))
    machine = house.launched()
    machine.job()
    machine.complete(1)

    def waiting(name: str) -> list[str]:
        return [job.description for job in Queue(name, connection=redis, serializer=JSONSerializer).jobs]

    assert waiting("high") == [f"launch {run_id}"]
    answer, *rest = waiting("control")
    assert answer.startswith("answer ")
    assert rest == [f"mint {machine.run_id} clone", f"finish {machine.run_id}"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"repository": "nothing"}, "repository", id="repository"),
        pytest.param({"repository": None}, "repository", id="no-repository"),
        pytest.param({"issue_number": None, "instructions": " "}, "instructions", id="neither-words-nor-issue"),
        pytest.param({"title": "x" * 121}, "title", id="title"),
        pytest.param({"timeout_seconds": 5}, "timeout_seconds", id="timeout"),
        pytest.param({"issue_number": 0}, "issue_number", id="issue-zero"),
        pytest.param({"agent": "mokc"}, "agent", id="agent"),
        pytest.param({"model": "--print"}, "model", id="model"),
        pytest.param({"base_branch": "a..b"}, "base_branch", id="branch"),
        pytest.param({"priority": "urgent"}, "priority", id="priority"),
        pytest.param({"instructions": "x" * 70_000}, "instructions", id="long"),
        pytest.param({"colour": "red"}, "colour", id="unknown-field"),
    ],
)
def test_inputs_that_cannot_work_are_told_by_name(house: House, change, said):
    answer = house.client.post("/api/tasks", json=ASKED | change)

    assert (answer.status_code, answer.json["error"]) == (422, "invalid")
    assert said in answer.json["message"]


def test_an_agent_without_its_key_is_refused_with_what_to_do(house: House):
    answer = house.client.post("/api/tasks", json=ASKED | {"agent": "claude"})

    assert (answer.status_code, answer.json["action"]) == (409, "run: porter secret set ANTHROPIC_API_KEY")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"{", "application/json", id="cut"),
        pytest.param(b"[]", "application/json", id="list"),
        pytest.param(b"null", "application/json", id="null"),
        pytest.param(b'"{}"', "application/json", id="text"),
        pytest.param(b"[" * 50_000, "application/json", id="deep"),
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(house: House, body, kind):
    assert house.client.post("/api/tasks", data=body, content_type=kind).status_code == 400


def test_lists_are_filtered_and_paged(house: House):
    for number in range(5):
        house.task(repository="acme/one" if number % 2 else "acme/two", issue_number=number + 1)
        house.clock.advance(1)

    def found(**query: object) -> list[int]:
        return [task["issue_number"] for task in house.client.get("/api/tasks", query_string=query).json["tasks"]]

    assert found() == [5, 4, 3, 2, 1]
    assert found(repository="acme/one", status=["queued", "running"]) == [4, 2]
    assert found(issue_number=3) == [3]
    assert found(status="succeeded") == []
    first = house.client.get("/api/tasks?limit=3").json
    assert found(after=first["next"]) == [2, 1]


@pytest.mark.parametrize(
    "after", ["x", "/", "2024-01-01/ab", "0001-01-01T00:00:00+14:00/ab", "2024-01-01T00:00:00Z/a'b"]
)
def test_a_key_that_is_none_is_refused(house: House, after):
    assert house.client.get("/api/tasks", query_string={"after": after}).status_code == 422


def test_logs_are_read_from_where_one_was(house: House):
    machine = house.launched()
    lines = [{"n": n, "at": 1.0, "level": "info", "kind": "text", "text": f"line {n}"} for n in range(1, 6)]
    machine.update(1, logs=lines)

    page = house.client.get(f"/api/tasks/{machine.task_id}/logs?after=2&limit=2").json
    assert ([line["text"] for line in page["lines"]], page["next"]) == (["line 3", "line 4"], 4)
    assert house.client.get(f"/api/tasks/{machine.task_id}/logs?after=5").json["next"] == 5
    assert house.client.get(f"/api/tasks/{machine.task_id}/logs?run_id=other-1").status_code == 404
    assert logs.count(house.services.db, machine.run_id) == 5


def test_events_stream_until_the_task_ends_and_resume_where_they_were(house: House):
    task = house.task()
    house.client.delete(f"/api/tasks/{task.id}")

    whole = house.client.get(f"/api/tasks/{task.id}/events")
    assert whole.mimetype == "text/event-stream"
    blocks = [block for block in whole.text.split("\n\n") if block.startswith("id:")]
    assert ["event: asked" in blocks[0], "event: cancelled" in blocks[1], len(blocks)] == [True, True, 2]
    assert whole.text.endswith("event: end\ndata: {}\n\n")

    last = blocks[0].split("\n")[0].removeprefix("id: ")
    rest = house.client.get(f"/api/tasks/{task.id}/events", headers={"Last-Event-ID": last}).text
    assert "event: asked" not in rest
    assert "event: cancelled" in rest


def test_a_stream_tells_what_happens_while_it_is_open(house: House):
    task = house.task()
    stream = iter(house.client.get(f"/api/tasks/{task.id}/events", buffered=False).response)
    heard = [next(stream), next(stream)]
    house.client.delete(f"/api/tasks/{task.id}")
    heard += list(stream)

    text = "".join(part.decode() if isinstance(part, bytes) else part for part in heard)
    assert text.index("event: asked") < text.index("event: cancelled") < text.index("event: end")


def test_streams_are_limited_and_their_places_come_back(house: House):
    task = house.task()
    path = f"/api/tasks/{task.id}/events"
    held = [house.client.get(path, buffered=False) for _ in range(4)]

    assert house.client.get(path).status_code == 429
    held[0].close()
    house.client.delete(f"/api/tasks/{task.id}")
    assert house.client.get(path).status_code == 200
    for stream in held:
        stream.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        pytest.param("GET", "/nowhere", 404, "not_found", id="404"),
        pytest.param("PATCH", "/api/tasks", 405, "method_not_allowed", id="405"),
        pytest.param("GET", "/api/tasks/abc", 404, "not_found", id="no-such-task"),
        pytest.param("GET", "/api/tasks/ABC!", 422, "invalid", id="no-id"),
        pytest.param("GET", "/api/tasks?limit=0", 422, "invalid", id="422"),
    ],
)
def test_every_error_has_one_shape_and_a_request_id(house: House, method, path, status, error):
    answer = house.client.open(path, method=method, headers={"X-Request-Id": "mine-1"})

    assert (answer.status_code, answer.json["error"], answer.headers["X-Request-Id"]) == (status, error, "mine-1")
    assert set(answer.json) <= {"error", "message", "action", "actionUrl"}


def test_an_unexpected_error_is_logged_with_its_request_and_shows_no_traceback(house: House, caplog):
    vars(house.services)["queues"] = None

    with caplog.at_level(logging.ERROR):
        answer = house.client.post("/api/tasks", json=ASKED)
    assert (answer.status_code, answer.json["error"]) == (500, "internal")
    assert answer.headers["X-Request-Id"] in answer.json["message"]
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in [getattr(record, "request", None) for record in caplog.records]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": "evil.example"}, id="rebound-name"),
        pytest.param({"Host": "127.0.0.1.evil.example"}, id="name-that-begins-like-it"),
        pytest.param({"Origin": "https://evil.example"}, id="foreign-origin"),
        pytest.param({"Origin": "null"}, id="null-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Content-Type": "text/plain"}, id="plain-text"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, id="form"),
    ],
)
def test_a_page_of_another_site_cannot_dispatch(house: House, headers):
    answer = house.client.post(
        "/api/tasks", data=json.dumps(ASKED), headers={"Content-Type": "application/json"} | headers
    )

    assert (answer.status_code, answer.json["error"]) == (403, "forbidden")
    assert house.client.get("/api/tasks").json["tasks"] == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="curl"),
        pytest.param({"Origin": "http://127.0.0.1:8501", "Sec-Fetch-Site": "same-site"}, id="dashboard"),
        pytest.param({"Host": "localhost:8100", "Origin": "http://localhost:8100"}, id="itself"),
        pytest.param({"Host": "[::1]:8100"}, id="ipv6"),
    ],
)
def test_the_local_operator_may(house: House, headers):
    assert house.client.post("/api/tasks", json=ASKED, headers=headers).status_code == 201


PRODUCTION = {
    "PORTER_ENV": "production", "REDIS_URL": "redis://127.0.0.1:1", "GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "x",
    "PORTER_API_TOKEN": "the-api-token", "PORTER_DASHBOARD_PASSWORD": "p", "PORTER_HOST": "fly", "FLY_API_TOKEN": "f",
    "FLY_APP_NAME": "a",
}  # fmt: skip


def test_in_production_only_the_api_token_opens_the_api(home):
    house = build(home, DATABASE_URL=f"sqlite:///{home}/porter.db", **PRODUCTION)

    for given in (None, "Bearer", "Bearer wrong", "Basic the-api-token", "Bearer the-api-token2"):
        headers = {"Authorization": given} if given else {}
        for path in ("/api/tasks", "/api/agents"):
            assert house.client.get(path, headers=headers).status_code == 401
    good = {"Authorization": "Bearer the-api-token", "Host": "porter.example"}
    assert house.client.get("/api/tasks", headers=good).status_code == 200
    assert house.client.post("/api/tasks", json=ASKED, headers=good).status_code == 422
    made = house.client.post("/api/tasks", json=ASKED | {"requested_by": "mona"}, headers=good)
    assert (made.status_code, made.json["requested_by"]) == (201, "mona")


def test_health_is_told_without_redis(house: House):
    assert house.client.get("/healthz").json == {"status": "ok"}
    assert house.client.get("/readyz").json == {"status": "ready", "database": True, "redis": False}


def test_without_an_app_nothing_that_github_could_say_is_heard(home):
    """The set-up page makes the App, and its secret comes with it."""
    house = create_app(bootstrap.build(config(home, GITHUB_WEBHOOK_SECRET=""))).test_client()
    for signature in ("", sign(b"{}", "")):
        headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "d1", "X-GitHub-Event": "ping"}
        assert house.post("/api/webhooks/github", data=b"{}", headers=headers).status_code == 401


def test_an_app_without_a_webhook_secret_does_not_start(home):
    settings = config(home, GITHUB_WEBHOOK_SECRET="", GITHUB_APP_ID="1")
    with pytest.raises(ConfigurationError, match="GITHUB_WEBHOOK_SECRET"):
        create_app(bootstrap.build(settings))


def test_a_start_that_fails_says_why_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("PORTER_ENV", "production")
    with pytest.raises(SystemExit) as stopped:
        from_environment()

    said = capsys.readouterr().err
    assert stopped.value.code != 0
    assert said.count("\n") == 1
    assert "PORTER_API_TOKEN is not set" in said
