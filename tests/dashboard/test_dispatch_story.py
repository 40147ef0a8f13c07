"""Words typed into the dashboard become a pull request, over the real processes, and nobody reloads the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from porter.demo import stage
from porter.demo_files import REPOSITORY
from tests.onlooker import Onlooker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_prompt_typed_into_the_dashboard_becomes_a_pull_request_that_is_merged_there(tmp_path, tab):
    with stage(tmp_path / "data") as demo:
        we = Onlooker(demo)
        tab.goto(f"{demo.dashboard}/dispatch?repository={REPOSITORY}")
        tab.get_by_role("textbox", name="What should be done").fill("Write a note about dispatching")
        tab.get_by_role("button", name="Dispatch").click()
        tab.wait_for_url("**/task?id=*")
        task = we.ended(tab.url.partition("id=")[2])
        assert task["outcome"] == "pull_request"
        tab.locator(f"a[href='/review?id={task['id']}']").first.click()  # not the menu's, which is there at once
        tab.get_by_role("button", name="Approve & merge").click()
        tab.get_by_role("dialog").get_by_role("button", name="Approve & merge").click()
        expect(tab.get_by_text("Nothing is left to decide.").first).to_be_visible()
        assert we.pull(task["pr_number"])["merged"] is True
