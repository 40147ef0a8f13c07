"""The issue page in a real browser: it moves by itself, and leaves alone what the visitor is doing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.emulators.github_stage import Stage, opened
from tests.emulators.test_github_git import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it, serving(it):
        yield it


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    trouble: list[str] = []
    page.on("console", lambda line: trouble.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    yield page
    page.close()
    assert trouble == []


def test_a_visitor_asks_and_watches_the_answer_arrive(stage: Stage, page: Page) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo", "It says Helo.")
    page.goto(f"{stage.world.urls.web}/acme/widgets/issues/1")
    page.get_by_text("tom", exact=True).click()
    page.get_by_role("button", name="@porter mock fix the greeting").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("article")).to_have_count(2)
    expect(page.locator("article").last).to_contain_text("@porter mock fix the greeting")
    expect(page.get_by_label("Comment")).to_have_value("")
    assert [one.actor.user.login for one in issue.comments] == ["tom"]

    page.get_by_label("Comment").fill("half a thought")
    api, mine = f"{stage.world.urls.api}/repos/acme/widgets/issues", stage.token()
    stage.api.post(f"{api}/comments/{issue.comments[0].id}/reactions", headers=mine, json={"content": "eyes"})
    expect(page.locator(".reactions")).to_contain_text("👀")
    told = stage.api.post(f"{api}/1/comments", headers=mine, json={"body": "Queued"}).json()
    expect(page.locator("article").last).to_contain_text("Queued")
    stage.api.patch(told["url"], headers=mine, json={"body": "Done"})
    expect(page.locator("article").last).to_contain_text("Done")
    expect(page.get_by_label("Comment")).to_have_value("half a thought")
    expect(page.get_by_label("Comment")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_side_changes_without_closing_what_is_open(stage: Stage, page: Page) -> None:
    stage.branch("topic")
    asked = {"title": "T", "head": "topic", "base": "main", "draft": True}
    stage.api.post("/repos/acme/widgets/pulls", headers=stage.token(), json=asked)
    page.goto(f"{stage.world.urls.web}/acme/widgets/pull/1")
    expect(page.get_by_text("This is a draft.")).to_be_visible()
    page.get_by_text("Change", exact=True).click()
    page.get_by_role("button", name="+ bug").click()
    expect(page.locator("aside .label")).to_contain_text("bug")
    expect(page.get_by_role("button", name="− bug")).to_be_visible()
