"""Everything by keyboard alone: what can be reached shows where one is, and does what a click would."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from store.lifecycle import Status
from tests.dashboard.builders import make_task
from tests.dashboard.desk import Desk
from tests.dashboard.desk import desk as desk
from tests.dashboard.examining import SIZES

pytestmark = pytest.mark.browser

AMBER = "rgb(251, 146, 60)"
WHERE = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const drawn = [at, at.closest("label")].filter(Boolean).map((one) => getComputedStyle(one)); // or its label's
  const ring = drawn.find((one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2);
  const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  return [at.localName, name.trim(), ring?.outlineColor ?? "none"];
}"""


def walk(page: Page, *, most: int = 80) -> Iterator[tuple[str, str, str]]:
    """Press Tab, and tell where one is: the kind of element, its name, and the colour of the ring around it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        kind, name, ring = page.evaluate(WHERE)
        yield kind, name, ring


def reach(page: Page, wanted: str) -> None:
    """Press Tab until one is at the element of this name."""
    assert any(name == wanted for _, name, _ in walk(page)), f"Tab does not lead to {wanted}"


@pytest.fixture(scope="module")
def stage(desk: Desk) -> Desk:
    make_task(desk.dashboard.db, status=Status.FAILED, issue_title="Broken", message="the key was refused")
    make_task(desk.dashboard.db, issue_title="In line")
    return desk


def test_each_place_that_tab_leads_to_has_a_ring_around_it(stage, tab):
    for path in ("/", "/settings", "/history", "/dispatch"):
        tab.goto(stage.url(path))
        expect(tab.locator("h1:visible").first).to_be_visible()
        expect(tab.locator("#porter-skeleton")).to_have_count(0)
        steps = list(walk(tab, most=24))
        assert steps[0][1] == "Skip to main content"
        ours = [step for step in steps[1:] if step[0] in ("a", "button", "input", "select", "textarea", "summary")]
        assert len(ours) > 15
        assert [step for step in ours if step[2] != AMBER] == [], path


def test_the_feed_is_filtered_and_a_card_opened_without_a_mouse(stage, tab):
    tab.goto(stage.url("/"))
    expect(tab.get_by_role("article").first).to_be_visible()
    reach(tab, "Failed1")
    tab.keyboard.press("Space")
    expect(tab).to_have_url(re.compile("status=failed"))
    expect(tab.get_by_role("article")).to_have_count(1)
    reach(tab, "Open")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Broken", level=1)).to_be_visible()


def test_a_setting_is_changed_without_a_mouse(stage, tab):
    tab.goto(stage.url("/settings"))
    expect(tab.get_by_role("switch", name="aider may work")).to_be_checked()
    reach(tab, "aider may work")
    tab.keyboard.press("Space")
    expect(tab.get_by_text("Off").first).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("switch", name="aider may work")).not_to_be_checked()
    reach(tab, "Secrets")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("tab=secrets"))


def test_a_review_is_led_by_its_keys_and_escape_takes_one_back(stage, tab):
    task = stage.pull("Led by keys")
    tab.goto(stage.url(f"/review?id={task.id}"))
    expect(tab.get_by_role("heading", name="The change")).to_be_visible()
    expect(tab.get_by_role("button", name="Approve & merge")).to_be_visible()
    for key, title in (("m", "Approve and merge"), ("r", "Request changes")):
        tab.keyboard.press(key)
        expect(tab.get_by_role("dialog", name=title)).to_be_visible()
        tab.keyboard.press("Escape")
        expect(tab.get_by_role("dialog")).to_have_count(0)
    files = tab.locator(".file")
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        tab.keyboard.press(key)
        expect(files.nth(at)).to_be_focused()


def test_on_a_phone_escape_closes_the_menu(stage, phone):
    phone.goto(stage.url("/"))
    menu = phone.get_by_role("button", name="Menu")
    menu.press("Enter")
    expect(phone.get_by_role("link", name="History")).to_be_visible()
    assert phone.viewport_size == SIZES["phone"]
    phone.keyboard.press("Escape")
    expect(phone.get_by_role("link", name="History")).to_be_hidden()
