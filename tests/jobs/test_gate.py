"""Who may make Porter work: asked of GitHub, remembered for a minute, and nobody while GitHub cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from jobs import gate, roles
from jobs.github.client import Repository
from jobs.github.errors import GitHubUnavailable
from jobs.launch import launch
from store import events
from store.lifecycle import Status
from tests.jobs.stage import Stage


@pytest.fixture
def here(stage: Stage) -> Repository:
    return stage.services.github.repository("acme/widgets", stage.github.installation)


def may(stage: Stage, here: Repository, login: str) -> bool:
    return gate.may_ask(stage.services, here, login, source="comment")


def configured(stage: Stage, **fields: Any) -> None:
    """The same Porter with other settings."""
    object.__setattr__(stage.services, "config", stage.services.config.model_copy(update=fields))


def questions(stage: Stage) -> int:
    return sum(1 for call in stage.github.world.calls if call.path.endswith("/permission"))


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("admin", True), ("maintain", True), ("write", True), ("triage", False), ("read", False), (None, False)],
)
def test_people_who_may_write_may_ask(stage: Stage, here: Repository, role: str | None, allowed: bool):
    stage.github.world.add_user("ida")
    if role:
        stage.github.repository.collaborators["ida"] = role
    assert may(stage, here, "ida") is allowed


@pytest.mark.parametrize(("role", "allowed"), [("admin", True), ("maintain", False), ("write", False), (None, False)])
def test_a_repository_is_administered_by_whom_github_calls_its_admin(
    stage: Stage, here: Repository, role: str | None, allowed: bool
):
    stage.github.repository.collaborators["eve"] = role or "read"
    assert gate.administers(stage.services, here, "eve") is allowed
    stage.github.repository.collaborators["eve"] = "read"
    assert not gate.administers(stage.services, here, "eve"), "asked anew each time"


def test_a_viewer_administers_nothing(stage: Stage, here: Repository):
    roles.name(stage.services, "maria", "viewer", by="ida")
    assert not gate.administers(stage.services, here, "maria")


def test_an_account_that_github_does_not_know_may_not(stage: Stage, here: Repository):
    assert not may(stage, here, "nobody-at-all")


def test_the_answer_is_remembered_for_a_minute(stage: Stage, here: Repository):
    for login in ("maria", "Maria", "maria"):
        assert may(stage, here, login)
    assert questions(stage) == 1
    del stage.github.repository.collaborators["maria"]
    stage.wait(61)
    assert not may(stage, here, "maria")
    assert questions(stage) == 2


def test_people_on_the_allow_list_may_ask_without_a_question(stage: Stage, here: Repository):
    configured(stage, allowed_users=["Eve"])
    assert may(stage, here, "eve")
    assert questions(stage) == 0


def test_a_bot_may_ask_by_its_number_only(stage: Stage, here: Repository):
    bot = stage.github.world.add_user("renovate[bot]", kind="Bot")
    other = stage.github.world.add_user("renovate2[bot]", kind="Bot")
    assert not may(stage, here, bot.login)
    configured(stage, allowed_bots=[bot.id], allowed_users=[other.login])
    assert may(stage, here, bot.login)
    assert not may(stage, here, other.login)


def test_a_login_that_merely_ends_like_a_bots_is_nobody(stage: Stage, here: Repository):
    configured(stage, allowed_bots=[7], allowed_users=["ghost[bot]"])
    stage.github.repository.collaborators["ghost[bot]"] = "admin"
    assert not may(stage, here, "ghost[bot]")


def test_while_github_cannot_say_nobody_may(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.faults.fail_next("GET", "/permission$", 503, times=3)
    with pytest.raises(GitHubUnavailable):
        may(stage, here, "maria")
    assert may(stage, here, "maria")  # a question without an answer was not remembered as one


def test_a_launch_waits_until_github_says_who_asked(stage: Stage):
    task = stage.task()
    stage.github.world.faults.fail_next("GET", "/permission$", 503, times=3)
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.QUEUED
    assert "say what maria may do" in events.of_task(stage.services.db, task.id)[-1].text
    assert not stage.host.machines
    stage.wait(5)
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is Status.LAUNCHING


def test_who_may_not_ask_is_told_once_and_the_task_tells_why(stage: Stage):
    for _ in range(2):
        task = stage.task(requested_by="eve")
        launch(stage.services, task.run_id)
        assert stage.now_task(task).reason == "not_permitted"
        assert "may not write" in events.of_task(stage.services.db, task.id)[-1].text
    assert len(stage.replies()) == 1
    assert not stage.host.machines
