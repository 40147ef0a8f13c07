"""Porter in eleven tests: the real processes, beside stand-ins for GitHub and Fly. Read from top to bottom."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from porter.demo import Stage, stage
from tests.jobs.notify_stage import is_signed
from tests.jobs.receivers import receiving
from tests.onlooker import Onlooker

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("porter") / "data", PORTER_NOTIFY_NETWORKS="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def we(demo: Stage) -> Onlooker:
    """Somebody who sees only what a person can see: GitHub's pages, the API, the list of processes."""
    return Onlooker(demo)


def test_a_comment_becomes_a_pull_request(we: Onlooker) -> None:
    comment = we.comment("@porter mock fix the greeting", issue=1)
    task = we.ended_task_of(comment)

    assert (task["status"], task["outcome"]) == ("succeeded", "pull_request")
    assert we.reactions_to(comment) == ["eyes"]
    pull = we.pull(task["pr_number"])
    assert "Closes #1" in pull["body"]
    assert pull["head"]["ref"].startswith("porter/issue-1-mock-")
    assert '+    print("Hello, world")' in we.diff_of(pull) or "Hello, world" in we.diff_of(pull)
    [status_comment] = we.porters_comments(issue=1)
    assert f"#{pull['number']}" in status_comment["body"]
    assert task["id"] in status_comment["body"]


def test_a_mention_in_a_quote_or_in_code_starts_nothing_and_says_why(we: Onlooker) -> None:
    quoted = we.comment("> @porter mock fix it\n\nI wonder what `@porter mock` does.", issue=2)
    verdict = we.verdict_on(quoted)
    assert verdict.verdict == "ignored"
    assert verdict.reason
    assert we.reactions_to(quoted) == []


def test_somebody_who_may_not_write_gets_one_polite_reply_and_no_machine(we: Onlooker) -> None:
    machines = we.machines_ever()
    for _ in range(2):
        we.ended_task_of(we.comment("@porter mock add a back door", issue=2, who="eve"))
    [reply] = [said for said in we.porters_comments(issue=2) if "eve" in said["body"]]
    assert "write" in reply["body"]
    assert we.machines_ever() == machines


def test_the_same_delivery_twice_makes_one_task(we: Onlooker) -> None:
    comment = we.comment("@porter mock write a note about deliveries", issue=3)
    task = we.ended_task_of(comment)
    we.redeliver(comment)
    assert we.tasks_of(comment) == [task["id"]]


def test_a_task_that_redis_forgot_is_brought_back_by_the_sweep(we: Onlooker, demo: Stage) -> None:
    os.kill(demo.supervisor.pid("launcher"), signal.SIGSTOP)
    comment = we.comment("@porter mock write a note about forgetting", issue=3)
    task_id = we.task_of(comment)
    Redis.from_url(demo.redis).flushall()
    os.kill(demo.supervisor.pid("launcher"), signal.SIGCONT)
    assert we.ended(task_id)["outcome"] == "pull_request"


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(we: Onlooker, demo: Stage) -> None:
    comment = we.comment("@porter mock write a note about worker deaths", issue=3)
    task_id = we.task_of(comment)
    we.wait_for(lambda: we.task(task_id)["status"] != "queued")
    for name in ("launcher", "control", "sweep"):
        os.kill(demo.supervisor.pid(name), signal.SIGKILL)
    task = we.ended(task_id)
    assert task["outcome"] == "pull_request"
    assert len(we.machines_of(task_id)) == 1
    assert len([pull for pull in we.pulls() if pull["head"]["ref"] == task["branch"]]) == 1
    assert len([said for said in we.porters_comments(issue=3) if task_id in said["body"]]) == 1


def test_a_task_that_is_stopped_stops(we: Onlooker) -> None:
    comment = we.comment("@porter mock [mock:hang] think for ever", issue=3)
    task_id = we.task_of(comment)
    we.wait_for(lambda: any("Write" in line or "Edit" in line for line in we.log_of(task_id)))
    assert we.api("DELETE", f"/api/tasks/{task_id}").status_code == 204
    task = we.ended(task_id)
    assert task["status"] == "cancelled"
    assert ("kept on branch" in task["message"]) == we.has_branch(task["branch"])
    [said] = [said for said in we.porters_comments(issue=3) if task_id in said["body"]]
    assert task["branch"] in said["body"] or not we.has_branch(task["branch"])
    assert not [pull for pull in we.pulls() if pull["head"]["ref"] == task["branch"]]
    we.wait_for(lambda: not we.living_machines_of(task_id))


def test_a_failed_task_says_why_keeps_its_work_and_can_be_tried_again(we: Onlooker) -> None:
    comment = we.comment("@porter mock [mock:exit=3] write a note about failing", issue=3)
    task = we.ended_task_of(comment)
    assert (task["status"], task["reason"]) == ("failed", "crashed")
    assert "3" in task["message"]
    [said] = [said for said in we.porters_comments(issue=3) if task["id"] in said["body"]]
    assert "@porter retry" in said["body"]
    assert we.api("PUT", f"/api/tasks/{task['id']}/retry").status_code == 200
    we.wait_for(lambda: we.task(task["id"])["run_id"].endswith("-2"))
    assert we.ended(task["id"])["status"] == "failed"


def test_people_are_told_outside_github_once_and_signed(we: Onlooker) -> None:
    with receiving() as receiver:
        channel = we.api("POST", "/api/notifications", {"kind": "webhook", "address": f"{receiver.url}/in"}).json()
        task = we.ended_task_of(we.comment("@porter mock write a note about telling", issue=3))
        [(path, headers, body)] = we.wait_for(lambda: [one for one in receiver.heard if task["id"].encode() in one[2]])
        we.api("DELETE", f"/api/notifications/{channel['id']}").raise_for_status()
    assert path == "/in" and is_signed(headers, body, channel["secret"])
    assert (headers["X-Porter-Event"], json.loads(body)["task"]["pr_url"]) == ("pull_request", task["pr_url"])


def test_an_agent_that_looks_for_tokens_finds_none(we: Onlooker) -> None:
    task = we.ended_task_of(we.comment("@porter mock [mock:search-secrets] look around", issue=3))
    log = we.log_of(task["id"])
    # It may well see what the tests beside this one run. What is Porter's own would stand here masked, and be a find.
    assert [line for line in log if "secrets found" in line], "the search itself must have run"
    assert not [line for line in log if "***" in line]


def test_the_demo_plays_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PORTER_", "GITHUB_", "FLY_"))
    }
    played = subprocess.run(
        [sys.executable, "-m", "porter", "demo", "--once"],
        env=environment | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    story = json.loads(played.stdout.splitlines()[-1])
    assert story["outcome"] == "pull_request"
    assert story["pull_request_url"]
    assert str(story["pull_request_number"]) in story["comment"]
    assert 0 < story["seconds_to_machine"] < story["seconds_to_pull_request"]
    assert not list(tmp_path.iterdir())
    assert not _processes_mentioning(str(tmp_path))
    with pytest.raises(httpx.HTTPError):
        httpx.get(story["pull_request_url"])


def _processes_mentioning(text: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found
