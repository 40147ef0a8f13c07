"""Lists of tasks: every filter, every task once, counts that stay cheap."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import feed, filters, tasks
from store.feed import TaskFilter
from store.lifecycle import Status
from store.records import Task
from tests.builders import NOW, make_run, make_task, new_task

FILTERS = [
    pytest.param(TaskFilter(), "abc", id="all"),
    pytest.param(TaskFilter(statuses=frozenset({Status.FAILED})), "b", id="status"),
    pytest.param(TaskFilter(statuses=frozenset({Status.FAILED, Status.QUEUED})), "abc", id="two-statuses"),
    pytest.param(TaskFilter(repository="acme/other"), "c", id="repository"),
    pytest.param(TaskFilter(branch="porter/b"), "b", id="branch"),
    pytest.param(TaskFilter(issue_number=12), "b", id="issue"),
    pytest.param(TaskFilter(agent="codex"), "c", id="agent"),
    pytest.param(TaskFilter(requested_by="ben"), "b", id="person"),
    pytest.param(TaskFilter(since=NOW + timedelta(seconds=1)), "bc", id="since-is-in"),
    pytest.param(TaskFilter(until=NOW + timedelta(seconds=1)), "a", id="until-is-out"),
    pytest.param(TaskFilter(search="GREET"), "a", id="title-in-any-case"),
    pytest.param(TaskFilter(search="100%"), "b", id="percent-is-a-letter"),
    pytest.param(TaskFilter(search="1_0"), "", id="so-is-underscore"),
    pytest.param(TaskFilter(search="#12"), "b", id="number-with-hash"),
    pytest.param(TaskFilter(search="12"), "b", id="number"),
    pytest.param(TaskFilter(search="'; drop table tasks"), "", id="hostile"),
    pytest.param(TaskFilter(search="a\0b"), "", id="nul"),
    pytest.param(TaskFilter(search="9" * 40), "", id="huge-number"),
    pytest.param(TaskFilter(agent="claude-code", requested_by="ben", search="cover"), "b", id="several"),
    pytest.param(TaskFilter(pulls=frozenset({"open", "merged"})), "", id="pull-requests"),
    pytest.param(TaskFilter(only=frozenset({"acme/other"})), "c", id="one-may-be-seen"),
    pytest.param(TaskFilter(only=frozenset({"acme/other"}), repository="acme/widgets"), "", id="hidden-by-name"),
    pytest.param(TaskFilter(only=frozenset()), "", id="none-may-be-seen"),
    pytest.param(
        TaskFilter(only=frozenset(f"a/{n}" for n in range(70_000)) | {"acme/other"}), "c", id="many-may-be-seen"
    ),
    pytest.param(TaskFilter(needs_person=True), "", id="waits-for-nobody"),
    pytest.param(TaskFilter(needs_person=False), "abc", id="all-that-waits-for-nobody"),
]


@pytest.fixture
def abc(db) -> dict[str, Task]:
    b = {"branch": "porter/b", "issue_title": "Cover 100% of it", "issue_number": 12, "requested_by": "ben"}
    return {
        "a": make_task(db, now=NOW, issue_title="Greet people"),
        "b": make_task(db, now=NOW + timedelta(seconds=1), status=Status.FAILED, **b),
        "c": make_task(db, now=NOW + timedelta(seconds=2), repository="acme/other", agent="codex", issue_title="x"),
    }


@pytest.mark.parametrize(("wanted", "expected"), FILTERS)
def test_a_filter_finds_these_tasks_newest_first(db, abc, wanted, expected):
    found = [task.id for task in feed.page(db, wanted).tasks]
    assert found == [abc[letter].id for letter in reversed(expected)]


@pytest.mark.parametrize("same_moment", [True, False], ids=["all-at-once", "one-a-second"])
def test_paging_visits_every_task_once_while_new_ones_arrive(db, clock, same_moment):
    before = {_arrive(db, clock, same_moment) for _ in range(11)}
    seen: list[str] = []
    page = feed.page(db, TaskFilter(), limit=3)
    seen += [task.id for task in page.tasks]
    while page.next_key is not None:
        tasks.create(db, new_task(), now=clock.advance(60))
        page = feed.page(db, TaskFilter(), after=page.next_key, limit=3)
        seen += [task.id for task in page.tasks]
    assert sorted(seen) == sorted(before)


def _arrive(db, clock, same_moment: bool) -> str:
    return make_task(db, now=clock() if same_moment else clock.advance(1)).id


def test_the_last_page_has_no_next(db):
    for _ in range(3):
        make_task(db)
    assert feed.page(db, TaskFilter(), limit=3).next_key is None
    assert feed.page(db, TaskFilter(), limit=2).next_key is not None


@pytest.mark.parametrize("key", ["", "x", "/", "2026-01-01/abc", "2026-01-01T00:00:00+00:00/a'b", "2026-01-01T00:00Z/"])
def test_a_key_that_is_none_is_a_value_error(db, key):
    with pytest.raises(ValueError, match=r"key of a page|isoformat"):
        feed.page(db, TaskFilter(), after=key)


def test_counts_are_by_status_and_follow_the_other_filters(db, abc):
    everything = feed.counts(db, TaskFilter(statuses=frozenset({Status.FAILED})))
    assert (everything[Status.QUEUED], everything[Status.FAILED], everything[Status.RUNNING]) == (2, 1, 0)
    assert feed.counts(db, TaskFilter(agent="codex"))[Status.QUEUED] == 1


def test_counts_stop_at_the_limit(db, monkeypatch):
    monkeypatch.setattr(feed, "COUNT_LIMIT", 3)
    for _ in range(6):
        make_task(db)
    assert feed.counts(db, TaskFilter())[Status.QUEUED] == 4


def test_a_queued_task_knows_how_many_wait_before_it(db, clock):
    line = [make_task(db, now=clock.advance(1)) for _ in range(3)]
    make_task(db, now=NOW, status=Status.RUNNING)
    assert [feed.position(db, task) for task in line] == [0, 1, 2]


@pytest.mark.parametrize("longest", [1000, 2], ids=["read-at-once", "longer-than-is-read"])
def test_the_places_of_a_page_are_those_of_each_task(db, clock, monkeypatch, longest):
    monkeypatch.setattr(feed, "COUNT_LIMIT", longest)
    line = [make_task(db, now=clock.advance(1), requested_by="ben" if n % 2 else "ann") for n in range(5)]
    for task, waits_for in zip(line, ["user", None, "user", "repository", "issue"], strict=True):
        make_run(db, task, waits_for=waits_for)
    assert feed.positions(db, line) == {task.id: feed.position(db, task) for task in line}
    assert feed.positions(db, []) == {}


def test_counts_and_names_are_of_what_may_be_seen(db, abc):
    seen = TaskFilter(only=frozenset({"acme/other"}))
    assert feed.counts(db, seen)[Status.FAILED] == 0
    assert feed.count(db, seen) == 1
    assert feed.latest_names(db, "agent", seen) == ["codex"]
    assert feed.latest_names(db, "requested_by", TaskFilter(), like="BE") == ["ben"]
    assert feed.latest_names(db, "branch", TaskFilter()) == ["porter/b"]
    assert feed.latest_names(db, "agent", TaskFilter(only=frozenset())) == []
    assert (12, "Cover 100% of it") in feed.issues(db, TaskFilter())


def test_agents_and_people_are_each_named_once(db, abc):
    assert feed.names(db, "agent") == ["claude-code", "codex"]
    assert feed.names(db, "requested_by") == ["ben", "maria"]
    assert feed.names(db, "agent", limit=1) == ["claude-code"]


def test_a_pull_request_waits_for_a_person_until_it_is_merged_or_its_task_is_at_work_again(db):
    values = {"status": Status.SUCCEEDED, "pr_number": 7}
    waits = make_task(db, now=NOW, pr_state="open", **values)
    make_task(db, now=NOW + timedelta(seconds=1), pr_state="merged", **values)
    make_task(db, now=NOW + timedelta(seconds=2), pr_state="open", pr_number=8, status=Status.RUNNING)
    assert [task.id for task in feed.page(db, TaskFilter(needs_person=True)).tasks] == [waits.id]
    assert feed.count(db, TaskFilter(needs_person=True)) == 1
    assert feed.counts(db, TaskFilter(needs_person=False))[Status.SUCCEEDED] == 1
    assert feed.count(db, TaskFilter(pulls=frozenset({"open"}))) == 2


@pytest.mark.parametrize("one_by_one", [20, 0], ids=["repositories-one-by-one", "all-at-once"])
def test_pages_of_what_may_be_seen_hold_every_task_once(db, clock, monkeypatch, one_by_one):
    monkeypatch.setattr(filters, "ONE_BY_ONE", one_by_one)
    monkeypatch.setattr(filters, "FEW", 3)
    made = [make_task(db, now=clock.advance(1), repository=f"acme/{n % 3}").id for n in range(9)]
    wanted, seen, key = TaskFilter(only=frozenset({"acme/0", "acme/1", "acme/9"})), [], None
    while not seen or key is not None:
        page = feed.page(db, wanted, after=key, limit=2)
        seen, key = [*seen, *(task.id for task in page.tasks)], page.next_key
    assert seen == [task_id for n, task_id in reversed(list(enumerate(made))) if n % 3 != 2]


def test_a_search_goes_as_far_back_as_titles_are_read(db, clock, monkeypatch):
    monkeypatch.setattr(filters, "SEARCHED", 3)
    for n in range(6):
        make_task(db, now=clock.advance(1), issue_title=f"Find number {n}", repository=f"acme/{n % 2}")
    near = filters.within_reach(db, TaskFilter(search="find"))
    assert [task.issue_title[-1] for task in feed.page(db, near).tasks] == ["5", "4", "3"]
    older = filters.within_reach(db, TaskFilter(search="find", until=near.since))
    assert [task.issue_title[-1] for task in feed.page(db, older).tasks] == ["2", "1", "0"]


@pytest.mark.parametrize("wanted", [
    TaskFilter(search="#7"), TaskFilter(agent="codex"), TaskFilter(search="find", repository="acme/1"),
    TaskFilter(search="find", since=NOW + timedelta(days=1)),
], ids=["a-number", "no-search", "a-small-repository", "since-lately"])  # fmt: skip
def test_other_searches_go_the_whole_way(db, monkeypatch, wanted):
    monkeypatch.setattr(filters, "SEARCHED", 3)
    for n in range(4):
        make_task(db, repository=f"acme/{n % 2}")
    assert filters.within_reach(db, wanted) == wanted
