"""A card answers: what, where, who, how far, what it cost, what next."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from dashboard import cards, data
from dashboard.wanted import Wanted
from store import tasks
from store.errors import NotFound
from store.lifecycle import Status
from tests.builders import NOW, make_task


def feed(db, wanted=None, *, now=NOW):
    wanted = wanted or Wanted()
    view = data.feed_view(db, wanted)
    return cards.feed(view, wanted, now=now, zone=UTC, github_url="https://github.test", mention="porter")


def only_card(db):
    (day,) = feed(db)["days"]
    (card,) = day["cards"]
    return card


@pytest.mark.parametrize(
    ("status", "stop", "retry"),
    [
        (Status.QUEUED, True, False),
        (Status.RUNNING, True, False),
        (Status.FAILED, False, True),
        (Status.CANCELLED, False, True),
        (Status.TIMED_OUT, False, True),
        (Status.SUCCEEDED, False, False),
    ],
)
def test_a_card_offers_what_its_status_allows(db, status, stop, retry):
    make_task(db, status=status)
    card = only_card(db)
    assert (card["stop"], card["retry"]) == (stop, retry)


def test_a_running_card_says_how_far_and_what_it_cost(db):
    values = {"percent": 58, "step": "31 of 48 passed", "cost_usd": 0.41, "started_at": NOW}
    make_task(db, status=Status.RUNNING, **values)
    card = feed(db, now=NOW + timedelta(seconds=134))["days"][0]["cards"][0]
    assert (card["percent"], card["line"], card["cost"], card["elapsed"]) == (
        58,
        "31 of 48 passed",
        "$0.41",
        "2 min 14 s",
    )


def test_a_card_with_a_pull_request_leads_to_it_and_says_its_size(db):
    make_task(db, status=Status.SUCCEEDED, pr_number=81, pr_url="https://github.test/acme/greeter/pull/81",
              additions=42, deletions=7, files_changed=3, summary="Added the guard.")  # fmt: skip
    card = only_card(db)
    assert card["pr"] == {"label": "PR #81", "url": "https://github.test/acme/greeter/pull/81"}
    assert (card["plus"], card["minus"], card["line"]) == ("+42", "−7", "Added the guard.")


def test_a_queued_card_says_how_many_are_before_it(db):
    first = make_task(db)
    second = make_task(db, now=NOW + timedelta(seconds=1))
    lines = {card["id"]: card["line"] for day in feed(db)["days"] for card in day["cards"]}
    assert lines == {first.id: "Next in line", second.id: "Waiting behind 1 task"}


def test_a_card_that_waits_for_a_place_says_for_which(db):
    make_task(db, message="It waits behind another task for this agent on this issue")
    assert only_card(db)["hint"] == "It waits behind another task for this agent on this issue."


def test_a_task_asked_to_stop_says_so_until_it_has(db):
    task = make_task(db, status=Status.RUNNING)
    tasks.cancel(db, task.id, by="tom", now=NOW)
    card = only_card(db)
    assert (card["word"], card["stop"]) == ("Stopping", False)


def test_pills_count_all_and_the_filter_narrows_the_cards(db):
    make_task(db, status=Status.FAILED)
    make_task(db, status=Status.SUCCEEDED)
    shown = feed(db, Wanted(status="failed"))
    assert {pill["word"]: pill["count"] for pill in shown["pills"]} == {
        "All": "2", "Running": "0", "Waiting": "0", "Needs you": "0", "Done": "1", "Failed": "1"
    }  # fmt: skip
    assert [card["word"] for day in shown["days"] for card in day["cards"]] == ["Failed"]


def test_what_needs_a_person_is_counted_there_and_nowhere_else(db):
    make_task(db, status=Status.SUCCEEDED, pr_number=7, pr_state="open", issue_title="Look at me")
    make_task(db, status=Status.SUCCEEDED, pr_number=8, pr_state="merged")
    shown = feed(db, Wanted(status="needs"))
    counts = {pill["word"]: pill["count"] for pill in shown["pills"]}
    assert (counts["All"], counts["Needs you"], counts["Done"]) == ("2", "1", "1")
    assert [(card["title"], card["word"]) for day in shown["days"] for card in day["cards"]] == [
        ("Look at me", "To review")
    ]


def test_filters_offer_the_agents_and_people_there_are(db):
    make_task(db, agent="codex", requested_by="tom")
    make_task(db, agent="amp", requested_by="tom")
    assert feed(db)["agents"] == ["amp", "codex"]
    assert [one.value for one in data.typed(db, "by", "T", Wanted()).items] == ["tom"]
    assert data.typed(db, "by", "x", Wanted()).items == []


def test_an_issue_is_offered_by_number_and_by_title(db):
    make_task(db, issue_number=12, issue_title="Greet people")
    offered = [data.typed(db, "issue", like, Wanted()).items for like in ("12", "#12", "greet", "13")]
    assert [len(items) for items in offered] == [1, 1, 1, 0]
    assert (offered[0][0].value, offered[0][0].text) == ("12", "#12 Greet people")


def test_nothing_is_told_of_a_repository_that_one_may_not_see(db):
    hidden = make_task(db, repository="acme/vault", agent="codex", requested_by="eve", branch="porter/secret")
    only = frozenset({"acme/widgets"})
    view = data.feed_view(db, Wanted(), only=only)
    assert (view.tasks, view.agents, sum(view.counts.values()), view.needs) == ([], [], 0, 0)
    for of in ("repository", "branch", "issue", "by"):
        assert data.typed(db, of, "", Wanted(), only=only).items == []
        assert data.typed(db, of, "", Wanted(repository="acme/vault"), only=only).items == []
    assert data.waiting_for_me(db, only=only) == 0
    with pytest.raises(NotFound):
        data.task_view(db, hidden.id, only=only)


def test_a_filter_for_something_gone_can_still_be_seen_and_taken_back(db):
    shown = feed(db, Wanted(repository="acme/gone"))
    assert shown["wanted"]["repository"] == "acme/gone"
    assert shown["empty"]["action"] == "clear"


def test_an_empty_feed_says_what_to_do(db):
    assert feed(db)["empty"]["code"] == "@porter fix this, please"
