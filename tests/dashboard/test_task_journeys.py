"""The task's page in a real browser: its change and checks from GitHub, following up, and what is left when something
is away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from store import follow_ups, tasks
from store.lifecycle import Status
from tests.dashboard.builders import make_task
from tests.dashboard.conftest import serving
from tests.dashboard.desk import desk as desk
from tests.dashboard.test_held_journeys import held
from tests.dashboard.test_journeys import sql

pytestmark = pytest.mark.browser

NOWHERE = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_URL": "http://127.0.0.1:9"}


def failed(desk, **values):
    now = datetime.now(UTC)
    return make_task(desk.dashboard.db, now=now, status=Status.FAILED, message="the build broke", **values)


def say(page, words):
    page.get_by_role("button", name="Follow up").click()
    dialog = page.get_by_role("dialog", name="Follow up")
    dialog.get_by_role("textbox").fill(words)
    dialog.get_by_role("button", name="Hand it to the agent").click()


@pytest.mark.parametrize("width", ["tab", "phone"])
def test_a_task_shows_its_change_and_its_checks_without_leaving_it(desk, request, width):
    page = request.getfixturevalue(width)
    task = desk.pull(f"Decode it on a {width}")
    for name, end in (("tests", "success"), ("lint", "failure")):
        desk.github.world.check(desk.github.repository, task.head_sha, name, end)
    page.goto(desk.url(f"/task?id={task.id}"))
    page.get_by_role("tab", name="Changes").click()
    expect(page.get_by_role("article", name="src/login.py")).to_contain_text("unquote_plus(form")
    expect(page.get_by_text("checks: 1 of 2 failed")).to_be_visible()
    page.wait_for_url("**tab=changes*")
    page.get_by_role("tab", name="Pull request").click()
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("lint")
    expect(panel).to_contain_text("It can be merged, but not every check has passed.")
    expect(page.get_by_role("article", name="src/login.py")).to_have_count(0)
    page.reload()
    expect(panel).to_contain_text("1 of 2 failed")
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")


def test_more_words_become_a_follow_up_on_the_pull_request(desk, tab):
    task = desk.pull("Say good evening", {"evening.py": "EVENING = 18\n"})
    tab.goto(desk.url(f"/task?id={task.id}"))
    tab.get_by_role("button", name="Follow up").click()
    dialog = tab.get_by_role("dialog", name="Follow up")
    dialog.get_by_role("button", name="Hand it to the agent").click()
    expect(dialog.get_by_role("alert")).to_have_text("Say it in a sentence first.")
    dialog.get_by_role("textbox").fill("Name the hour in UTC.")
    dialog.get_by_role("button", name="Hand it to the agent").click()
    expect(tab.get_by_text("the operator asked for changes on the pull request.")).to_be_visible()
    [wish] = follow_ups.waiting(desk.dashboard.db, task.id)
    assert wish.instructions == "Name the hour in UTC."


def test_a_follow_up_that_github_refuses_is_a_sentence(desk, phone):
    task = desk.pull("Too late", {"late.py": "LATE = 1\n"})
    phone.goto(desk.url(f"/task?id={task.id}"))
    expect(phone.get_by_role("button", name="Follow up")).to_be_visible()
    desk.github.on(task).state = "closed"  # and Porter has not heard of it
    say(phone, "Go on.")
    expect(phone.get_by_role("alert").get_by_text("closed")).to_be_visible()
    assert follow_ups.waiting(desk.dashboard.db, task.id) == []


def test_more_words_for_a_task_that_failed_are_another_run(desk, tab):
    task = failed(desk, instructions="Sort the list.", issue_title="Sort it")
    tab.goto(desk.url(f"/task?id={task.id}"))
    say(tab, "Mind the umlauts.")
    expect(tab.get_by_text("the operator asked for another run.")).to_be_visible()
    tab.get_by_role("tab", name="Inputs").click()
    expect(tab.get_by_role("tabpanel")).to_contain_text("Mind the umlauts.")
    again = tasks.get(desk.dashboard.db, task.id)
    assert (again.status, again.instructions) == (Status.QUEUED, "Sort the list.\n\nMind the umlauts.")


def test_a_held_change_is_shown_file_by_file(desk, tab):
    task = held(desk.dashboard, "Change the rules of all")
    tab.goto(desk.url(f"/task?id={task.id}&tab=changes"))
    expect(tab.get_by_role("article", name="AGENTS.md")).to_contain_text("<img src=x")
    assert tab.title() != "owned"
    expect(tab.get_by_role("button", name="Follow up")).to_be_hidden()


def test_without_github_the_task_is_still_there(desk, tmp_path, tab):
    with serving(tmp_path, **(desk.github.environment | NOWHERE)) as alone:
        task = desk.github.pull(alone.db, "Nobody answers the task", {"d.py": "d = 1\n"})
        tab.goto(f"{alone.url}/task?id={task.id}&tab=changes")
        expect(tab.get_by_role("tabpanel")).to_contain_text("GitHub does not answer just now.")
        tab.get_by_role("tab", name="Pull request").click()
        expect(tab.get_by_role("tabpanel")).to_contain_text("The address is decoded once.")
        expect(tab.get_by_role("heading", name="Nobody answers the task")).to_be_visible()


def test_without_its_database_the_task_that_was_seen_stays_and_lives_on(tmp_path, tab):
    with serving(tmp_path) as dashboard:
        task = make_task(dashboard.db, now=datetime.now(UTC), status=Status.RUNNING, issue_title="Seen before")
        tab.goto(f"{dashboard.url}/task?id={task.id}")
        expect(tab.get_by_role("heading", name="Seen before")).to_be_visible()
        sql(dashboard, "alter table tasks rename to tasks_away")
        expect(tab.get_by_text("The database has not answered since")).to_be_visible()
        expect(tab.get_by_role("heading", name="Seen before")).to_be_visible()
        sql(dashboard, "alter table tasks_away rename to tasks")
        expect(tab.get_by_text("The database has not answered since")).to_have_count(0)
        tasks.change(dashboard.db, task.id, now=datetime.now(UTC), step="still at it")
        expect(tab.get_by_text("still at it")).to_be_visible()
