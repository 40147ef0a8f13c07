"""The machine's conversation with Porter, from the machine's end of the wire."""

from __future__ import annotations

import base64
from dataclasses import asdict

import pytest

from intake.reports import MOST_LINES, clean
from store import logs, runs, tables, tasks, vault
from store.lifecycle import Status
from store.records import RunKind
from tests.intake.conftest import House, Machine
from worker.contract import MAX_SESSION, JobDocument, Usage


@pytest.fixture
def machine(house: House) -> Machine:
    return house.launched()


def line(n: int, text: str = "hello", **changes: object) -> dict[str, object]:
    return {"n": n, "at": 1.0, "level": "info", "kind": "text", "text": text} | changes


def stored(machine: Machine) -> list[str]:
    return [found.text for found in logs.of_run(machine.house.services.db, machine.run_id)]


def test_a_machine_gets_its_job_with_the_clone_token_and_the_keys_of_its_agent(house: House):
    machine = house.launched(
        agent="claude-code", model="opus", flags={"timeout_seconds": 90}, issue_title="Greet  well"
    )
    house.keep(machine.run_id, "clone", "ghs_clone")
    for owner, name in (("global", "ANTHROPIC_API_KEY"), ("global", "OPENAI_API_KEY")):
        vault.put(house.services.db, house.services.vault, owner, name, f"key of {name}", by="t", now=house.clock())

    answer = machine.job()

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    job = JobDocument.from_json(answer.json)
    assert (job.run_id, job.repository, job.clone_token) == (machine.run_id, "acme/greeter", "ghs_clone")
    assert job.clone_url == "https://github.com/acme/greeter.git"
    assert (job.base_branch, job.branch) == ("main", "porter/issue-4-mock-abc123")
    assert job.keys == {"ANTHROPIC_API_KEY": "key of ANTHROPIC_API_KEY"}
    assert "--model" in job.agent.argv
    assert (job.limits.total, job.prompt) == (90.0, "# Task\nSay hello.")
    assert job.commit_message.startswith("Greet well\n\nMade by claude-code for #4")


@pytest.mark.parametrize(("agent", "told"), [("claude-code", True), ("gemini", False)])
def test_an_effort_reaches_the_agent_that_takes_one(house: House, caplog, agent: str, told: bool):
    machine = house.launched(agent=agent)
    house.keep(machine.run_id, "clone", "ghs_clone")
    claim = runs.claim(house.services.db, machine.run_id, now=house.clock())
    runs.write(house.services.db, claim, inputs={"effort": {"value": "high", "source": "repository"}})
    with caplog.at_level("INFO", logger="intake.job"):
        argv = machine.job().json["agent"]["argv"]

    assert ("high" in argv) is told
    assert ("the agent takes no effort" in caplog.text) is not told


def test_a_job_without_a_clone_token_is_waited_for(machine: Machine):
    assert (machine.job().status_code, machine.job().json) == (202, {"wait_seconds": 1})


def test_a_clone_token_about_to_end_is_not_handed_out(machine: Machine):
    machine.house.keep(machine.run_id, "clone", "ghs_old", seconds=59)

    assert machine.job().status_code == 202


def test_the_first_report_moves_the_task_to_running_and_keeps_its_lines(machine: Machine):
    usage = {"input_tokens": 5, "output_tokens": 7, "cost_usd": 0.25}
    answer = machine.update(
        1, phase="cloning", logs=[line(1), line(2, "again")], step="Reading", percent=40, usage=usage
    )

    assert answer.json == {"accepted": True, "orders": []}
    task = tasks.get(machine.house.services.db, machine.task_id)
    assert (task.status, task.step, task.percent) == (Status.RUNNING, "Reading", 40)
    assert (task.input_tokens, task.output_tokens, task.cost_usd) == (5, 7, 0.25)
    assert stored(machine) == ["hello", "again"]


def test_a_repeated_or_overtaken_report_changes_nothing(machine: Machine):
    machine.update(2, logs=[line(1)])

    for seq in (2, 1):
        answer = machine.update(seq, logs=[line(9, "late")], step="late")
        assert (answer.status_code, answer.json) == (200, {"accepted": False, "orders": []})
    assert stored(machine) == ["hello"]


