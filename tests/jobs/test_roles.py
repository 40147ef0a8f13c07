"""Roles: who is what, and that a viewer has nothing done, whichever way they ask."""

from __future__ import annotations

import pytest

from jobs import gate, merging, roles
from jobs.answer import answer
from jobs.config import Config
from jobs.github.client import Repository
from jobs.launch import launch
from jobs.merging import NotPermitted
from jobs.roles import CannotGive
from store import members, requests, settings, tasks
from store.members import Role
from store.records import NewRequest
from tests.jobs.stage import Stage

CONFIG = Config.model_validate({"PORTER_ADMINS": "Maria", "PORTER_ALLOWED_USERS": "ida"})
A, M, V = Role.ADMIN, Role.MEMBER, Role.VIEWER


@pytest.fixture
def here(stage: Stage) -> Repository:
    return stage.services.github.repository("acme/widgets", stage.github.installation)


@pytest.mark.parametrize(("login", "given", "newcomers", "role"), [
    pytest.param("tom", None, None, M, id="a-newcomer-is-a-member"),
    pytest.param("tom", None, "viewer", V, id="or-what-newcomers-are"),
    pytest.param("tom", M, "viewer", M, id="a-role-of-ones-own-counts-first"),
    pytest.param("tom", A, None, A, id="an-admin-by-name"),
    pytest.param("maria", V, "viewer", A, id="the-environments-admins-always-are"),
    pytest.param("Ida", None, "viewer", M, id="whom-the-environment-lets-ask-is-no-newcomer"),
    pytest.param("ida", V, None, V, id="but-may-be-made-a-viewer"),
    pytest.param("tom", None, "admin", M, id="nobody-becomes-an-admin-by-coming"),
])  # fmt: skip
def test_who_is_what(login: str, given: Role | None, newcomers: str | None, role: Role):
    assert roles.decided(login, given, newcomers, CONFIG) is role


def viewer(stage: Stage, login: str = "maria") -> None:
    roles.name(stage.services, login, "viewer", by="ida")


def test_a_viewer_who_may_write_has_no_work_done_and_is_told_once_why(stage: Stage):
    viewer(stage)
    for _ in range(2):
        task = stage.task()
        launch(stage.services, task.run_id)
        ended = stage.now_task(task)
        assert (ended.reason, ended.message) == (
            "not_permitted", "maria is a viewer of this Porter, and viewers start and change nothing",
        )  # fmt: skip
    [reply] = stage.replies()
    assert "You are a viewer of this Porter" in reply.body
    assert not stage.host.machines


def test_who_may_not_write_hears_nothing_of_roles(stage: Stage):
    settings.put(stage.services.db, settings.GLOBAL, roles.DEFAULT, "viewer", by="ida", now=stage.clock())
    task = stage.task(requested_by="eve")
    launch(stage.services, task.run_id)
    [reply] = stage.replies()
    assert "people who may write" in reply.body
    assert "viewer" not in reply.body


def test_a_viewer_stops_nothing_by_a_comment(stage: Stage):
    task = stage.task()
    viewer(stage)
    asked = NewRequest(task.repository, stage.issue.number, "maria", "stop", installation_id=task.installation_id)
    key = requests.new(stage.services.db, asked, now=stage.clock())
    answer(stage.services, key or "")
    assert requests.get(stage.services.db, key or "").answer == "not_permitted"
    assert stage.now_task(task).is_live


def test_a_viewer_decides_on_no_pull_request(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    tasks.change(stage.services.db, task.id, now=stage.clock(), pr_number=9)
    viewer(stage)
    with pytest.raises(NotPermitted, match="maria is a viewer of this Porter"):
        merging.reject(stage.services, task.id, by="maria", login="maria")


def test_a_role_counts_at_the_next_question_and_bots_have_none(stage: Stage, here: Repository):
    bot = stage.github.world.add_user("renovate[bot]", kind="Bot")
    config = stage.services.config.model_copy(update={"allowed_bots": [bot.id]})
    object.__setattr__(stage.services, "config", config)
    settings.put(stage.services.db, settings.GLOBAL, roles.DEFAULT, "viewer", by="ida", now=stage.clock())
    may = [gate.may_ask(stage.services, here, login, source="comment") for login in ("maria", bot.login)]
    assert may == [False, True]
    roles.name(stage.services, "maria", "member", by="ida")
    assert gate.may_ask(stage.services, here, "maria", source="comment")


@pytest.mark.parametrize("login", ["", "   ", "-tom", "a b", "tom/x", "x" * 40, "töm", "tom\n"])
def test_what_is_no_login_is_given_no_role(stage: Stage, login: str):
    with pytest.raises(CannotGive, match="no login on GitHub"):
        roles.name(stage.services, login.replace("\n", "\n!"), "viewer", by="ida")
    assert members.known(stage.services.db) == []


def test_whom_the_environment_names_is_no_matter_for_the_page(stage: Stage):
    object.__setattr__(stage.services, "config", CONFIG)
    with pytest.raises(CannotGive, match="PORTER_ADMINS"):
        roles.name(stage.services, "@maria", "viewer", by="ida")
    tom = roles.name(stage.services, "@tom", "viewer", by="ida")
    assert roles.give(stage.services, tom.id, "", by="ida").role is None
    for wanted, words in (("king", "no such role"), ("admin", "no such member")):
        with pytest.raises(CannotGive, match=words):
            roles.give(stage.services, 77, wanted, by="ida")
