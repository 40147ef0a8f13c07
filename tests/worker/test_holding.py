"""Work that a person must see first: not pushed, handed to Porter whole, and no push token on the machine."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, git, told
from tests.worker.porter import Porter
from worker.agents.mock.antics import LEAKED
from worker.contract import JobDocument, Policy
from worker.errors import TooLarge

STRICT = Policy(protected_paths=["greet.py"])


@pytest.fixture
def held_job(job: JobDocument) -> JobDocument:
    return replace(job, policy=STRICT)


def test_a_protected_change_is_held_and_no_push_token_is_asked_for(
    start: Start, held_job: JobDocument, bare: Bare, porter: Porter
) -> None:
    machine = start(held_job)
    machine.wait()
    assert machine.process.returncode == 0
    assert (machine.result["ending"], machine.result["pushed"]) == ("changes", False)
    assert "waits for a person" in machine.result["message"]
    assert porter.held is not None
    assert [(one["rule"], one["path"]) for one in porter.held["findings"]] == [("protected_path", "greet.py")]
    assert bare.branches() == ["main"]
    assert not [asked for asked in porter.requests if "push-token" in asked]
    assert "held: greet.py" in porter.text


def test_the_bundle_holds_the_very_commits(
    start: Start, held_job: JobDocument, bare: Bare, porter: Porter, tmp_path: Path
) -> None:
    machine = start(held_job)
    machine.wait()
    assert porter.held is not None
    bundle = tmp_path / "held.bundle"
    bundle.write_bytes(base64.b64decode(porter.held["bundle"]))
    git("fetch", "--quiet", str(bundle), f"refs/heads/work:refs/heads/{BRANCH}", at=bare.path)
    assert bare.git("rev-parse", BRANCH) == porter.held["head_sha"] == machine.result["head_sha"]
    assert bare.git("rev-parse", f"{BRANCH}^") == porter.held["base_sha"] == bare.git("rev-parse", "main")
    assert "Hello, world" in bare.show(BRANCH)


def test_a_bundle_that_porter_does_not_take_is_a_failure_with_a_sentence(
    start: Start, held_job: JobDocument, bare: Bare, porter: Porter
) -> None:
    porter.held_answer = 413
    machine = start(held_job)
    machine.wait()
    assert machine.result["ending"] == "too_large"
    assert "did not take it" in machine.result["message"]
    assert bare.branches() == ["main"]


def test_a_secret_in_the_change_is_held_and_not_told(
    start: Start, job: JobDocument, bare: Bare, porter: Porter
) -> None:
    start(told(job, "[mock:leak]")).wait()
    assert porter.held is not None
    assert [(one["rule"], one["path"], one["line"]) for one in porter.held["findings"]] == [("secret", "leaked.txt", 1)]
    assert LEAKED not in porter.text + str(porter.held["findings"]) + str(porter.result)
    assert bare.branches() == ["main"]


def test_the_work_of_a_failed_run_is_held_as_well(start: Start, job: JobDocument, bare: Bare, porter: Porter) -> None:
    machine = start(told(job, "[mock:write=.github/workflows/ci.yml] [mock:exit=3]"))
    machine.wait()
    assert (machine.result["ending"], machine.result["pushed"]) == ("crashed", False)
    assert porter.held is not None
    assert bare.branches() == ["main"]


def test_work_that_is_too_large_to_be_kept_says_so() -> None:
    words = str(TooLarge(50_000_000, 22_000_000, "This path is protected."))
    assert "50.0 MB" in words
    assert "not pushed" in words
