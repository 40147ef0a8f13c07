"""Asking for work in a real browser: nothing typed is lost, and it leads to the task."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from store import feed
from store.feed import TaskFilter
from tests.dashboard.conftest import serving
from tests.dashboard.desk import HEADER
from tests.dashboard.desk import desk as desk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # on a busy computer


def asked(db, words):
    return [task for task in feed.page(db, TaskFilter()).tasks if words in task.instructions]


def test_words_alone_become_a_task_and_the_page_goes_there(desk, tab, own):
    tab.goto(desk.dashboard.url)
    tab.get_by_role("link", name="Dispatch").click()
    tab.wait_for_url("**/dispatch")
    tab.get_by_role("button", name="Write tests", exact=True).click()
    tab.get_by_role("button", name="Dispatch").click()
    expect(tab.get_by_text("Choose the repository to work in.")).to_be_visible()
    words = tab.get_by_role("textbox", name="What should be done")
    expect(words).not_to_have_value("")
    words.fill(f"Write tests for {own}.")
    field = tab.get_by_role("combobox", name="Repository")
    field.fill("widg")
    tab.get_by_role("option", name="acme/widgets").click()
    expect(field).to_have_value("acme/widgets")
    tab.wait_for_url("**repository=acme*")
    expect(words).to_have_value(f"Write tests for {own}.")
    tab.get_by_role("button", name="Dispatch").click()
    tab.wait_for_url("**/task?id=*")
    expect(tab.get_by_text("It is kept. Redis is away, so it starts when the sweep finds it.")).to_be_visible()
    [task] = asked(desk.dashboard.db, f"{own}.")
    assert (task.repository, task.source, task.issue_number, task.agent) == ("acme/widgets", "dashboard", None, "mock")
    assert task.installation_id == desk.github.installation
    tab.go_back()
    tab.wait_for_url("**/dispatch?*")
    expect(tab.get_by_role("heading", name="New task")).to_be_visible()


def test_an_issue_is_found_by_its_words_and_shown_on_a_phone(desk, phone):
    phone.goto(desk.url("/dispatch?repository=acme/widgets"))
    field = phone.get_by_role("combobox", name="Issue")
    field.fill("export lacks")
    option = phone.get_by_role("option", name=HEADER)
    expect(option).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    shown = phone.get_by_role("article", name="The issue")
    expect(shown).to_contain_text("The first line should name the columns.")
    expect(shown).to_contain_text("bug")
    phone.wait_for_url("**issue=1*")
    phone.get_by_text("High", exact=True).click()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.get_by_role("button", name="Dispatch").click()
    phone.wait_for_url("**/task?id=*")
    task = feed.page(desk.dashboard.db, TaskFilter(issue_number=1)).tasks[0]
    assert task.priority == "high"


def test_what_one_asked_before_fills_the_form_again(desk, tab):
    tab.goto(desk.url("/dispatch?repository=acme/widgets"))
    words = tab.get_by_role("textbox", name="What should be done")
    words.fill("Sort the imports everywhere.")
    tab.get_by_role("button", name="Dispatch").click()
    tab.wait_for_url("**/task?id=*")
    tab.goto(desk.url("/dispatch"))
    tab.get_by_role("button", name="Sort the imports everywhere.").click()
    expect(words).to_have_value("Sort the imports everywhere.")
    expect(tab.get_by_role("combobox", name="Repository")).to_have_value("acme/widgets")


def test_without_github_a_prompt_is_still_dispatched(desk, tmp_path, tab):
    nowhere = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_URL": "http://127.0.0.1:9"}
    with serving(tmp_path, **(desk.github.environment | nowhere)) as alone:
        tab.goto(f"{alone.url}/dispatch?repository=acme/widgets")
        expect(tab.get_by_text("GitHub does not answer, so its issues cannot be listed.")).to_be_visible()
        tab.get_by_role("textbox", name="What should be done").fill("Tidy up all the same.")
        tab.get_by_role("button", name="Dispatch").click()
        tab.wait_for_url("**/task?id=*")
        assert len(asked(alone.db, "Tidy up all the same.")) == 1


def test_without_the_database_nothing_typed_is_lost(desk, tmp_path, screen):
    with serving(tmp_path, **desk.github.environment) as alone:
        screen.goto(f"{alone.url}/dispatch?repository=acme/widgets")
        words = screen.get_by_role("textbox", name="What should be done")
        words.fill("Tidy up when you can.")
        rename(alone.db, "tasks", "tasks_away")
        screen.get_by_role("button", name="Dispatch").click()
        expect(screen.get_by_text("The database does not answer, so nothing was started.")).to_be_visible()
        expect(words).to_have_value("Tidy up when you can.")
        rename(alone.db, "tasks_away", "tasks")
        screen.get_by_role("button", name="Dispatch").click()
        screen.wait_for_url("**/task?id=*")
        assert len(asked(alone.db, "Tidy up when you can.")) == 1


def rename(db, table, name):
    with db.write() as connection:
        connection.exec_driver_sql(f"alter table {table} rename to {name}")
