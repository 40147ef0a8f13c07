"""Insights: nothing is invented, and what is not known is said to be unknown."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dashboard import insights
from dashboard.insights import nice
from dashboard.past import WantedInsights
from dashboard.past_reads import InsightsView, insights_view
from store.counts import Cell, Counted, Result, Span, Tally
from store.lifecycle import Outcome, Status
from tests.builders import NOW, make_task

TODAY = date(2026, 1, 7)


def cell(result=Result.MERGED, *, day=TODAY, agent="codex", repository="acme/a"):
    return Cell(day, repository, agent, result)


def drawn(found: Counted, days=7):
    span = WantedInsights(days).span(TODAY, None)
    return insights.drawn(InsightsView(span, TODAY, found, found, found), WantedInsights(days))


def test_a_day_without_tasks_is_nought_and_every_day_is_there():
    seen = drawn({cell(): Tally(tasks=3, pulls=3, merged=3)})["outcomes"]
    assert [bar["day"] for bar in seen["bars"]] == ["1 Jan", "2 Jan", "3 Jan", "4 Jan", "5 Jan", "6 Jan", "7 Jan"]
    assert [sum(bar["parts"]) for bar in seen["bars"]] == [0, 0, 0, 0, 0, 0, 3]
    assert seen["parts"] == [{"word": "Merged", "tone": "done"}]


def test_a_day_without_a_pull_request_is_a_gap():
    seen = drawn({cell(): Tally(tasks=1, to_pull={90: 3, 600: 1}), cell(day=TODAY - timedelta(1)): Tally(tasks=1)})
    points = seen["times"]["points"]
    assert [(one["median"], one["slow"], one["words"]) for one in points[-2:]] == [
        (None, None, ["–", "–"]), (90, 600, ["1 min 30 s", "10 min 0 s"])
    ]  # fmt: skip
    assert seen["times"]["title"] == "Half of the pull requests came within 1 min 30 s"
    assert seen["times"]["ticks"] == ["10 min", "5 min", "0"]


def test_an_unknown_cost_is_said_as_unknown_and_no_cost_is_none():
    unknown, free = Tally(tasks=2), Tally(tasks=2, known_costs=2, merged=1, pulls=1)
    rows = drawn({cell(agent="amp"): unknown, cell(agent="mock"): free})["agents"]["rows"]
    assert [(row["name"], row["cost"], row["each"]) for row in rows] == [
        ("amp", "unknown", "–"), ("mock", "$0.00", "$0.00")
    ]  # fmt: skip


def test_a_cost_that_is_known_in_part_says_so_and_is_not_divided():
    tally = Tally(tasks=3, known_costs=2, cost_usd=1.5, merged=1, pulls=1)
    [row] = drawn({cell(): tally})["agents"]["rows"]
    assert (row["cost"], row["cost_note"], row["each"]) == ("$1.50", "known of 2 of 3 tasks", "–")


def test_what_was_stopped_neither_succeeded_nor_failed():
    found = {cell(): Tally(tasks=3), cell(Result.FAILED): Tally(tasks=1), cell(Result.CANCELLED): Tally(tasks=5)}
    seen = drawn(found)
    assert seen["outcomes"]["title"] == "9 tasks, 75 % of those that ended were done"
    assert seen["agents"]["rows"][0]["success"] == "75 %"


def test_a_few_pull_requests_prove_nothing_about_an_agent():
    few = {cell(agent=name): Tally(tasks=4, pulls=4, merged=4) for name in ("amp", "codex")}
    assert drawn(few)["agents"]["title"] == "By agent"
    won = {"amp": (5, 1), "codex": (162, 124)}
    enough = {cell(agent=name): Tally(tasks=of, pulls=of, merged=merged) for name, (of, merged) in won.items()}
    seen = drawn(enough)["agents"]
    assert seen["title"] == "codex has the most merged: 77 % of its pull requests"
    assert [row["merged"] for row in seen["rows"]] == ["77 %", "20 %"]


def test_nothing_at_all_is_empty():
    assert drawn({})["empty"]
    assert drawn({})["times"]["title"] == "No pull request was opened in this time"


@pytest.mark.parametrize(("number", "top"), [(0, 1), (1, 1), (3, 4), (42, 50), (61, 80), (99, 100), (1001, 2000)])
def test_an_axis_ends_at_a_round_number(number, top):
    assert nice(number) == top


@pytest.mark.parametrize("told", [{}, {"days": "31"}, {"days": "x"}, {"days": "-7"}])
def test_an_unknown_period_is_thirty_days(told):
    assert WantedInsights.read(told).days == 30


def test_the_page_reads_the_period_and_only_what_may_be_seen(db):
    make_task(db, status=Status.FAILED, repository="acme/a", now=NOW - timedelta(days=8))
    make_task(db, status=Status.FAILED, repository="acme/secret")
    pull = {"outcome": Outcome.PULL_REQUEST, "pr_number": 4, "pr_state": "merged"}
    make_task(db, status=Status.SUCCEEDED, repository="acme/a", pr_opened_at=NOW + timedelta(seconds=61), **pull)
    make_task(db, status=Status.RUNNING, repository="acme/a")
    view = insights_view(db, WantedInsights(7), only=frozenset({"acme/a"}), now=NOW + timedelta(hours=1))
    assert view.span == Span(NOW.date() - timedelta(days=6), NOW.date(), only=frozenset({"acme/a"}))
    seen = insights.drawn(view, WantedInsights(7))
    shown = seen["outcomes"]
    today = dict(zip([part["word"] for part in shown["parts"]], shown["bars"][-1]["parts"], strict=True))
    assert today == {"Merged": 1, "At work": 1}
    assert [row["name"] for row in seen["repositories"]["rows"]] == ["acme/a"]
    assert seen["times"]["points"][-1]["median"] == 61
