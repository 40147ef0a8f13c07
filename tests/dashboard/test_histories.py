"""History: what the address asks for, and what the figures above the table say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import cards, data, histories
from dashboard.histories import share, stats
from dashboard.past import CHOICES, ENDS, WantedHistory
from dashboard.past_reads import history_view
from dashboard.wanted import Wanted
from store import filters, history
from store.counts import Result, Tally, result_of
from store.feed import TaskFilter
from store.history import Sought, Summary
from store.lifecycle import Outcome, Status
from tests.builders import NOW, make_task


def figures(**by_result):
    found = stats(Summary({Result(name): tally for name, tally in by_result.items()}))
    return {one["word"]: (one["figure"], one["note"]) for one in found}


def test_the_address_and_the_filters_say_the_same():
    wanted = WantedHistory(result="failed", repository="acme/a", agent="amp", by="ben", since="2026-01-02", q="x")
    assert WantedHistory.read(wanted.params()) == wanted
    asked = wanted.sought(frozenset({"acme/a"}))
    assert asked.results == {Result.FAILED, Result.TIMED_OUT}
    assert (asked.tasks.since, asked.tasks.only) == (datetime(2026, 1, 2, tzinfo=UTC), {"acme/a"})


@pytest.mark.parametrize("told", [{"result": "x"}, {"since": "yesterday"}, {"until": "0001-01-01"}, {"other": "1"}])
def test_what_is_not_known_is_dropped(told):
    assert WantedHistory.read(told) == WantedHistory()


def test_the_last_day_is_in():
    assert WantedHistory(until="2026-01-02").sought(None).tasks.until == datetime(2026, 1, 3, tzinfo=UTC)


def test_every_result_has_a_word_and_can_be_asked_for():
    assert set(ENDS) == set(Result)
    assert set().union(*(results for _, results in CHOICES.values())) == set(Result)


def test_figures_are_of_the_whole_result():
    done = Tally(tasks=4, pulls=4, merged=3, known_costs=4, cost_usd=2, input_tokens=1500, durations={60: 3, 3600: 1})
    seen = figures(merged=done, failed=Tally(tasks=1, machine_seconds=125.0), cancelled=Tally(tasks=5))
    assert seen["Tasks"] == ("10", "all ended")
    assert seen["Success rate"] == ("80 %", "4 of 5 not stopped")
    assert seen["Median duration"][0] == "1 min 0 s"
    assert seen["Merged"] == ("3", "75 % of those PRs")
    assert seen["Cost"] == ("$2.00", "known of 4 of 10 tasks")
    assert seen["Machine time"][0] == "2 min 5 s"


def test_what_nobody_told_is_not_nought():
    seen = figures(at_work=Tally(tasks=1))
    assert seen["Tasks"] == ("1", "1 not ended yet")
    assert seen["Cost"] == ("unknown", "no agent told one")
    assert [seen[word][0] for word in ("Tokens", "Success rate", "Median duration")] == ["–"] * 3
    assert figures() == {}


@pytest.mark.parametrize(("part", "whole", "words"), [
    (0, 0, "–"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 1000, "< 1 %"), (999, 1000, "> 99 %"), (1, 3, "33 %"),
])  # fmt: skip
def test_a_share_never_claims_all_or_nothing_by_rounding(part, whole, words):
    assert share(part, whole) == words


def _some(db, amount=7):
    return [make_task(db, now=NOW + timedelta(seconds=n // 2), issue_title=f"Task {n}") for n in range(amount)]


def test_pages_go_back_and_forth_over_every_task_once(db):
    made = {task.id for task in _some(db)}
    pages = [history.page(db, Sought(), limit=3)]
    while pages[-1].older:
        pages.append(history.page(db, Sought(), after=pages[-1].older, limit=3))
    seen = [task.id for page in pages for task in page.tasks]
    assert (len(seen), set(seen)) == (7, made)
    assert (pages[0].newer, pages[-1].older) == (None, None)
    back = history.page(db, Sought(), before=pages[-1].newer, limit=3)
    assert [task.id for task in back.tasks] == [task.id for task in pages[-2].tasks]
    first = history.page(db, Sought(), before=back.newer, limit=3)
    assert [task.id for task in first.tasks] == [task.id for task in pages[0].tasks]
    assert first.newer is None


def test_a_key_that_somebody_made_up_shows_the_newest(db):
    newest = _some(db)[-1]
    view = history_view(db, WantedHistory(after="'; drop table tasks"), only=None)
    assert max(view.page.tasks, key=lambda task: task.created_at).created_at == newest.created_at


@pytest.mark.parametrize("result", list(Result))
def test_each_result_is_found_and_counted_alike(db, result):
    for status in Status:
        for outcome in (None, *Outcome) if status is Status.SUCCEEDED else (None,):
            for state in (None, "open", "merged", "closed"):
                make_task(db, status=status, outcome=outcome, pr_state=state)
    sought = Sought(results=frozenset({result}))
    found = history.page(db, sought, limit=100).tasks
    assert {result_of(task.status, task.outcome, task.pr_state) for task in found} == {result}
    assert history.summary(db, sought).total.tasks == len(found)


def test_a_person_or_a_search_is_counted_from_the_tasks(db):
    make_task(db, requested_by="ben", status=Status.FAILED)
    make_task(db, requested_by="maria", status=Status.FAILED)
    for wanted in (TaskFilter(requested_by="ben"), TaskFilter(since=NOW, only=frozenset())):
        counted = history.summary(db, Sought(wanted)).total.tasks
        assert counted == len(history.page(db, Sought(wanted)).tasks)


def test_more_than_can_be_read_is_said(db, monkeypatch):
    monkeypatch.setattr(history, "MOST", 2)
    for _ in range(4):
        make_task(db, requested_by="ben")
    summary = history.summary(db, Sought(TaskFilter(requested_by="ben")))
    assert not summary.is_whole


def test_how_far_a_search_went_is_said_with_what_to_do(db, monkeypatch):
    monkeypatch.setattr(filters, "SEARCHED", 2)
    _some(db)
    wanted = WantedHistory(q="task")
    view = history_view(db, wanted, only=None)
    assert "back to 2026-01-02; choose an earlier last day" in histories.note(view)
    assert histories.note(history_view(db, WantedHistory(), only=None)) == ""
    emptied = data.feed_view(db, Wanted(q="nothing of the kind"))
    assert "back to 2026-01-02" in cards._empty(Wanted(q="x"), "porter", emptied.searched_to)["text"]


def test_a_row_of_the_table_says_how_it_ended_and_where_the_file_is(db):
    make_task(db, status=Status.FAILED, repository="acme/a")
    make_task(db, repository="acme/secret")
    wanted = WantedHistory(repository="acme/a", after="x")
    view = history_view(db, wanted, only=frozenset({"acme/a"}))
    seen = histories.drawn(view, wanted, now=NOW, zone=UTC, github_url="https://github.com")
    assert [(row["word"], row["repository"], row["cost"]) for row in seen["rows"]] == [("Failed", "acme/a", "")]
    assert seen["csv"] == "/history.csv?repository=acme%2Fa"
    assert seen["agents"] == ["claude-code"]
