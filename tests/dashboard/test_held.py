"""A held change on the task's page: why, the diff, and the two answers to it."""

from __future__ import annotations

from dashboard import actions, data, held
from jobs import bootstrap
from store import held_changes, runs, tasks
from store.held_changes import NewHeld
from store.lifecycle import Status
from tests.builders import NOW, claimed, make_task
from tests.dashboard.test_pages import drawn, store  # noqa: F401  the fixture

FINDING = {"rule": "secret", "path": "a.py", "line": 3, "words": "This line looks like it holds a key."}


def waiting(database):
    task = make_task(database, status=Status.RUNNING, files_changed=2, additions=3, deletions=1)
    work = NewHeld([FINDING], "b" * 40, "a" * 40, b"bundle")
    held_changes.hold(database, task.run_id, 1, {"ending": "changes"}, work, now=NOW)
    claim = claimed(database, task.run_id)
    held_changes.inspected(database, claim, "+<b>new</b>", [FINDING], now=NOW, why="the change waits for a person")
    runs.release(database, claim)
    return tasks.get(database, task.id)


def test_the_page_shows_why_it_waits_and_the_whole_change(store):  # noqa: F811
    task = waiting(store)
    seen = drawn(page="task", id=task.id)
    assert seen["held"]["reasons"] == [{"place": "a.py:3", "words": FINDING["words"]}]
    assert seen["held"]["diff"] == "+<b>new</b>"
    assert seen["held"]["size"] == "2 files, +3 −1"
    assert (seen["task"]["word"], seen["task"]["tone"]) == ("Held", "waiting")
    assert seen["task"]["now"]["text"] == "The change waits for a person."


def test_a_task_that_does_not_wait_shows_no_panel(store):  # noqa: F811
    task = make_task(store, status=Status.FINISHING)
    assert "held" not in drawn(page="task", id=task.id)


def test_the_feed_says_that_it_waits(store):  # noqa: F811
    waiting(store)
    [card] = [card for day in drawn()["feed"]["days"] for card in day["cards"]]
    assert card["line"] == "The change waits for a person."
    assert (card["word"], card["tone"]) == ("Held", "waiting")


def test_a_click_approves_what_was_shown_and_only_that(store):  # noqa: F811
    task, services = waiting(store), bootstrap.from_environment()
    assert "Another run" in actions.approve(services, task.id, run_id="old-1", by="operator")
    assert actions.approve(services, task.id, run_id=task.run_id, by="operator").startswith("Approved")
    assert "approved the change already" in actions.reject(services, task.id, run_id=task.run_id, by="operator")
    assert runs.get(store, task.run_id).phase == "approved"


def test_a_click_rejects(store):  # noqa: F811
    task, services = waiting(store), bootstrap.from_environment()
    assert actions.reject(services, task.id, run_id=task.run_id, by="operator").startswith("Rejected")
    assert tasks.get(store, task.id).reason == "rejected"
    assert "no such task" in actions.reject(services, "nope", run_id="x", by="operator")


def test_a_diff_too_long_for_a_page_says_where_the_rest_is(store):  # noqa: F811
    view = data.task_view(store, waiting(store).id)
    assert view.held is not None
    long = held.panel(view.task, held_changes.HeldChange(**{**vars(view.held), "diff": "+" * 200_000}), url="http://p")
    assert long["diff"].endswith(f"GET http://p/api/review/{view.task.id}]")


def test_the_review_list_has_it_on_top_and_leads_to_the_task(store):  # noqa: F811
    make_task(store, status=Status.SUCCEEDED, pr_number=3, pr_state="open", issue_title="Later")
    task = waiting(store)
    held_one, pull = drawn(page="review")["reviews"]["rows"]
    assert (held_one["id"], held_one["word"], held_one["page"]) == (task.id, "Held", "task")
    assert held_one["line"] == "The change waits for a person."
    assert (pull["title"], pull["page"]) == ("Later", "review")
    pills = {pill["word"]: pill["count"] for pill in drawn()["feed"]["pills"]}
    assert (pills["Needs you"], pills["Running"], pills["Done"]) == ("2", "0", "0")
