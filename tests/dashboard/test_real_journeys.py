"""Journeys over the real processes, machines and all, at both widths; nobody reloads a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from porter.demo import Stage, stage
from porter.demo_files import REPOSITORY
from tests.dashboard.conftest import go
from tests.onlooker import Onlooker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SOON = 90_000  # milliseconds in which a machine is up and has worked, on a busy computer


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("journeys") / "data", PORTER_HOST="local") as running:
        yield running


def dispatched(page: Page, demo: Stage, words: str) -> tuple[str, Locator]:
    """Ask for it on Dispatch and go to the feed: the task's id and its card."""
    page.goto(f"{demo.dashboard}/dispatch?repository={REPOSITORY}")
    page.get_by_role("textbox", name="What should be done").fill(words)
    page.get_by_role("button", name="Dispatch").click()
    page.wait_for_url("**/task?id=*")
    task_id = page.url.partition("id=")[2]
    go(page, "Feed")
    return task_id, page.get_by_role("article").filter(has=page.locator(f"a[href='/task?id={task_id}']"))


def test_words_become_a_pull_request_before_your_eyes_and_are_merged_there(demo: Stage, screen: Page) -> None:
    words = f"Write a note about width {screen.viewport_size['width']} [mock:sleep=6]"  # type: ignore[index]
    task_id, card = dispatched(screen, demo, words)
    expect(card).to_contain_text(re.compile("Starting|Running|Finishing"), timeout=SOON)
    expect(card.get_by_role("link", name="PR #")).to_be_visible(timeout=SOON)
    expect(card).to_contain_text("To review")
    card.get_by_role("button", name="Review").click()
    screen.wait_for_url(f"**/review?id={task_id}")
    screen.get_by_role("button", name="Approve & merge").click()
    screen.get_by_role("dialog").get_by_role("button", name="Approve & merge").click()
    expect(screen.get_by_text("Nothing is left to decide.").first).to_be_visible()
    we = Onlooker(demo)
    assert we.pull(we.task(task_id)["pr_number"])["merged"] is True


def test_a_run_is_stopped_from_its_card_and_its_machine_is_gone(demo: Stage, screen: Page) -> None:
    task_id, card = dispatched(screen, demo, "Take all the time there is [mock:hang]")
    expect(card).to_contain_text("Running", timeout=SOON)
    card.get_by_role("button", name="Stop").click()
    card.get_by_role("button", name="Stop it?").click()
    expect(card).to_contain_text("the operator stopped it", ignore_case=True, timeout=SOON)
    expect(card.get_by_role("button", name="Retry")).to_be_visible()
    we = Onlooker(demo)
    we.wait_for(lambda: not we.living_machines_of(task_id))


def test_an_operator_sees_the_machine_of_a_run(demo: Stage, tab: Page) -> None:
    task_id, card = dispatched(tab, demo, "Stay for a while [mock:hang]")
    expect(card).to_contain_text("Running", timeout=SOON)
    go(tab, "Operations")
    tab.get_by_role("tab", name="Machines").click()
    expect(tab.get_by_text("On local")).to_be_visible()
    expect(tab.get_by_role("listitem").filter(has_text=task_id)).to_contain_text("Running", ignore_case=True)

    we = Onlooker(demo)
    we.api("DELETE", f"/api/tasks/{task_id}")
    we.wait_for(lambda: not we.living_machines_of(task_id))


def test_an_operator_asks_github_for_a_delivery_again(demo: Stage, tab: Page) -> None:
    wrong = f"--modle{uuid4().hex[:6]}"  # of this try alone
    we = Onlooker(demo)
    assert we.verdict_on(we.comment(f"@porter mock {wrong} please", issue=2)).verdict == "refused"
    tab.goto(f"{demo.dashboard}/operations?tab=deliveries")
    refusals = tab.get_by_role("listitem").filter(has_text=wrong)
    expect(refusals).to_have_count(1)
    refusals.get_by_role("button", name="Redeliver").click()
    refusals.get_by_role("button", name="Send again?").click()
    expect(refusals).to_have_count(2)  # judged anew
