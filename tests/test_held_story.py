"""A change that must be seen first, over the real processes: held, shown, approved by comment, pushed to the byte."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from porter.demo import Stage, stage
from store import held_changes, runs
from tests.onlooker import Onlooker
from worker.agents.mock.antics import LEAKED

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("porter") / "data") as running:
        yield running


@pytest.fixture
def we(demo: Stage) -> Onlooker:
    return Onlooker(demo)


def held(we: Onlooker, comment: int) -> str:
    """The id of the task that the comment asked for, once its change waits and its comment says so."""
    task_id = we.task_of(comment)
    we.wait_for(lambda: we.api("GET", f"/api/review/{task_id}").json().get("diff"))
    we.wait_for(lambda: [one for one in we.porters_comments(issue=2) if _waits(one["body"], task_id)])
    return task_id


def _waits(body: str, task_id: str) -> bool:
    return "Waiting for approval" in body and task_id in body


def test_a_protected_change_waits_and_an_approval_by_comment_pushes_it(we: Onlooker, demo: Stage) -> None:
    comment = we.comment("@porter mock [mock:write=.github/workflows/ci.yml] write a note about workflows", issue=2)
    task_id = held(we, comment)
    shown = we.api("GET", f"/api/review/{task_id}").json()
    assert "+# Written by Porter's mock agent." in shown["diff"]
    assert [one["path"] for one in shown["findings"]] == [".github/workflows/ci.yml"]
    we.wait_for(lambda: not we.living_machines_of(task_id))
    branch = we.task(task_id)["branch"]
    assert branch not in [pull["head"]["ref"] for pull in we.pulls()]

    we.comment("@porter approve", issue=2, who="tom")
    task = we.ended(task_id)
    assert (task["status"], task["outcome"]) == ("succeeded", "pull_request")
    pull = we.pull(task["pr_number"])
    assert pull["head"]["sha"] == shown["head_sha"]
    assert "Written by Porter's mock agent" in we.diff_of(pull)
    assert [one for one in we.porters_comments(issue=2) if "`tom` approved" in one["body"]]


def test_a_leaked_secret_waits_and_is_told_nowhere(we: Onlooker, demo: Stage) -> None:
    task_id = held(we, we.comment("@porter mock [mock:leak] write a note about leaks", issue=2))
    kept = held_changes.waiting(demo.services.db, task_id)
    assert kept is not None
    assert [(one["rule"], one["path"]) for one in kept.findings] == [("secret", "leaked.txt")]
    assert we.api("POST", "/api/review/reject").status_code == 422
    answer = httpx.post(f"{demo.services.config.url}/api/review/reject", json={"task_id": task_id}, timeout=10)
    assert (answer.status_code, answer.json()["reason"]) == (200, "rejected")
    task = we.ended(task_id)
    assert task["branch"] not in [pull["head"]["ref"] for pull in we.pulls()]
    told = [one["body"] for one in we.porters_comments(issue=2)] + we.log_of(task_id) + [kept.diff]
    assert not [text for text in told if LEAKED in text]
    assert all(run.finished_at for run in runs.of_task(demo.services.db, task_id))


def test_no_process_wrote_a_token_into_its_log(we: Onlooker, demo: Stage) -> None:
    config = demo.services.config
    secrets = [config.github_webhook_secret, config.api_token, config.vault_keys]
    known = [one.get_secret_value() for one in secrets if one is not None] + [LEAKED, "ghs_", "BEGIN RSA PRIVATE KEY"]
    logs = [path for path in demo.supervisor.logs.rglob("*") if path.is_file()]
    assert logs
    for path in logs:
        text = path.read_text(errors="replace")
        assert not [one for one in known if one in text], path
