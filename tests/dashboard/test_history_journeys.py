"""History and Insights in a real browser."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from store.lifecycle import Outcome, Status
from tests.builders import make_task
from tests.dashboard.conftest import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """A dashboard over sixty ended tasks of two repositories."""
    with serving(tmp_path_factory.mktemp("history")) as running:
        now = datetime.now(UTC)
        for number in range(60):
            done = {"outcome": Outcome.PULL_REQUEST, "pr_number": number + 1, "pr_state": "merged", "cost_usd": 0.5}
            make_task(
                running.db, now=now - timedelta(minutes=60 - number), issue_title=f"Task {number}", agent="codex",
                repository=f"acme/{'ab'[number % 2]}", status=Status.FAILED if number % 4 else Status.SUCCEEDED,
                **({} if number % 4 else done),
            )  # fmt: skip
        yield running


def test_a_filter_is_in_the_address_and_the_file_holds_what_it_finds(past, tab, tmp_path):
    tab.goto(f"{past.url}/history")
    expect(tab.get_by_role("row", name="Task 59")).to_be_visible()
    tab.get_by_role("combobox", name="Outcome").select_option("merged")
    tab.wait_for_url("**result=merged*")
    expect(tab.get_by_text("15", exact=True).first).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("combobox", name="Outcome")).to_have_value("merged")
    expect(tab.get_by_role("link", name="CSV")).to_have_attribute("href", "/history.csv?result=merged")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(newline="") as file:
        assert [row["title"] for row in csv.DictReader(file)] == [f"Task {n}" for n in range(56, -1, -4)]


def test_the_pages_turn_both_ways_and_lead_to_a_task(past, tab):
    tab.goto(f"{past.url}/history")
    expect(tab.get_by_role("button", name="Newer")).to_be_disabled()
    tab.get_by_role("button", name="Older").click()
    expect(tab.get_by_role("link", name="Task 9", exact=True)).to_be_visible()
    tab.get_by_role("button", name="Newer").click()
    expect(tab.get_by_role("link", name="Task 59", exact=True)).to_be_visible()
    tab.get_by_role("link", name="Task 59", exact=True).click()
    tab.wait_for_url("**/task?id=*")


def test_history_fits_a_phone(past, phone):
    phone.goto(f"{past.url}/history?repository=acme/a&q=Task")
    expect(phone.get_by_text("Success rate")).to_be_visible()
    expect(phone.get_by_role("link", name="Task 58", exact=True)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_period_is_drawn_and_its_numbers_are_there_to_read(past, tab):
    tab.goto(f"{past.url}/insights")
    expect(tab.get_by_role("img", name="60 tasks, 25 % of those that ended were done")).to_be_visible()
    tab.get_by_role("button", name="7 days").click()
    tab.wait_for_url("**days=7*")
    chart = tab.get_by_role("region", name="Tasks by day and outcome")
    chart.get_by_text("The numbers").click()
    expect(chart.get_by_role("columnheader", name="Merged")).to_be_visible()
    expect(tab.get_by_role("region", name="By agent").get_by_role("row", name="codex")).to_contain_text("$7.50")


def test_insights_fit_a_phone_and_say_what_is_missing(dashboard, phone):
    phone.goto(f"{dashboard.url}/insights")
    expect(phone.get_by_role("heading", name="No tasks in this time")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
