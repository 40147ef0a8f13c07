"""Feedback on a pull request of Porter's, with GitHub's own payloads: one review is one run, and nothing is lost."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from store import follow_ups, requests, tasks
from store.lifecycle import Status
from store.records import FollowUp, Request, Task
from tests.builders import make_task
from tests.intake import github_says as says
from tests.intake.conftest import House


def ours(house: House, **changes: Any) -> Task:
    """An ended task whose pull request is the one of `github_says`."""
    about = {"repository": says.REPO, "issue_number": says.ISSUE, "agent": "mock", "pr_number": says.PULL}
    return make_task(house.services.db, status=Status.SUCCEEDED, branch="porter/1", **(about | changes))


def asked(house: House, task: Task) -> list[FollowUp]:
    return follow_ups.waiting(house.services.db, task.id)


def replies(house: House) -> list[Request]:
    return [requests.get(house.services.db, key) for key in requests.due(house.services.db, now=house.clock())]


def test_a_comment_on_porters_pull_request_is_feedback(house: House):
    task = ours(house)
    answer = house.deliver(says.comment("@porter --model=m2 say it louder\nand twice", on_pull=True))

    assert (answer.json["verdict"], answer.json["reason"]) == ("accepted", "1 follow-up")
    (one,) = asked(house, task)
    assert (one.source_key, one.requested_by, one.flags) == ("comment:500:1", "maria", {"model": "m2"})
    assert one.instructions == "say it louder\nand twice"
    assert tasks.on_issue(house.services.db, says.REPO, says.ISSUE) == [tasks.get(house.services.db, task.id)]


def test_two_commands_are_two_pieces_of_feedback_in_their_order(house: House):
    task = ours(house)
    house.deliver(says.comment("@porter make it louder\n@porter mock twice", on_pull=True))

    assert [(one.instructions, one.flags) for one in asked(house, task)] == [
        ("make it louder", {}),
        ("twice", {"agent": "mock"}),
    ]


@pytest.mark.parametrize(
    ("body", "changes", "said"),
    [
        pytest.param("@porter --branch=next louder, please", {}, "`--branch` has no use here", id="branch"),
        pytest.param("@porter --dry-run louder, please", {}, "tells what would run on an issue", id="dry-run"),
        pytest.param("@porter retry --branch=next", {}, "`--branch` has no use here", id="retry-elsewhere"),
        pytest.param("@porter louder, please", {"issue": {"state": "closed"}}, "Reopen it", id="closed"),
    ],
)
def test_feedback_that_cannot_be_followed_is_answered_with_a_sentence(house: House, body, changes, said):
    task = ours(house)
    answer = house.deliver(says.comment(body, on_pull=True, **changes))

    assert answer.json["verdict"] == "refused"
    assert [(one.verb, said in one.argument) for one in replies(house)] == [("mistake", True)]
    assert asked(house, task) == []


def test_feedback_on_a_merged_pull_request_is_told_to_open_an_issue(house: House):
    ours(house, pr_state="merged")
    house.deliver(says.comment("@porter louder, please", on_pull=True, issue={"state": "closed"}))

    assert "is merged" in replies(house)[0].argument


def test_a_pull_request_of_somebody_else_gets_a_polite_reply(house: House):
    answer = house.deliver(says.comment("@porter louder, please", on_pull=True))

    assert (answer.json["verdict"], len(answer.json["tasks"])) == ("refused", 0)
    assert "opened itself" in replies(house)[0].argument


def test_control_commands_work_on_the_pull_request(house: House):
    ours(house)
    house.deliver(says.comment("@porter stop", on_pull=True))

    assert [(one.verb, one.issue_number) for one in replies(house)] == [("stop", says.PULL)]


def test_a_control_command_in_a_remark_knows_where_it_stands(house: House):
    ours(house)
    house.deliver(says.remark("@porter stop"), event="pull_request_review_comment")

    assert [(one.verb, one.comment_id, one.remark_id) for one in replies(house)] == [("stop", None, 950)]


@pytest.mark.parametrize("body", ["Not yet.", None, "@porter make it louder"])
def test_a_review_that_requests_changes_is_one_piece_of_feedback(house: House, body):
    task = ours(house)
    answer = house.deliver(says.review("changes_requested", body), event="pull_request_review")

    assert (answer.json["verdict"], answer.json["reason"]) == ("accepted", "1 follow-up")
    assert [one.source_key for one in asked(house, task)] == ["review:900"]


def test_a_review_with_several_commands_is_still_one(house: House):
    task = ours(house)
    body = "@porter --model=m2 make it louder\n\n@porter mock --no-tests --model=m2 and twice as long"
    house.deliver(says.review("commented", body), event="pull_request_review")

    told = {"model": "m2", "agent": "mock", "no_tests": True}
    assert [(one.source_key, one.flags) for one in asked(house, task)] == [("review:900", told)]


def test_a_review_whose_commands_contradict_each_other_is_asked_back(house: House):
    task = ours(house)
    body = "@porter --model=m2 make it louder\n\n@porter --model=m3 and twice as long"
    answer = house.deliver(says.review("changes_requested", body), event="pull_request_review")

    assert (answer.json["verdict"], asked(house, task)) == ("refused", [])
    [reply] = replies(house)
    assert "A review is one run" in reply.argument and "`model`" in reply.argument


REVIEW = [
    ("pull_request_review", says.review("changes_requested", "See below.")),
    ("pull_request_review_comment", says.remark("@porter make it louder", 951)),
    ("pull_request_review_comment", says.remark("@porter say it twice", 952)),
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_review_and_its_remarks_are_one_in_any_order(house: House, order):
    task = ours(house)
    verdicts = [house.deliver(REVIEW[n][1], event=REVIEW[n][0]).json for n in order]

    assert [one.source_key for one in asked(house, task)] == ["review:900"]
    assert [said["verdict"] for said in verdicts] == ["accepted", "ignored", "ignored"]
    assert verdicts[1]["reason"] == "this review was heard already"


CONTRADICTING = [
    ("pull_request_review", says.review("changes_requested", "@porter --model=m1 see below")),
    ("pull_request_review_comment", says.remark("@porter --model=m2 --draft make it louder", 951)),
    ("pull_request_review_comment", says.remark("@porter --model=m3 --draft=false --no-tests say it twice", 952)),
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_reviews_own_words_win_over_its_remarks_in_any_order(house: House, order):
    task = ours(house)
    for n in order:
        house.deliver(CONTRADICTING[n][1], event=CONTRADICTING[n][0])

    [one] = asked(house, task)
    assert one.flags == {"model": "m1", "draft": True, "no_tests": True}
    assert {place: flags["model"] for place, flags in one.said.items()} == {"0": "m1", "951": "m2", "952": "m3"}
    assert replies(house) == []


def test_a_lone_remark_with_a_command_is_feedback(house: House):
    task = ours(house)
    house.deliver(says.remark("@porter make it louder"), event="pull_request_review_comment")
    house.clock.advance(1)
    house.deliver(says.remark("@porter make it older", 960, of=None), event="pull_request_review_comment")

    assert [one.source_key for one in asked(house, task)] == ["review:900", "review_comment:960"]


@pytest.mark.parametrize(
    ("payload", "event", "why"),
    [
        pytest.param(says.review("commented", "nice"), "pull_request_review", "no @porter command", id="comment"),
        pytest.param(says.review("approved", None), "pull_request_review", "no @porter command", id="approval"),
        pytest.param(
            says.remark("as @porter said"), "pull_request_review_comment", "a command begins its line", id="sentence"
        ),
        pytest.param(says.remark("nice"), "pull_request_review_comment", "no @porter command", id="remark"),
        pytest.param(
            says.review("changes_requested", "no") | {"action": "dismissed"},
            "pull_request_review",
            "action dismissed",
            id="dismissed",
        ),
        pytest.param(
            says.review("changes_requested", "no", user=says.BOT), "pull_request_review", "sent by a bot", id="bot"
        ),
        pytest.param(
            says.review("changes_requested", "no", pull_request={"state": "closed"}),
            "pull_request_review",
            "is closed",
            id="closed",
        ),
        pytest.param(
            says.remark("@porter x y") | {"action": "edited"},
            "pull_request_review_comment",
            "edited comments are not read",
            id="edited",
        ),
    ],
)
def test_what_is_no_feedback_is_ignored_with_a_reason(house: House, payload, event, why):
    task = ours(house)
    answer = house.deliver(payload, event=event)

    assert answer.json["verdict"] == "ignored"
    assert why in answer.json["reason"]
    assert asked(house, task) == []


def test_changes_requested_on_a_pull_request_of_somebody_else_concern_nobody_here(house: House):
    answer = house.deliver(says.review("changes_requested", "no"), event="pull_request_review")

    assert (answer.json["verdict"], answer.json["reason"]) == ("ignored", "not a pull request that Porter opened")
    assert replies(house) == []
