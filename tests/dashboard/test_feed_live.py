"""The feed lives by itself: nothing of the reader's is lost meanwhile, and it is quiet when nothing happens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from store.lifecycle import Status
from tests.dashboard import builders
from tests.dashboard.conftest import frames

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # on a busy computer

TICKS = 10


def now():
    return datetime.now(UTC)


def make_task(dashboard, title, **values):
    return builders.make_task(dashboard.db, now=now(), issue_title=title, **values)


def card(page, title):
    return page.get_by_role("article").filter(has_text=title)


def step(dashboard, task, text, *, seq):
    builders.tell(dashboard.db, task, now=now(), seq=seq, step=text)


def test_ten_ticks_and_a_new_card_take_nothing_from_the_reader(dashboard, screen, own):
    for number in range(12):
        task = make_task(dashboard, f"Task {number:02}", repository=own, status=Status.RUNNING)
    screen.goto(f"{dashboard.url}/?repository={own}")
    shown = card(screen, "Task 03")
    shown.get_by_role("button", name="Last steps").click()
    expect(shown.get_by_role("list", name="Last steps")).to_contain_text("The agent is at work")
    screen.get_by_role("button", name="More filters").click()
    field = screen.get_by_role("combobox", name="Branch")
    field.press_sequentially("half a wo")
    shown.scroll_into_view_if_needed()
    before = shown.bounding_box()["y"]
    for tick in range(TICKS):
        step(dashboard, task, f"step {tick} of many", seq=10 + tick)
        expect(card(screen, "Task 11")).to_contain_text(f"step {tick} of many")
    make_task(dashboard, "Newcomer", repository=own)
    expect(card(screen, "Newcomer")).to_have_count(1)
    expect(field).to_be_focused()
    expect(field).to_have_value("half a wo")
    expect(shown.get_by_role("list", name="Last steps")).to_be_visible()
    stays(shown, before)


def stays(shown, where):
    """At this height, as soon as the browser has drawn what came above."""
    deadline = time.monotonic() + 20
    while abs(shown.bounding_box()["y"] - where) > 2 and time.monotonic() < deadline:
        shown.page.wait_for_timeout(50)
    assert abs(shown.bounding_box()["y"] - where) <= 2


def test_an_open_card_is_still_open_when_one_comes_back(dashboard, tab, own):
    make_task(dashboard, "Come back to me", repository=own, status=Status.RUNNING)
    tab.goto(f"{dashboard.url}/?repository={own}")
    shown = card(tab, "Come back to me")
    shown.get_by_role("button", name="Last steps").click()
    shown.get_by_role("button", name="Open").click()
    tab.wait_for_url("**/task?id=*")
    tab.go_back()
    tab.wait_for_url(f"**/?repository={own}")
    expect(shown.get_by_role("list", name="Last steps")).to_be_visible()
    shown.get_by_role("button", name="Last steps").click()
    expect(shown.get_by_role("list", name="Last steps")).to_be_hidden()


def test_while_nothing_runs_the_page_asks_hardly_anything(dashboard, browser, own):
    """The two are watched at the same time, so that a busy computer slows both."""
    long_ago = now() - timedelta(days=1)
    builders.make_task(dashboard.db, now=long_ago, repository=f"{own}-quiet", status=Status.SUCCEEDED)
    make_task(dashboard, "At work", repository=own, status=Status.RUNNING)
    with browser.new_context() as one, browser.new_context() as other:
        quiet, live = one.new_page(), other.new_page()
        sent = {page: frames(page) for page in (quiet, live)}
        for page, repository in ((quiet, f"{own}-quiet"), (live, own)):
            page.goto(f"{dashboard.url}/?repository={repository}")
            expect(page.get_by_role("article")).to_have_count(1)
        for page in (quiet, live):
            page.wait_for_timeout(3000)  # what a page asks while it begins is not counted
            sent[page].clear()
        deadline = time.monotonic() + 90
        while len(sent[live]) < 12 and time.monotonic() < deadline:
            live.wait_for_timeout(250)
        assert len(sent[live]) >= 12
        assert len(sent[quiet]) <= len(sent[live]) / 2
