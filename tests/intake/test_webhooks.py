"""What GitHub's deliveries get: a verdict each, and tasks where they ask for work."""

from __future__ import annotations

import io
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake.signature import sign
from intake.webhooks import LARGEST
from store import deliveries, requests, tasks
from store.records import Priority, Verdict
from tests.intake.conftest import PAYLOADS, SECRET, House, build


def test_a_command_becomes_a_queued_task(house: House):
    answer = house.deliver(house.comment("@porter mock --priority=high --draft fix the greeting"), id="d-1")

    assert answer.status_code == 202
    (task_id,) = answer.json["tasks"]
    assert answer.json == {"verdict": "accepted", "reason": "1 task", "tasks": [task_id]}
    task = tasks.get(house.services.db, task_id)
    assert (task.agent, task.instructions, task.priority) == ("mock", "fix the greeting", Priority.HIGH)
    assert (task.repository, task.issue_number, task.requested_by) == ("Codertocat/Hello-World", 1, "Codertocat")
    assert (task.installation_id, task.flags, task.status) == (7, {"draft": True, "agent": "mock"}, "queued")
    assert deliveries.get(house.services.db, "d-1").task_ids == [task_id]


def test_flags_are_stored_under_the_names_of_the_task(house: House):
    answer = house.deliver(house.comment("@porter --branch=next --model=m1 --timeout=2 --no-tests fix it all"))

    task = tasks.get(house.services.db, answer.json["tasks"][0])
    assert (task.agent, task.base_branch, task.model) == ("mock", "next", "m1")
    assert task.flags == {"timeout_seconds": 120, "no_tests": True}


def test_the_same_delivery_again_does_nothing(house: House):
    payload = house.comment("@porter mock fix it")
    house.deliver(payload, id="same")
    again = house.deliver(payload, id="same")

    assert (again.status_code, again.json["verdict"], again.json["tasks"]) == (200, "duplicate", [])


def test_the_same_comment_under_a_new_id_does_nothing(house: House):
    payload = house.comment("@porter mock fix it")
    house.deliver(payload, id="one")
    again = house.deliver(payload, id="two")

    assert (again.status_code, again.json["verdict"]) == (200, "duplicate")
    assert [found.verdict for found in deliveries.latest(house.services.db)].count(Verdict.ACCEPTED) == 1


def test_good_and_bad_commands_of_one_comment_are_told_apart(house: House):
    answer = house.deliver(
        house.comment("@porter mock fix a\n@porter mock fix b --modle=x\n@porter wibble\n@porter stop")
    )

    assert answer.json["verdict"] == "accepted"
    assert answer.json["reason"] == "1 task, 1 request, 2 mistakes"
    asked = [requests.get(house.services.db, key) for key in requests.due(house.services.db, now=house.clock())]
    assert sorted(request.verb for request in asked) == ["mistake", "stop"]
    (mistake,) = [request for request in asked if request.verb == "mistake"]
    assert "`--model`" in mistake.argument
    assert "neither an agent" in mistake.argument


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"issue": {"state": "closed"}}, "closed", id="closed-issue"),
        pytest.param({"issue": {"pull_request": {"url": "x"}}}, "opened itself", id="pull-request-of-another"),
    ],
)
def test_a_command_that_cannot_be_done_here_is_refused_with_one_reply(house: House, changes, said):
    answer = house.deliver(house.comment("@porter mock fix a\n@porter mock fix b", **changes))

    assert (answer.status_code, answer.json["verdict"], answer.json["tasks"]) == (202, "refused", [])
    (key,) = requests.due(house.services.db, now=house.clock())
    request = requests.get(house.services.db, key)
    assert (request.verb, request.argument.count(said)) == ("mistake", 1)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param("@porter stop --draft", "takes no flags", id="stop"),
        pytest.param("@porter retry --dry-run", "runs the same again", id="retry-that-would-only-tell"),
    ],
)
def test_flags_that_a_verb_does_not_take_are_refused(house: House, body, why):
    answer = house.deliver(house.comment(body))

    assert answer.json["verdict"] == "refused"
    assert why in answer.json["reason"]


