"""The repository's test command is run on the agent's work, without keys, and leaves nothing behind in it."""

from __future__ import annotations

from dataclasses import replace

from tests.worker.conftest import BRANCH, Bare, Start, told
from worker.contract import JobDocument, Limits
from worker.proof import tail_behind


def proven(job: JobDocument, command: str, **changes: object) -> JobDocument:
    return replace(job, test_command=command, **changes)  # type: ignore[arg-type]


def test_tests_that_pass_are_told_with_their_last_lines(start: Start, job: JobDocument, bare: Bare):
    machine = start(proven(job, "grep -c Hello greet.py && echo all is well"))
    machine.wait()
    assert machine.result["ending"] == "changes" and machine.result["pushed"]
    tests = machine.result["tests"]
    assert tests["exit_code"] == 0
    assert tests["command"].startswith("grep")
    assert "all is well" in tests["tail"]
    assert "starting mock" not in tests["tail"]


def test_tests_that_fail_fail_nothing(start: Start, job: JobDocument, bare: Bare):
    machine = start(proven(job, "echo it is broken >&2; exit 3"))
    machine.wait()
    assert machine.result["ending"] == "changes" and machine.result["pushed"]
    assert machine.result["tests"]["exit_code"] == 3
    assert "it is broken" in machine.result["tests"]["tail"]
    assert "the tests failed" in machine.porter.text


def test_tests_that_do_not_end_are_ended(start: Start, job: JobDocument):
    machine = start(proven(job, "sleep 60", limits=Limits(total=30, stall=20, setup=20, test=0.5)))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert machine.result["tests"]["exit_code"] is None
    assert "did not end within 0.5 seconds" in machine.porter.text


def test_what_tests_leave_behind_or_change_is_not_committed(start: Start, job: JobDocument, bare: Bare):
    machine = start(proven(job, "echo junk > junk.txt; echo broken > greet.py; git commit -qam x || true"))
    machine.wait()
    assert machine.result["diff"] == {"files": 1, "additions": 1, "deletions": 1}
    assert "broken" not in bare.show(f"{BRANCH}:greet.py")


def test_tests_get_no_key_of_the_agent(start: Start, job: JobDocument):
    machine = start(proven(job, "env", keys={"MOCK_KEY": "s3cret-canary"}))
    machine.wait()
    tail = machine.result["tests"]["tail"]
    assert "HOME=" in tail
    assert "MOCK_KEY" not in tail and "CALLBACK_TOKEN" not in tail and "canary" not in str(machine.porter.reports)


def test_without_changes_there_is_nothing_to_test(start: Start, job: JobDocument):
    machine = start(proven(told(job, "[mock:no-changes]"), "echo never"))
    machine.wait()
    assert machine.result["ending"] == "no_changes"
    assert machine.result["tests"] is None


def test_work_of_an_agent_that_failed_is_not_tested(start: Start, job: JobDocument):
    machine = start(proven(told(job, "[mock:exit=3]"), "echo never"))
    machine.wait()
    assert machine.result["tests"] is None


def test_a_failing_setup_stops_before_any_model_cost_and_shows_its_last_lines(start: Start, job: JobDocument):
    machine = start(replace(job, setup_commands=["echo fine", "echo no such package >&2; exit 7", "echo never"]))
    machine.wait()
    assert machine.result["ending"] == "setup_failed"
    assert "status 7" in machine.result["message"]
    assert any("no such package" in line for line in machine.result["log_tail"])
    assert "starting mock" not in machine.porter.text and "never" not in [line["text"] for line in machine.porter.logs]


def test_the_tail_is_what_stands_behind_the_last_mark():
    assert tail_behind("test: x", ["a", "test: x", "b", "test: x", "c", "d"]) == "c\nd"
    assert tail_behind("test: x", ["b", "c"]) == "b\nc"
