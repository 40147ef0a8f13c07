"""Work asked for in Porter itself: on an issue that is there, or with words alone, for which one issue is opened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs import own_issue
from jobs.config import Mode
from jobs.dispatching import CannotDispatch, NoKey, Wish, dispatch
from jobs.finish import finish
from jobs.launch import launch
from jobs.roster import Roster
from jobs.status_comment import publish
from store import deliveries, events, installations
from store.lifecycle import Status
from store.records import Task
from tests.builders import make_delivery
from tests.jobs.stage import Died, Stage

WORDS = "# Say it louder\n\nThe greeting should be in capitals. Not `hello`."
ROSTER = Roster("mock")


def wished(stage: Stage, *, by: str = "operator", source: str = "dashboard", **wish: Any) -> Task:
    return dispatch(
        stage.services, ROSTER, Wish("acme/widgets", **({"instructions": WORDS} | wish)), by=by, source=source
    )


def heard_of(stage: Stage, *repositories: str, account: str = "acme", suspended: bool = False) -> None:
    """What GitHub told when Porter was installed."""
    now = stage.clock()
    seen = installations.InstallationSeen(stage.github.installation, account, now if suspended else None, False, now)
    listed = installations.RepositoriesSeen(stage.github.installation, [(name, 1, False) for name in repositories])
    deliveries.accept(stage.services.db, make_delivery(id=f"d-{account}"), (), news=[seen, listed], now=now)


def issues(stage: Stage) -> list[Any]:
    """Those that Porter opened."""
    found = stage.github.repository.issues.values()
    return [one for one in found if one.pull is None and one.actor.app is not None]


def test_words_alone_open_an_issue_and_everything_goes_on_from_there(stage: Stage) -> None:
    task = wished(stage)
    assert (task.issue_number, task.status, len(stage.github.world.calls)) == (None, Status.QUEUED, 0)
    launch(stage.services, task.run_id)
    [issue], now = issues(stage), stage.now_task(task)
    assert (issue.title, now.issue_number, now.issue_title) == ("Say it louder", issue.number, "Say it louder")
    assert issue.body.startswith(WORDS) and issue.body.endswith(f"<!-- porter:issue={task.id} -->")
    assert "issue" in [one.kind for one in events.of_task(stage.services.db, task.id)]
    told = stage.now_run(task).prompt or ""
    assert told.count("should be in capitals") == 1
    stage.result(task)
    finish(stage.services, task.run_id)
    stage.wait(6)
    publish(stage.services, task.id)
    [pull] = stage.pulls()
    assert f"Closes #{issue.number}" in (pull.body or "")
    assert "because `operator` asked" in (pull.body or "") and pull.pull is not None and pull.pull.reviewers == []
    [comment] = issue.comments
    assert f"#{pull.number}" in comment.body


def test_where_people_sign_in_one_of_them_starts_so_much_in_an_hour(stage: Stage) -> None:
    told = {"mode": Mode.PRODUCTION, "github_client_id": "x", "github_client_secret": "y", "max_commands_per_hour": 2}
    object.__setattr__(stage.services, "config", stage.services.config.model_copy(update=told))
    wished(stage, by="tom"), wished(stage, by="tom", source="api"), wished(stage, by="tom")
    with pytest.raises(CannotDispatch, match="you asked 2 times within the hour"):
        wished(stage, by="tom")
    wished(stage, by="tom", source="api"), wished(stage, by="maria")
    stage.wait(3601)
    wished(stage, by="tom")


def test_a_title_that_was_given_is_the_issues(stage: Stage) -> None:
    task = wished(stage, title="  Louder,\nplease ")
    launch(stage.services, task.run_id)
    assert [one.title for one in issues(stage)] == ["Louder, please"]


def test_our_own_new_issue_starts_nothing(stage: Stage) -> None:
    task = wished(stage)
    launch(stage.services, task.run_id)
    assert stage.github.heard().count("issues.opened") == 2
    told = [json.loads(body) for _, body in stage.github.receiver.got]
    [ours] = [one for one in told if one.get("action") == "opened" and one["issue"]["number"] != stage.issue.number]
    assert (ours["sender"]["type"], ours["sender"]["login"]) == ("Bot", "porter[bot]")  # tests/intake: bots are nobody


@pytest.mark.parametrize(("n", "when"), [*((n, "before") for n in range(1, 9)), (8, "after")])
def test_a_launch_killed_at_any_outside_call_opens_one_issue(stage: Stage, n: int, when: str) -> None:
    task = wished(stage)
    stage.outside.die_at, stage.outside.when = n, when
    try:
        launch(stage.services, task.run_id)
    except Died:
        stage.wait(120)
        launch(stage.again(), task.run_id)
    [issue] = issues(stage)
    assert stage.now_task(task).issue_number == issue.number
    assert stage.now_run(task).machine_id


@pytest.mark.parametrize("cut", [True, False], ids=["done-and-no-answer", "not-done"])
def test_an_unclear_answer_never_leads_to_a_second_issue(stage: Stage, cut: bool) -> None:
    task, faults = wished(stage), stage.github.world.faults
    faults.drop_reply_next("POST", "/issues$") if cut else faults.fail_next("POST", "/issues$", 502)
    launch(stage.services, task.run_id)
    assert (stage.now_task(task).status, stage.now_task(task).issue_number) == (Status.QUEUED, None)
    stage.wait(10)
    launch(stage.services, task.run_id)
    [issue] = issues(stage)
    assert stage.now_task(task).issue_number == issue.number
    launch(stage.services, task.run_id)
    assert len(issues(stage)) == 1


def test_somebody_elses_issue_with_the_same_marker_is_not_taken_for_ours(stage: Stage) -> None:
    task = wished(stage)
    stage.github.world.add_issue(stage.github.repository, "eve", "Mine", f"x\n\n{own_issue.marker(task)}")
    launch(stage.services, task.run_id)
    assert stage.now_task(task).issue_number == issues(stage)[0].number


def test_who_may_not_write_opens_no_issue(stage: Stage) -> None:
    config = stage.services.config.model_copy(update={"mode": Mode.PRODUCTION})
    stage.services.__dict__["config"] = config
    task = wished(stage, by="eve", source="api")
    launch(stage.services, task.run_id)
    assert (stage.now_task(task).reason, issues(stage)) == ("not_permitted", [])
    allowed = wished(stage, by="tom", source="api")
    launch(stage.services, allowed.run_id)
    assert stage.now_task(allowed).issue_number == issues(stage)[0].number


def test_a_repository_without_issues_is_told_so(stage: Stage) -> None:
    body = {"message": "Issues has been disabled in this repository."}
    stage.github.world.faults.fail_next("POST", "/issues$", 410, body=body)
    task = wished(stage)
    launch(stage.services, task.run_id)
    now = stage.now_task(task)
    assert now.status is Status.FAILED and "has its issues turned off" in now.message


def test_an_issue_that_is_named_is_worked_on_and_its_title_known(stage: Stage) -> None:
    task = wished(stage, issue_number=stage.issue.number, title="not this one")
    launch(stage.services, task.run_id)
    now = stage.now_task(task)
    assert (now.issue_title, now.status, issues(stage)) == (stage.issue.title, Status.LAUNCHING, [])


@pytest.mark.parametrize("what", ["missing", "closed", "pull"])
def test_an_issue_that_cannot_be_worked_on_is_told_so(stage: Stage, what: str) -> None:
    number = 99
    if what == "closed":
        closed = stage.github.world.add_issue(stage.github.repository, "maria", "Old")
        closed.state, number = "closed", closed.number
    if what == "pull":
        stage.github.branch("topic")
        asked = {"title": "T", "head": "topic", "base": "main"}
        made = stage.github.api.post("/repos/acme/widgets/pulls", headers=stage.github.token(), json=asked)
        number = made.json()["number"]
    task = wished(stage, issue_number=number)
    launch(stage.services, task.run_id)
    words = {"missing": "there is no issue #99", "closed": "is closed; reopen it", "pull": "is a pull request"}
    now = stage.now_task(task)
    assert now.status is Status.FAILED and words[what] in now.message


@pytest.mark.parametrize(
    ("wish", "field", "words"),
    [
        pytest.param({"agent": "mokc"}, "agent", "no such agent", id="agent"),
        pytest.param({"model": "--print"}, "model", "not a model's name", id="model"),
        pytest.param({"base_branch": "a..b"}, "base_branch", "not a branch's name", id="branch"),
        pytest.param({"instructions": " \n"}, "instructions", "say what is to be done", id="no-words"),
        pytest.param({"instructions": "x" * 70_000}, "instructions", "at most", id="too-many-words"),
        pytest.param({"title": "x" * 121}, "title", "at most 120", id="title"),
        pytest.param({"flags": {"colour": True}}, "flags", "no flag colour", id="flag"),
        pytest.param({"flags": {"draft": "yes"}}, "draft", "on or off", id="switch"),
        pytest.param({"flags": {"timeout_seconds": 5}}, "timeout_seconds", "from 30 to", id="timeout"),
    ],
)
def test_a_wish_that_cannot_work_is_refused_by_name(stage: Stage, wish: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(CannotDispatch, match=words) as refused:
        wished(stage, **wish)
    assert refused.value.field == field


def test_an_agent_without_its_key_is_refused(stage: Stage) -> None:
    with pytest.raises(NoKey) as refused:
        wished(stage, agent="claude")
    assert refused.value.action == "run: porter secret set ANTHROPIC_API_KEY"


def test_flags_and_the_named_agent_are_kept_with_the_task(stage: Stage) -> None:
    task = wished(stage, agent="mock", flags={"draft": True, "no_tests": False, "timeout_seconds": 60})
    assert task.flags == {"agent": "mock", "draft": True, "timeout_seconds": 60}
    assert wished(stage).flags == {}


def test_a_repository_is_known_whatever_its_case_or_told_where_porter_is(stage: Stage) -> None:
    heard_of(stage, "Acme/Widgets", account="Acme")
    task = wished(stage)
    assert (task.repository, task.installation_id) == ("Acme/Widgets", stage.github.installation)
    with pytest.raises(CannotDispatch, match="not installed on other/thing") as refused:
        dispatch(stage.services, ROSTER, Wish("other/thing", WORDS), by="operator", source="api")
    assert refused.value.action == "install the GitHub App there; it is on Acme"
    new = dispatch(stage.services, ROSTER, Wish("acme/new", WORDS), by="operator", source="api")
    assert new.repository == "acme/new"  # it may have been made a moment ago: GitHub is asked


def test_where_porter_is_suspended_nothing_is_started(stage: Stage) -> None:
    heard_of(stage, "acme/widgets", suspended=True)
    with pytest.raises(CannotDispatch, match="suspended"):
        wished(stage)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("Fix it", "Fix it", id="one-line"),
        pytest.param("\n\n## Fix *it*\nnow", "Fix *it*", id="heading"),
        pytest.param("```\n> - Fix it\n```", "Fix it", id="decorated"),
        pytest.param("x" * 300, "x" * 119 + "…", id="long"),
        pytest.param("###\n#\n", "Work for mock", id="nothing"),
    ],
)
def test_the_first_line_is_the_title(stage: Stage, words: str, expected: str) -> None:
    assert wished(stage, instructions=words).issue_title == expected
