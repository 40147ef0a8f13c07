"""Everything but a comment on an issue that makes Porter work, stop or take note: each with GitHub's own payloads."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from store import deliveries, follow_ups, installations, requests, settings, tasks
from store.lifecycle import Status
from store.records import FollowUp, Request, Task
from tests.builders import make_task
from tests.intake import github_says as says
from tests.intake.conftest import House, build


def ours(house: House, **changes: Any) -> Task:
    """An ended task whose pull request is the one of `github_says`."""
    about = {"repository": says.REPO, "issue_number": says.ISSUE, "agent": "mock", "pr_number": says.PULL}
    return make_task(house.services.db, status=Status.SUCCEEDED, branch="porter/1", **(about | changes))


def asked(house: House, task: Task) -> list[FollowUp]:
    return follow_ups.waiting(house.services.db, task.id)


def replies(house: House) -> list[Request]:
    return [requests.get(house.services.db, key) for key in requests.due(house.services.db, now=house.clock())]


def switch_on(house: House, name: str, value: Any, scope: str = f"repo:{says.REPO}") -> None:
    settings.put(house.services.db, scope, name, value, by="maria", now=house.clock())


def on_issue(house: House) -> list[Task]:
    return tasks.on_issue(house.services.db, says.REPO, says.ISSUE)


# Opened and labelled issues


def test_an_opened_issue_is_taken_on_where_that_is_set(house: House):
    switch_on(house, "auto_assign", True)
    switch_on(house, "default_agent", "mock")
    answer = house.deliver(says.issue("opened"), event="issues")

    assert (answer.json["verdict"], len(answer.json["tasks"])) == ("accepted", 1)
    task = tasks.get(house.services.db, answer.json["tasks"][0])
    assert (task.source, task.agent, task.requested_by, task.comment_id) == ("opened", "mock", "maria", None)
    assert house.deliver(says.issue("opened"), event="issues").json["verdict"] == "duplicate"


@pytest.mark.parametrize("allowed", [[], [41]], ids=["as-any-bot", "though-its-number-is-allowed"])
def test_an_issue_that_porter_opened_itself_starts_nothing(home: Path, allowed: list[int]):
    house = build(home, PORTER_ALLOWED_BOTS=",".join(map(str, allowed)))
    switch_on(house, "auto_assign", True)
    me = {"login": "porter[bot]", "id": 41, "type": "Bot"}
    for action, more in (("opened", {}), ("labeled", {"label": "porter:queued"})):
        answer = house.deliver(says.issue(action, sender=me, **more), event="issues")
        assert (answer.json["verdict"], answer.json["tasks"]) == ("ignored", [])
    house.services.db.close()


def test_the_file_of_the_repository_wins_over_its_settings(house: House):
    switch_on(house, "auto_assign", True)
    switch_on(house, "file_auto_assign", False)

    assert "auto_assign" in house.deliver(says.issue("opened"), event="issues").json["reason"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"labels": ["Wontfix"]}, "the label wontfix", id="skipped"),
        pytest.param({"labels": ["porter"]}, "a delivery of its own", id="labelled"),
        pytest.param({"sender": says.BOT}, "sent by a bot", id="bot"),
    ],
)
def test_some_opened_issues_are_passed_over(house: House, changes, why):
    switch_on(house, "auto_assign", True)
    switch_on(house, "skip_labels", ["wontfix"])
    answer = house.deliver(says.issue("opened", **changes), event="issues")

    assert (answer.json["verdict"], answer.json["tasks"]) == ("ignored", [])
    assert why in answer.json["reason"]


@pytest.mark.parametrize(
    ("label", "agent"),
    [("porter", "mock"), ("Porter", "mock"), ("porter:claude-code", "claude-code"), ("porter:Claude", "claude-code")],
)
def test_a_label_asks_for_work(house: House, label, agent):
    answer = house.deliver(says.issue("labeled", label=label), event="issues")

    task = tasks.get(house.services.db, answer.json["tasks"][0])
    assert (task.source, task.agent, task.requested_by) == ("labeled", agent, "maria")


@pytest.mark.parametrize("label", ["bug", "porter:queued", "porter:done", "porter:held", "reporter", "porters"])
def test_other_labels_and_porters_own_ask_for_nothing(house: House, label):
    answer = house.deliver(says.issue("labeled", label=label), event="issues")

    assert (answer.json["verdict"], on_issue(house), replies(house)) == ("ignored", [], [])


def test_a_label_that_names_no_agent_is_answered(house: House):
    answer = house.deliver(says.issue("labeled", label="porter:mokc"), event="issues")

    assert answer.json["verdict"] == "refused"
    assert "Did you mean `porter:mock`?" in replies(house)[0].argument


def test_a_label_on_an_issue_that_is_at_work_asks_for_nothing_more(house: House):
    house.deliver(says.issue("labeled", label="porter"), event="issues")
    again = house.deliver(says.issue("labeled", at="2026-01-02T04:00:00Z", label="porter"), event="issues")

    assert (again.json["verdict"], again.json["reason"]) == ("ignored", "mock is at work on this issue already")


def test_a_label_that_is_set_again_later_asks_again(house: House):
    (first,) = house.deliver(says.issue("labeled", label="porter"), event="issues").json["tasks"]
    tasks.cancel(house.services.db, first, by="maria", now=house.clock())

    again = house.deliver(says.issue("labeled", "2026-01-03T00:00:00Z", label="porter"), event="issues")
    assert len(again.json["tasks"]) == 1


# What ends and what changes


@pytest.mark.parametrize("action", ["closed", "deleted", "transferred"])
def test_an_issue_that_is_over_stops_its_tasks(house: House, action):
    (task_id,) = house.deliver(says.comment("@porter mock fix it")).json["tasks"]
    answer = house.deliver(says.issue(action, "2026-01-02T05:00:00Z"), event="issues")

    assert (answer.json["verdict"], deliveries.latest(house.services.db)[0].verdict) == ("accepted", "accepted")
    assert tasks.get(house.services.db, task_id).status is Status.CANCELLED
    again = house.deliver(says.issue(action, "2026-01-02T06:00:00Z"), event="issues")
    assert again.json["verdict"] == "ignored"


STORY = [
    ("issue_comment", says.comment("@porter mock fix it")),
    ("issues", says.issue("closed", "2026-01-02T05:00:00Z")),
    ("issues", says.issue("reopened", "2026-01-02T06:00:00Z")),
    ("issue_comment", says.comment("@porter mock again", 501)),
]
STORY[3][1]["comment"]["created_at"] = "2026-01-02T07:00:00Z"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_story_told_twice_and_in_any_order_ends_the_same(house: House, order):
    for n in (*order, *reversed(order)):
        house.deliver(STORY[n][1], event=STORY[n][0], id=f"delivery-{n}")

    found = {task.comment_id: task.status for task in on_issue(house)}
    assert found == {500: Status.CANCELLED, 501: Status.QUEUED}


@pytest.mark.parametrize("deleted_first", [True, False])
def test_a_deleted_comment_takes_its_task_back(house: House, deleted_first):
    steps = [says.comment("@porter mock fix it"), says.deleted()]
    for payload in reversed(steps) if deleted_first else steps:
        house.deliver(payload)

    assert [task.status for task in on_issue(house)] == [Status.CANCELLED]


def test_a_deleted_comment_takes_its_feedback_back(house: House):
    task = ours(house)
    house.deliver(says.comment("@porter louder, please", on_pull=True))
    house.deliver(says.deleted(on_pull=True))

    assert asked(house, task) == []


LATER = says.pull("reopened", at="2026-01-02T05:00:00Z")


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param([says.pull("closed", merged=True)], "merged", id="merged"),
        pytest.param([says.pull("closed")], "closed", id="turned-down"),
        pytest.param([says.pull("closed"), LATER], "open", id="reopened"),
        pytest.param([LATER, says.pull("closed")], "open", id="out-of-order"),
    ],
)
def test_the_task_knows_what_became_of_its_pull_request(house: House, steps, state):
    task = ours(house)
    for payload in steps:
        house.deliver(payload, event="pull_request")

    assert tasks.get(house.services.db, task.id).pr_state == state


def test_a_pull_request_of_somebody_else_that_is_merged_concerns_nobody_here(house: House):
    answer = house.deliver(says.pull("closed", merged=True), event="pull_request")

    assert (answer.json["verdict"], answer.json["reason"][:36]) == ("ignored", "not a pull request that Porter opene")


def test_installations_and_their_repositories_are_kept(house: House):
    db = house.services.db
    house.deliver(says.installation("created"), event="installation")
    there = installations.repositories(db)
    assert len(there) > 0
    house.deliver(says.installation("suspend", "2026-01-02T05:00:00Z"), event="installation")
    assert installations.repositories(db) == []
    house.deliver(says.installation("unsuspend", "2026-01-02T06:00:00Z"), event="installation")
    added = says.example("installation_repositories/added", installation={"id": 7})
    house.deliver(added, event="installation_repositories")
    assert set(installations.repositories(db)) > set(there)
    answer = house.deliver(says.installation("deleted", "2026-01-02T07:00:00Z"), event="installation")
    assert (answer.json["verdict"], answer.json["reason"]) == ("accepted", "Porter was removed")
    assert installations.repositories(db) == []


def test_a_ping_is_answered_with_a_verdict(house: House):
    answer = house.deliver(says.example("ping/ping"), event="ping")

    assert (answer.status_code, answer.json["verdict"]) == (202, "ignored")
    assert "secret are right" in answer.json["reason"]


# Who and how


def test_a_bot_is_heard_only_when_its_number_is_allowed(home):
    body = says.comment("@porter mock fix it", user=says.BOT)
    told = [build(home, PORTER_ALLOWED_BOTS=ids).deliver(body) for ids in ("", "98", "99")]

    assert [answer.json["verdict"] for answer in told] == ["ignored", "ignored", "accepted"]


def test_a_login_that_ends_like_a_bots_is_nobody(house: House):
    someone = {"login": "maria[bot]", "id": 5, "type": "User"}

    assert house.deliver(says.comment("@porter mock fix it", user=someone)).json["verdict"] == "ignored"


def test_porters_own_bot_is_nobody_even_when_allowed(home):
    own = {"login": "porter[bot]", "id": 99, "type": "Bot"}
    house = build(home, PORTER_ALLOWED_BOTS="99")

    assert house.deliver(says.comment("@porter mock fix it", user=own)).json["verdict"] == "ignored"


def test_a_dry_run_is_a_question_and_launches_nothing(house: House):
    answer = house.deliver(says.comment("@porter mock --dry-run --timeout=5 fix it\nall of it"))

    assert (answer.json["verdict"], answer.json["tasks"]) == ("accepted", [])
    (one,) = replies(house)
    assert (one.verb, one.argument) == ("dry_run", "mock")
    assert one.flags == {"timeout_seconds": 300, "instructions": "fix it\nall of it"}


def test_with_thread_is_kept_as_an_input(house: House):
    (task_id,) = house.deliver(says.comment("@porter mock --with-thread fix it")).json["tasks"]

    assert tasks.get(house.services.db, task_id).flags == {"with_thread": True, "agent": "mock"}


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("on_pull", [True, False])
def test_a_held_change_is_decided_by_a_comment(house: House, verb, on_pull):
    answer = house.deliver(says.comment(f"@porter {verb}", on_pull=on_pull))

    assert (answer.json["verdict"], [one.verb for one in replies(house)]) == ("accepted", [verb])


def test_the_agent_that_nobody_named_is_the_effective_one(house: House):
    switch_on(house, "default_agent", "claude", scope="user:maria")
    (task_id,) = house.deliver(says.comment("@porter fix it all")).json["tasks"]

    task = tasks.get(house.services.db, task_id)
    assert (task.agent, task.flags) == ("claude-code", {})