@pytest.mark.parametrize(
    ("body", "changes", "why"),
    [
        pytest.param("looks good", {}, "no @porter command in it", id="no-mention"),
        pytest.param("ask @porter mock", {}, "a command begins its line", id="mid-sentence"),
        pytest.param("> @porter mock", {}, "a quote", id="quoted"),
        pytest.param("@porter mock", {"payload": {"action": "edited"}}, "edited comments are not read", id="edited"),
        pytest.param("@porter mock", {"payload": {"action": "deleted"}}, "deleted", id="deleted"),
        pytest.param("@porter mock", {"payload": {"action": "pinned"}}, "action pinned", id="pinned"),
        pytest.param("@porter mock", {"sender": {"type": "Bot"}}, "sent by a bot", id="bot"),
        pytest.param("@porter mock", {"sender": {"login": "x[bot]"}}, "sent by a bot", id="bot-by-name"),
        pytest.param("@porter mock\n<!-- porter:task=1 -->", {}, "written by Porter", id="own-comment"),
        pytest.param("@porter mock", {"payload": {"installation": None}}, "no installation", id="no-installation"),
        pytest.param(None, {}, "no @porter command", id="no-body"),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_a_reason(house: House, body, changes, why):
    answer = house.deliver(house.comment(body, **changes), id="d")

    assert (answer.status_code, answer.json["verdict"], answer.json["tasks"]) == (202, "ignored", [])
    assert why in answer.json["reason"]
    assert deliveries.get(house.services.db, "d").reason == answer.json["reason"]


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_real_payload_of_github_gets_a_verdict(house: House, path):
    answer = house.deliver(path.read_bytes(), event=path.parent.name)

    about_the_app = path.parent.name in ("installation", "installation_repositories")
    assert (answer.status_code, answer.json["verdict"]) == (202, "accepted" if about_the_app else "ignored")
    assert answer.json["reason"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Hub-Signature-256": None}, id="missing"),
        pytest.param({"X-Hub-Signature-256": ""}, id="empty"),
        pytest.param({"X-Hub-Signature-256": "sha256=" + "0" * 64}, id="wrong"),
        pytest.param({"X-Hub-Signature-256": "sha256=00"}, id="short"),
        pytest.param({"X-Hub-Signature-256": "é"}, id="not-ascii"),
        pytest.param({"X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=" + "0" * 40}, id="sha1-only"),
    ],
)
def test_a_bad_signature_is_refused_and_nothing_is_kept(house: House, headers):
    answer = house.deliver(b"this is not even JSON", headers=headers)

    assert (answer.status_code, answer.json["error"]) == (401, "wrong_signature")
    assert deliveries.latest(house.services.db) == []


def test_a_changed_body_does_not_fit_its_signature(house: House):
    other = sign(b'{"a": 1}', SECRET)
    answer = house.deliver(b'{"a": 2}', headers={"X-Hub-Signature-256": other})

    assert answer.status_code == 401


def test_the_previous_secret_is_good_while_it_is_being_replaced(home):
    house = build(home, GITHUB_WEBHOOK_SECRET="new", GITHUB_WEBHOOK_SECRET_PREVIOUS="old")

    assert [house.deliver({}, event="ping", secret=secret).status_code for secret in ("new", "old", "other")] == [
        202,
        202,
        401,
    ]


@pytest.mark.parametrize(
    ("body", "event"),
    [
        pytest.param(b"", "issue_comment", id="empty"),
        pytest.param(b"{", "issue_comment", id="cut"),
        pytest.param(b"[]", "issue_comment", id="list"),
        pytest.param(b"null", "push", id="null"),
        pytest.param(b'"text"', "push", id="text"),
        pytest.param(b"{}", "issue_comment", id="nothing-in-it"),
        pytest.param(b"\xff\xfe", "push", id="not-utf-8"),
        pytest.param(b"[" * 100_000, "push", id="deep"),
        pytest.param(b"payload=%7B%7D", "push", id="form"),
    ],
)
def test_a_signed_body_that_is_no_payload_is_malformed_and_kept_as_refused(house: House, body, event):
    answer = house.deliver(body, event=event, id="bad")

    assert (answer.status_code, answer.json["error"]) == (400, "malformed")
    assert deliveries.get(house.services.db, "bad").verdict is Verdict.REFUSED


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery"])
@pytest.mark.parametrize("value", [None, "", "x" * 65], ids=["missing", "empty", "long"])
def test_a_header_of_github_must_be_there(house: House, name, value):
    assert house.deliver({}, headers={name: value}).status_code == 400


def test_a_body_over_githubs_own_limit_is_refused_before_it_is_read(house: House):
    told = {"CONTENT_LENGTH": str(LARGEST + 1)}
    answer = house.client.post("/api/webhooks/github", input_stream=io.BytesIO(b"x"), environ_overrides=told)

    assert (answer.status_code, answer.json["error"]) == (413, "too_large")


def test_a_body_without_a_length_is_refused_once_it_is_over_the_limit(house: House):
    told = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    stream = io.BytesIO(b" " * (LARGEST + 10))
    answer = house.client.post("/api/webhooks/github", input_stream=stream, environ_overrides=told)

    assert (answer.status_code, answer.json["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"comment": {"id": 2**70}}, id="huge-id"),
        pytest.param({"comment": {"id": -1}}, id="negative-id"),
        pytest.param({"issue": {"number": 2**40}}, id="huge-number"),
        pytest.param({"sender": {"login": "a b"}}, id="login-with-a-space"),
        pytest.param({"payload": {"repository": {"id": 1, "full_name": "x" * 300}}}, id="no-repository-name"),
        pytest.param({"payload": {"repository": {"id": 1, "full_name": "../../etc/passwd"}}}, id="path"),
        pytest.param({"payload": {"comment": None}}, id="null-comment"),
    ],
)
def test_fields_that_cannot_be_githubs_are_malformed(house: House, change):
    assert house.deliver(house.comment("@porter mock", **change)).status_code == 400


def test_hostile_text_is_kept_as_text(house: House):
    words = "fix \x00 \u202e $(id) '; drop table tasks;-- {0} %s <script>alert(1)</script>\u200b"
    answer = house.deliver(house.comment(f"@porter mock {words}", issue={"title": "a\x00b\x1b[31m" + "x" * 50_000}))

    assert answer.status_code == 202
    task = tasks.get(house.services.db, answer.json["tasks"][0])
    assert task.instructions == words.replace("\x00", "\ufffd").strip()
    assert "\x00" not in task.issue_title


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_signed_payload_gets_a_server_error(house: House, data):
    payload = house.comment("@porter mock fix it")
    for _ in range(data.draw(st.integers(1, 3))):
        part = payload
        if data.draw(st.booleans()):
            part = payload.get(data.draw(st.sampled_from(["comment", "issue", "repository", "sender"])))
        if isinstance(part, dict) and part:
            part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
    answer = house.deliver(json.dumps(payload).encode("utf-8", "surrogatepass"))
    assert answer.status_code in (200, 202, 400)


def test_a_redis_that_is_away_loses_nothing(house: House):
    answer = house.deliver(house.comment("@porter mock fix a\n@porter mock fix b\n@porter status"))
    assert (answer.status_code, len(answer.json["tasks"])) == (202, 2)


def test_a_redis_that_hangs_is_tried_once_for_a_whole_delivery(home):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house = build(home, REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}")
        answer = house.deliver(house.comment("\n".join(["@porter mock fix it"] * 10)))
        assert (answer.status_code, len(answer.json["tasks"])) == (202, 10)
        silent.accept()[0].close()
        silent.setblocking(False)
        # Nobody else called: GitHub waited for one timeout, of 0.4 s, not for ten.
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_database_that_is_away_is_told_and_nothing_is_promised(house: House, home):
    house.services.db.close()
    for file in home.glob("porter.db*"):
        file.unlink()
    (home / "porter.db").mkdir()

    answer = house.deliver(house.comment("@porter mock fix it"))
    assert (answer.status_code, answer.json["error"]) == (503, "database_away")
    assert house.client.get("/readyz").status_code == 503
    assert house.client.get("/healthz").status_code == 200
