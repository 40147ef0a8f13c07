"""Filters one types into, by keyboard and by pointer; and the choice of colours: in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.builders import make_task

pytestmark = pytest.mark.browser


def test_a_filter_that_is_typed_offers_what_there_is_and_stands_in_the_address(dashboard, tab):
    make_task(dashboard.db, issue_number=77, issue_title="Sort the sockets")
    make_task(dashboard.db, issue_number=78, issue_title="Wash the socks")
    tab.goto(dashboard.url)
    tab.get_by_role("button", name="More filters").click()
    field = tab.get_by_role("combobox", name="Issue")
    field.fill("sock")
    expect(tab.get_by_role("listbox", name="Issue").get_by_role("option")).to_have_count(2)
    field.fill("sort")
    expect(tab.get_by_role("listbox", name="Issue").get_by_role("option")).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    expect(tab).to_have_url(re.compile(r"issue=77"))
    expect(tab.get_by_role("article")).to_have_count(1)
    tab.reload()
    expect(field).to_have_value("77")
    tab.get_by_role("button", name="Clear").click()
    expect(tab.get_by_role("article").nth(1)).to_be_visible()


def test_what_is_typed_and_not_chosen_is_taken_back_when_one_leaves(dashboard, tab):
    make_task(dashboard.db, repository="acme/widgets")
    tab.goto(dashboard.url)
    field = tab.get_by_role("combobox", name="Asked by")
    field.fill("nobody at all")
    expect(tab.get_by_text("Nothing goes by that name.")).to_be_visible()
    tab.get_by_role("heading", name="Feed").click()
    expect(field).to_have_value("")
    expect(tab).not_to_have_url(re.compile("by="))


def test_the_choice_of_colours_is_remembered_on_every_page(dashboard, tab):
    tab.emulate_media(color_scheme="dark")
    tab.goto(dashboard.url)
    app = tab.locator("[data-testid=stApp]")
    expect(app).to_have_css("background-color", "rgb(0, 0, 0)")
    tab.get_by_role("button", name="Light", exact=True).click()
    expect(app).to_have_css("background-color", "rgb(246, 243, 240)")
    tab.goto(f"{dashboard.url}/review")
    expect(app).to_have_css("background-color", "rgb(246, 243, 240)")
    tab.get_by_role("button", name="As the system").click()
    expect(app).to_have_css("background-color", "rgb(0, 0, 0)")
