"""Filters one types into, by keyboard and by pointer; and the choice of colours: in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from store import runs, tasks
from store.lifecycle import Status
from tests.builders import make_task

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # on a busy computer


def test_a_filter_that_is_typed_offers_what_there_is_and_stands_in_the_address(dashboard, screen, own):
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
    expect(screen).to_have_url(re.compile(rf"issue=77&by={who}"))
    expect(screen.get_by_role("article")).to_have_count(1)
    screen.get_by_role("button", name="Clear").click()
    expect(screen.get_by_role("article").nth(1)).to_be_visible()


def test_an_address_with_filters_shows_another_person_the_same(dashboard, screen, own):
    for number, title in ((77, "Sort the sockets"), (78, "Wash the socks")):
        make_task(dashboard.db, repository=own, issue_number=number, issue_title=title)
    screen.goto(f"{dashboard.url}/?repository={own}&issue=77")
    expect(screen.get_by_role("combobox", name="Issue")).to_have_value("77")
    expect(screen.get_by_role("combobox", name="Repository")).to_have_value(own)
    expect(screen.get_by_role("article")).to_have_text(re.compile("Sort the sockets"))


def take(page, name, words, option):
    """Type `words` into a filter and click what it offers; back before the server has answered."""
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


def test_a_card_is_stopped_and_tried_again_by_keyboard_and_the_reader_stays_at_it(dashboard, screen, own):
    task = make_task(dashboard.db, repository=own, issue_title="By keyboard alone")
    screen.goto(f"{dashboard.url}/?repository={own}")
    card = screen.get_by_role("article")
    card.get_by_role("button", name="Stop").focus()
    screen.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Stop it?")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(card).to_contain_text("the operator stopped it before a machine was started.")
    expect(card.get_by_role("button", name="Open")).to_be_focused()
    card.get_by_role("button", name="Retry").focus()
    for _ in range(2):
        screen.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Stop")).to_be_visible()
    assert len(runs.of_task(dashboard.db, task.id)) == 2


def test_a_double_click_stops_nothing(dashboard, tab, own):
    task = make_task(dashboard.db, repository=own)
    tab.goto(f"{dashboard.url}/?repository={own}")
    tab.get_by_role("article").get_by_role("button", name="Stop").dblclick()
    expect(tab.get_by_role("article").get_by_role("button", name="Stop it?")).to_be_visible()
    assert tasks.get(dashboard.db, task.id).status is Status.QUEUED


def test_a_card_whose_key_was_refused_leads_to_the_keys(dashboard, tab, own):
    make_task(dashboard.db, repository=own, status=Status.FAILED, reason="auth", message="the key was refused")
    tab.goto(f"{dashboard.url}/?repository={own}")
    expect(tab.get_by_role("region", name="At a glance")).to_contain_text("The key was refused.")
    tab.get_by_role("article").get_by_role("button", name="Add a key").click()
    expect(tab).to_have_url(re.compile(r"/settings\?tab=secrets"))
    expect(tab.get_by_role("group", name="ANTHROPIC_API_KEY", exact=True)).to_be_visible()


def test_the_four_answers_lead_to_what_they_are_about(dashboard, screen, own):
    task = make_task(dashboard.db, repository=own, status=Status.SUCCEEDED, pr_number=7, pr_state="open")
    screen.goto(f"{dashboard.url}/?repository={own}")
    glance = screen.get_by_role("region", name="At a glance")
    for word in ("Running", "Needs you", "Failed today", "Cost today"):
        expect(glance.get_by_role("heading", name=word)).to_be_in_viewport()
    glance.get_by_role("link", name="PR #7").click()
    screen.wait_for_url(f"**/review?id={task.id}")


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