def test_a_result_is_kept_once_and_ends_the_conversation(machine: Machine):
    first = machine.complete(1, summary="I said hello.", pushed=True, head_sha="a" * 40)
    second = machine.complete(2, ending="crashed")

    assert (first.json["accepted"], second.json["accepted"]) == (True, False)
    run = runs.get(machine.house.services.db, machine.run_id)
    assert (run.result["ending"], run.result["summary"], run.result["pushed"]) == ("changes", "I said hello.", True)
    assert tasks.get(machine.house.services.db, machine.task_id).status is Status.FINISHING


def test_a_result_is_not_lost_for_a_number_that_makes_no_sense(machine: Machine):
    odd = {"base_sha": "main", "exit_code": 2**40, "seconds": -1, "branch": "b" * 300, "ending": "exploded"}
    answer = machine.complete(1, **odd, diff={"files": -1}, usage={"cost_usd": "free"})

    assert answer.json["accepted"] is True
    result = runs.get(machine.house.services.db, machine.run_id).result
    assert (result["base_sha"], result["exit_code"], result["seconds"], result["ending"]) == (
        None,
        None,
        0.0,
        "crashed",
    )


def test_a_report_flood_is_stored_once_line_by_line(machine: Machine):
    for seq in range(1, 21):
        assert machine.update(seq, logs=[line(n) for n in range(seq * 400 - 399, seq * 400 + 1)]).status_code == 200
    for _ in range(20):
        assert machine.update(20, logs=[line(1)]).json["accepted"] is False

    assert logs.count(machine.house.services.db, machine.run_id) == 8000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"logs": [line(n) for n in range(1, 502)]}, "logs", id="too-many-lines"),
        pytest.param({"seq": 0}, "seq", id="seq-zero"),
        pytest.param({"seq": 2**31}, "seq", id="seq-huge"),
        pytest.param({"seq": "x"}, "seq", id="seq-text"),
        pytest.param({"logs": "x"}, "logs", id="no-list"),
        pytest.param({"logs": [{"n": 1}]}, "logs.0.text", id="line-without-text"),
        pytest.param({"run_id": None}, "run_id", id="no-run"),
    ],
)
def test_a_malformed_report_is_told_which_field(machine: Machine, change, said):
    answer = machine.post("task-update", **({"seq": 1} | change))

    assert (answer.status_code, answer.json["error"]) == (400, "malformed")
    assert said in answer.json["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 50_000, b'{"seq": 1e400}', b"1" * 10_000])
def test_a_body_that_is_no_report_is_malformed(machine: Machine, body):
    answer = machine.house.client.post("/api/callbacks/task-update", data=body, headers=machine.headers)

    assert answer.status_code == 400


def test_a_body_over_two_megabytes_is_refused(machine: Machine):
    answer = machine.update(1, logs=[line(1, "x" * 2_200_000)])

    assert answer.status_code == 413


def test_log_text_is_cut_and_cleaned(machine: Machine):
    hostile = ["\x1b[31mred\x1b[0m", "a\x00b", "c\ud800d", "x" * 10_000, "\x1b]0;title\x07text", "\u202eevil"]
    answer = machine.update(1, logs=[line(n, text) for n, text in enumerate(hostile, 1)], step="two\nlines \x1b[1mbold")

    assert answer.json["accepted"] is True
    red, nul, surrogate, long, title, bidi = stored(machine)
    assert (red, nul, surrogate, title) == ("red", "a\ufffdb", "c?d", "text")
    assert long.endswith("… (6000 characters cut)")
    assert bidi == "\ufffdevil"
    assert tasks.get(machine.house.services.db, machine.task_id).step == "two lines bold"


def test_strange_levels_times_and_numbers_are_put_right(machine: Machine):
    usage = {"input_tokens": -5, "output_tokens": 10**30, "cost_usd": "much"}
    lines = [line(1, level="shout", kind="odd", at=1e300), line(MOST_LINES + 1)]
    assert machine.update(1, logs=lines, percent=700, usage=usage, phase="dancing").json["accepted"] is True

    (kept,) = logs.of_run(machine.house.services.db, machine.run_id)
    assert (kept.level, kept.kind, kept.at) == ("info", "output", machine.house.clock())
    task = tasks.get(machine.house.services.db, machine.task_id)
    assert (task.percent, task.input_tokens, task.cost_usd) == (100, 0, None)


def test_secrets_of_the_run_are_masked_again(house: House):
    machine = house.launched(agent="claude-code")
    vault.put(
        house.services.db,
        house.services.vault,
        "global",
        "ANTHROPIC_API_KEY",
        "sk-ant-canary",
        by="t",
        now=house.clock(),
    )
    house.keep(machine.run_id, "clone", "ghs_canary_clone")
    house.keep(machine.run_id, "push", "ghs_canary_push")
    secrets = ["sk-ant-canary", "ghs_canary_clone", "ghs_canary_push", machine.token]
    said = " ".join([*secrets, base64.b64encode(b"sk-ant-canary").decode(), "sk-ant-\x1b[1mcanary"])

    machine.update(1, phase="running", logs=[line(1, said), line(2, "x" * 3_990 + "ghs_canary_push")], step=said)
    machine.complete(2, message=said, summary=said, log_tail=[said])

    run = runs.get(house.services.db, machine.run_id)
    kept = "\n".join([*stored(machine), tasks.get(house.services.db, machine.task_id).step, str(run.result)])
    assert not [secret for secret in secrets if secret in kept]
    assert "canary" not in kept
    assert base64.b64encode(b"sk-ant-canary").decode()[:12] not in kept


def test_a_secret_split_over_two_lines_or_two_reports_is_masked_too(house: House):
    machine = house.launched()
    secret = "ghs_canary0clone0canary0"
    house.keep(machine.run_id, "clone", secret)
    encoded = base64.b64encode(secret.encode()).decode()
    machine.update(1, phase="running", logs=[line(1, secret[:12]), line(2, secret[12:]), line(3, encoded[:16])])
    machine.update(2, logs=[line(4, encoded[16:]), line(5, f"json: {secret[:10]}\n{secret[10:]}")])
    assert stored(machine) == ["***", "***", "***", "***", "json: ***\n***"]


def test_a_push_token_is_waited_for_and_moves_the_task_to_finishing(machine: Machine):
    machine.update(1, phase="running")

    assert machine.post("push-token").status_code == 202
    assert tasks.get(machine.house.services.db, machine.task_id).status is Status.FINISHING
    machine.house.keep(machine.run_id, "push", "ghs_push")
    answer = machine.post("push-token")
    assert (answer.status_code, answer.json["token"]) == (200, "ghs_push")
    assert answer.json["expires_at"].startswith("2026-01-02T04:04:05")


def test_a_cancelled_run_is_told_to_stop_and_may_push_for_half_a_minute_only(machine: Machine):
    machine.update(1, phase="running")
    tasks.cancel(machine.house.services.db, machine.task_id, by="mona", now=machine.house.clock())

    assert machine.update(2).json == {"accepted": True, "orders": ["cancel"]}
    assert machine.job().status_code == 410
    assert machine.post("push-token").status_code == 202
    machine.house.keep(machine.run_id, "push", "ghs_push")
    assert machine.post("push-token").json["token"] == "ghs_push"
    machine.house.clock.advance(30)
    assert machine.post("push-token").status_code == 410


def test_a_machine_whose_run_is_over_is_heard_no_more(machine: Machine):
    db, now = machine.house.services.db, machine.house.clock()
    with db.write() as connection:
        tasks.move(connection, machine.task_id, Status.FAILED, now=now, kind="failed", text="it was lost")

    assert machine.update(1, logs=[line(1)]).json == {"accepted": False, "orders": ["cancel"]}
    assert machine.complete(2).json == {"accepted": False, "orders": ["cancel"]}
    assert (machine.job().status_code, machine.post("push-token").status_code) == (410, 410)
    assert stored(machine) == []


CALLS = [
    pytest.param("GET", "/api/runs/{run}/job", id="job"),
    pytest.param("POST", "/api/callbacks/task-update", id="update"),
    pytest.param("POST", "/api/callbacks/task-complete", id="complete"),
    pytest.param("POST", "/api/callbacks/push-token", id="push-token"),
]


def call(house: House, method: str, path: str, run_id: str, authorization: str | None):
    headers = {"Authorization": authorization} if authorization is not None else {}
    body = {"run_id": run_id, "seq": 1, "result": {"ending": "changes"}} if method == "POST" else None
    return house.client.open(path.format(run=run_id), method=method, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_only_the_runs_own_token_opens_it(house: House, method, path):
    mine, other = house.launched(), house.launched()
    for given in (None, "", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {other.token}", f"Basic {mine.token}"):
        assert call(house, method, path, mine.run_id, given).status_code == 401
    assert call(house, method, path, "nosuch-1", f"Bearer {mine.token}").status_code == 404
    assert call(house, method, path, mine.run_id, f"Bearer {mine.token}").status_code in (200, 202)


@pytest.mark.parametrize("text", ["", "\x1b", "\x1b[", "a\r\nb", "\udc80", "🙂", "\x1b[38;5;1m", "\x9b31m"])
def test_cleaned_text_can_be_stored_and_shown(text):
    cleaned = clean(text, 100)

    cleaned.encode()
    assert not [c for c in cleaned if c < " " and c not in "\t\n"]


# --- conversations ---------------------------------------------------------------------------------------------------


def follow_up(machine: Machine) -> None:
    """The machine's run becomes a follow-up's."""
    with machine.house.services.db.write() as connection:
        connection.execute(tables.runs.update().values(kind=RunKind.FOLLOW_UP))
    tasks.change(machine.house.services.db, machine.task_id, now=machine.house.clock(), head_sha="b" * 40)
    machine.house.keep(machine.run_id, "clone", "ghs_clone")


def test_a_conversation_is_kept_sealed_and_given_to_a_follow_up(machine: Machine):
    talk = {"id": "s-1", "data": "eJwDAAAAAAE=", "path": ".x/s-1.json", "usage": asdict(Usage(5, cost_usd=0.5))}
    assert machine.put_session(**talk).json == {"kept": True}
    machine.house.keep(machine.run_id, "clone", "ghs_clone")
    assert JobDocument.from_json(machine.job().json).session is None, "a first run begins a conversation of its own"

    follow_up(machine)
    job = JobDocument.from_json(machine.job().json)
    assert (job.continue_branch, job.last_head) == (True, "b" * 40)
    assert job.session and job.session.to_json() == talk


def test_a_conversation_that_does_not_open_any_more_spoils_no_follow_up(machine: Machine):
    machine.put_session(id="s-1", data="eJwDAAAAAAE=")
    with machine.house.services.db.write() as connection:
        connection.execute(tables.sessions.update().values(sealed="v9:AAAA"))
    follow_up(machine)
    assert JobDocument.from_json(machine.job().json).session is None


@pytest.mark.parametrize(
    ("talk", "status"),
    [
        pytest.param({"id": "../x", "data": ""}, 400, id="a-path-for-a-name"),
        pytest.param({"id": "s", "data": "<script>"}, 400, id="not-base64"),
        pytest.param({"id": "s", "data": "A" * (MAX_SESSION + 4)}, 400, id="too-long"),
        pytest.param({"id": "s", "data": "A" * (3 * MAX_SESSION)}, 413, id="far-too-long"),
    ],
)
def test_a_conversation_that_is_none_is_refused(machine: Machine, talk: dict[str, str], status: int):
    assert machine.put_session(**talk).status_code == status


def test_a_conversation_needs_the_runs_own_token_and_a_run_that_is_not_over(machine: Machine):
    machine.complete(1)
    assert machine.put_session(id="s", data="").status_code == 410
    machine.token = "another"
    assert machine.put_session(id="s", data="").status_code == 401
