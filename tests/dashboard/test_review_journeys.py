"""Deciding on pull requests in a real browser, with a GitHub behind it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.decisions import DOING
from store import follow_ups, tasks
from tests.dashboard.conftest import serving
from tests.dashboard.desk import desk as desk

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def test_a_person_finds_the_change_reads_it_and_merges_that_commit(desk, screen):
    width = screen.viewport_size["width"]
    title, name = f"Decode the address once, at {width}", f"src/at_{width}.py"
    task = desk.pull(title, {name: f"WIDTH = {width}\n"})
    screen.goto(desk.url("/review"))
    screen.get_by_role("link", name=title).click()
    screen.wait_for_url(f"**/review?id={task.id}")
    expect(screen.get_by_role("article", name=name)).to_contain_text(f"WIDTH = {width}")
    screen.get_by_role("button", name="Approve & merge").click()
    dialog = screen.get_by_role("dialog", name="Approve and merge")
    expect(dialog).to_contain_text(task.head_sha[:10])
    dialog.get_by_text("Squash", exact=True).click()
    dialog.get_by_role("button", name="Approve & merge").click()
    expect(screen.get_by_text("It is merged into main. Nothing is left to decide.")).to_be_visible()
    expect(screen.get_by_role("button", name="Approve & merge")).to_be_hidden()
    assert desk.github.on(task).pull.merged_at is not None
    assert tasks.get(desk.dashboard.db, task.id).pr_state == "merged"


def test_a_person_rejects_it_with_a_reason_on_a_phone(desk, phone):
    task = desk.pull("Rewrite everything", {"everything.py": "pass\n"})
    phone.goto(desk.url(f"/review?id={task.id}"))
    phone.get_by_role("button", name="Reject").click()
    dialog = phone.get_by_role("dialog", name="Reject")
    dialog.get_by_role("button", name="Close the pull request").click()
    expect(dialog.get_by_role("alert")).to_have_text("Say it in a sentence first.")
    dialog.get_by_role("textbox").fill("This is too much at once.")
    dialog.get_by_role("button", name="Close the pull request").click()
    expect(phone.get_by_text("It was closed without being merged.")).to_be_visible()
    pull = desk.github.on(task)
    assert pull.state == "closed"
    assert any("This is too much at once." in comment.body for comment in pull.comments)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_should_change_is_handed_to_the_agent(desk, tab):
    task = desk.pull("Say good night", {"night.py": "NIGHT = 22\n"})
    tab.goto(desk.url(f"/review?id={task.id}"))
    expect(tab.get_by_role("button", name="Request changes")).to_be_visible()
    tab.keyboard.press("r")
    dialog = tab.get_by_role("dialog", name="Request changes")
    dialog.get_by_role("textbox").fill("Use the reader's own time zone.")
    dialog.get_by_role("button", name="Hand it to the agent").click()
    expect(tab.get_by_text(DOING["changes"]).or_(tab.get_by_text("Handed to the agent.")).first).to_be_visible()
    expect(tab.get_by_text("Handed to the agent.")).to_be_visible()
    [wish] = follow_ups.waiting(desk.dashboard.db, task.id)
    assert wish.instructions == "Use the reader's own time zone."


def test_two_columns_are_in_the_address_and_keys_go_from_file_to_file(desk, tab):
    task = desk.pull("Two files", {"a.py": "a = 1\n", "b.py": "b = 2\n"})
    tab.goto(desk.url(f"/review?id={task.id}"))
    tab.get_by_role("button", name="Split").click()
    expect(tab.get_by_role("article", name="a.py").locator("table.split")).to_be_visible()
    tab.wait_for_url("**view=split*")
    tab.reload()
    expect(tab.get_by_role("article", name="a.py").locator("table.split")).to_be_visible()
    tab.keyboard.press("j")
    expect(tab.get_by_role("article", name="a.py")).to_be_focused()
    tab.keyboard.press("j")
    expect(tab.get_by_role("article", name="b.py")).to_be_focused()
    tab.keyboard.press("k")
    expect(tab.get_by_role("article", name="a.py")).to_be_focused()


def test_hostile_code_is_only_code_and_a_phone_needs_no_sideways_scroll(desk, phone):
    files = {"x.html": HOSTILE + "y" * 400 + "\n", "long/" * 30 + "name.py": f"x = '''{HOSTILE}'''\n"}
    task = desk.pull(f"Evil {HOSTILE}", files, summary=HOSTILE)
    for path in ("/review", f"/review?id={task.id}", "/dispatch?repository=acme/widgets"):
        phone.goto(desk.url(path))
        expect(phone.locator("h1").first).to_be_visible()
        if "id=" in path:
            expect(phone.get_by_role("article", name="x.html")).to_contain_text("onerror")
        assert phone.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth"), path
    assert phone.title() != "owned"


def test_when_github_is_away_the_page_says_so_and_shows_what_porter_knows(desk, tmp_path, tab):
    nowhere = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_URL": "http://127.0.0.1:9"}
    with serving(tmp_path, **(desk.github.environment | nowhere)) as alone:
        task = desk.github.pull(alone.db, "Nobody answers", {"c.py": "c = 1\n"})
        tab.goto(f"{alone.url}/review?id={task.id}")
        expect(tab.get_by_text("GitHub does not answer just now.")).to_be_visible()
        expect(tab.get_by_role("heading", name="Nobody answers")).to_be_visible()
        expect(tab.get_by_role("button", name="Approve & merge")).to_be_hidden()
        tab.get_by_role("link", name="Review").first.click()
        expect(tab.get_by_role("link", name="Nobody answers")).to_be_visible()
