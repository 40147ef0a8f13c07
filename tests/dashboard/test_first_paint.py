"""What a reader sees before a page's parts are there, and that nothing jumps or moves needlessly when they come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from store.lifecycle import Status
from tests.dashboard.builders import make_task
from tests.dashboard.conftest import Dashboard
from tests.dashboard.examining import Viewer, barriers

pytestmark = pytest.mark.browser

LIGHT, DARK = "rgb(246, 243, 240)", "rgb(0, 0, 0)"
MEASURE = """window.jumps = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.jumps += one.value;
}).observe({ type: "layout-shift", buffered: true });"""
FAULTY = """<!doctype html><html lang="en"><title>Faulty</title><main><h1>Faulty</h1><div id="home"></div></main>
<script>home.attachShadow({ mode: "open" }).innerHTML = `<p style="font-size: 10px; color: #999; background: #888">Small
</p><p>\N{PARTY POPPER}</p><p>Traceback (most recent call last)</p><p style="width: 3000px">Far</p>`</script>"""


def test_the_bones_of_every_page_have_the_colours_that_were_chosen(dashboard: Dashboard, browser: Browser) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(dashboard.url)
        page.get_by_role("button", name="Light", exact=True).click()
        expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", LIGHT)
        chosen = context.storage_state()
    for state, colour in ((chosen, LIGHT), (None, DARK)):
        with browser.new_context(color_scheme="dark", storage_state=state) as context:
            page = context.new_page()
            page.route("**/static/js/**", lambda route: route.abort())  # so that the bones stay
            page.goto(f"{dashboard.url}/review", wait_until="commit")
            expect(page.locator("#porter-skeleton")).to_have_css("background-color", colour)


def test_nothing_jumps_when_a_page_comes(dashboard: Dashboard, tab) -> None:
    make_task(dashboard.db, status=Status.RUNNING, issue_title="At work")
    tab.add_init_script(MEASURE)
    for path in ("/", "/history", "/settings", "/operations", "/setup"):
        tab.goto(dashboard.url + path)
        expect(tab.locator("h1:visible").first).to_be_visible()
        expect(tab.locator("#porter-skeleton")).to_have_count(0)
        assert tab.evaluate("window.jumps") < 0.1, path  # https://web.dev/articles/cls: what counts as good


@pytest.mark.parametrize(("wish", "moves"), [("no-preference", True), ("reduce", False)])
def test_who_asks_for_less_motion_gets_none(dashboard: Dashboard, tab, wish: str, moves: bool) -> None:
    make_task(dashboard.db, status=Status.RUNNING, issue_title="Be calm")
    tab.emulate_media(reduced_motion=wish)
    tab.goto(dashboard.url)
    expect(tab.get_by_role("article").first).to_be_visible()
    moving = (
        "[...document.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot?.querySelectorAll('*') ?? [])])"
    )
    pulses = tab.evaluate(f"{moving}.filter((one) => getComputedStyle(one).animationName === 'pulse').length")
    assert (pulses > 0) is moves


def test_a_faulty_page_does_not_pass_the_examination(browser: Browser) -> None:
    with browser.new_context() as context:
        viewer = Viewer(context.new_page(), patience=0)
        viewer.page.set_content(FAULTY)
        seen = " ".join(viewer.look())
        for words in ("scrolls sideways", "text of 10 px", "an emoji", "words of a machine"):
            assert words in seen
        assert any("color-contrast" in one for one in barriers(viewer.page))
