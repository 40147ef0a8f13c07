"""Filters one types into, by keyboard and by pointer; and the choice of colours: in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.builders import make_task

pytestmark = pytest.mark.browser


def test_a_filter_that_is_typed_offers_what_there_is_and_the_address_shows_others_the_same(
    dashboard, screen, own, browser
):
    who = own.removeprefix("acme/")
    for number, title in ((77, "Sort the sockets"), (78, "Wash the socks")):
        make_task(dashboard.db, requested_by=who, issue_number=number, issue_title=title)
    screen.goto(dashboard.url)
    screen.get_by_role("button", name="More filters").click()
    take(screen, "Asked by", who[:4], who)
    expect(screen.get_by_role("article")).to_have_count(2)
    field = screen.get_by_role("combobox", name="Issue")
    field.fill("sock")
    expect(screen.get_by_role("listbox", name="Issue").get_by_role("option")).to_have_count(2)
    field.fill("sort")
    expect(screen.get_by_role("listbox", name="Issue").get_by_role("option")).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    expect(screen).to_have_url(re.compile(r"issue=77"))
    expect(screen.get_by_role("article")).to_have_count(1)
    with browser.new_context(viewport=screen.viewport_size) as elsewhere:
        other = elsewhere.new_page()
        other.goto(screen.url)
        expect(other.get_by_role("combobox", name="Issue")).to_have_value("77")
        expect(other.get_by_role("combobox", name="Asked by")).to_have_value(who)
        expect(other.get_by_role("article")).to_have_text(re.compile("Sort the sockets"))
    screen.get_by_role("button", name="Clear").click()
    expect(screen.get_by_role("article").nth(1)).to_be_visible()


def take(page, name, words, option):
    """Type `words` into a filter and click what it offers."""
    page.get_by_role("combobox", name=name).fill(words)
    page.get_by_role("option", name=option).click()
    expect(page.get_by_role("combobox", name=name)).to_have_value(option)


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
