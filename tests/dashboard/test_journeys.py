"""What a person does with the dashboard, in a real browser against the real process; nobody reloads the page."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from store import tasks
from store.lifecycle import Outcome, Status
from tests.dashboard import builders
from tests.dashboard.conftest import serving

pytestmark = pytest.mark.browser

XSS = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

PRODUCTION = {
    "PORTER_ENV": "production",
    "PORTER_HOST": "fly",
    "PORTER_DASHBOARD_PASSWORD": "open sesame",
    "PORTER_DASHBOARD_URL": "http://127.0.0.1:8501",
    "REDIS_URL": "redis://127.0.0.1:1",
} | dict.fromkeys(
    [
        "GITHUB_WEBHOOK_SECRET",
        "GITHUB_APP_ID",
        "GITHUB_APP_PRIVATE_KEY",
        "PORTER_API_TOKEN",
        "FLY_API_TOKEN",
        "FLY_APP_NAME",
    ],
    "not used here",
)


def now():
    return datetime.now(UTC)


def make_task(dashboard, **values):
    return builders.make_task(dashboard.db, **({"now": now()} | values))


def card(page, title):
    return page.locator("article.card", has_text=title)


def test_a_task_goes_from_waiting_to_pull_request_before_your_eyes(dashboard, screen, own):
    task = make_task(dashboard, repository=own, issue_title="Watch me")
    screen.goto(f"{dashboard.url}/?repository={own}")
    watched = card(screen, "Watch me")
    expect(watched).to_contain_text("Next in line")
    builders.advance(dashboard.db, task, Status.RUNNING, now=now(), step="running tests", percent=58, cost_usd=0.41)
    expect(watched).to_contain_text("58 %")
    expect(watched).to_contain_text("$0.41")
    with dashboard.db.write() as connection:
        tasks.move(connection, task.id, Status.FINISHING, now=now(), kind="finishing", text="saving")
        pull = {"outcome": Outcome.PULL_REQUEST, "pr_number": 81, "pr_url": "https://github.test/pull/81"}
        tasks.move(connection, task.id, Status.SUCCEEDED, now=now(), kind="succeeded", text="done", changes=pull)
    expect(watched.get_by_role("link", name="PR #81")).to_have_attribute("href", "https://github.test/pull/81")
    expect(watched).to_contain_text("Done")


def test_a_new_task_shows_up_by_itself_and_the_page_keeps_its_place(dashboard, tab):
    for number in range(12):
        make_task(dashboard, repository="acme/place", issue_title=f"Older {number}", status=Status.RUNNING)
    tab.goto(f"{dashboard.url}/?repository=acme/place")
    card(tab, "Older 0").scroll_into_view_if_needed()
    card(tab, "Older 0").get_by_role("button", name="Open").focus()
    make_task(dashboard, repository="acme/place", issue_title="Newcomer")
    expect(card(tab, "Newcomer")).to_have_count(1)
    expect(card(tab, "Older 0").get_by_role("button", name="Open")).to_be_focused()
    expect(card(tab, "Older 0")).to_be_in_viewport()


def test_a_filter_is_in_the_address_and_survives_a_reload(dashboard, tab):
    make_task(dashboard, repository="acme/filter", issue_title="Broken one", status=Status.FAILED)
    make_task(dashboard, repository="acme/filter", issue_title="Good one", status=Status.SUCCEEDED)
    tab.goto(f"{dashboard.url}/?repository=acme/filter")
    expect(card(tab, "Good one")).to_be_visible()
    tab.get_by_role("button", name="Failed").click()
    expect(card(tab, "Good one")).to_have_count(0)
    assert "status=failed" in tab.url and "repository=acme" in tab.url
    tab.reload()
    expect(card(tab, "Broken one")).to_be_visible()
    expect(card(tab, "Good one")).to_have_count(0)
    expect(tab.get_by_role("button", name="Failed")).to_have_attribute("aria-pressed", "true")


def test_slash_searches_and_enter_opens_a_card(dashboard, tab):
    task = make_task(dashboard, repository="acme/keys", issue_title="Only a keyboard")
    tab.goto(dashboard.url)
    expect(tab.get_by_role("heading", name="Feed")).to_be_visible()
    tab.keyboard.press("/")
    tab.keyboard.type("only a keyb")
    expect(tab.locator("article.card")).to_have_count(1)
    assert "q=only" in tab.url
    card(tab, "Only a keyboard").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/task?id={task.id}")
    tab.get_by_role("link", name="acme/keys").click()
    tab.wait_for_url("**/?q=only*")
    expect(card(tab, "Only a keyboard")).to_be_visible()


def test_the_log_grows_line_by_line_and_stops_following_when_scrolled_up(dashboard, tab):
    task = make_task(dashboard, repository="acme/log", status=Status.RUNNING)
    tab.goto(f"{dashboard.url}/task?id={task.id}")
    expect(tab.get_by_text("The log begins when the machine is up.")).to_be_visible()
    say(dashboard, task, seq=3, numbers=range(1, 400))
    expect(tab.get_by_text("line 399 ")).to_be_in_viewport()
    tab.get_by_role("log").hover()
    tab.mouse.wheel(0, -1500)
    say(dashboard, task, seq=4, numbers=range(400, 410))
    expect(tab.get_by_text("409 lines")).to_be_visible()
    expect(tab.get_by_text("line 409 ")).not_to_be_in_viewport()
    tab.get_by_role("button", name="Jump to the newest line").click()
    expect(tab.get_by_text("line 409 ")).to_be_in_viewport()


def test_stop_asks_once_more_then_stops(dashboard, screen, own):
    task = make_task(dashboard, repository=own, issue_title="Stop me")
    screen.goto(f"{dashboard.url}/?repository={own}")
    card(screen, "Stop me").get_by_role("button", name="Stop").click()
    assert tasks.get(dashboard.db, task.id).status is Status.QUEUED
    card(screen, "Stop me").get_by_role("button", name="Stop it?").click()
    expect(card(screen, "Stop me")).to_contain_text("the operator stopped it before a machine was started.")
    assert tasks.get(dashboard.db, task.id).status is Status.CANCELLED
    card(screen, "Stop me").get_by_role("button", name="Retry").click()
    expect(screen.get_by_role("article", name="Waiting: Stop me")).to_be_visible()
    assert tasks.get(dashboard.db, task.id).status is Status.QUEUED


def test_hostile_words_are_only_words(dashboard, tab):
    task = make_task(dashboard, repository="acme/xss", issue_title=XSS, instructions=XSS, status=Status.SUCCEEDED,
                     summary=XSS, branch=XSS, pr_number=1, pr_url="javascript:document.title='owned'")  # fmt: skip
    say(dashboard, task, seq=9, numbers=[1], words=XSS)
    tab.goto(f"{dashboard.url}/?repository=acme/xss")
    expect(card(tab, XSS)).to_contain_text("<script>")
    assert tab.get_by_text("PR #1").get_attribute("href") is None
    tab.goto(f"{dashboard.url}/task?id={task.id}")
    expect(tab.get_by_role("heading", name=XSS)).to_be_visible()
    for name in ("Inputs", "Usage", "Pull request"):
        tab.get_by_role("tab", name=name).click()
    assert tab.title() == "Task · Porter"
    tab.goto(f"{dashboard.url}/task?id=" + "<script>document.title='owned'</script>")
    expect(tab.get_by_text("There is no such task")).to_be_visible()


def test_a_phone_needs_no_sideways_scroll(dashboard, phone):
    words = {"issue_title": "Un" + "breakable" * 30, "step": "/very/long/path" * 20, "branch": "porter/" + "x" * 120}
    task = make_task(dashboard, repository="acme/" + "long-name" * 8, status=Status.RUNNING, **words)
    say(dashboard, task, seq=9, numbers=[1], words="y" * 500)
    for path in ("/", f"/task?id={task.id}", "/deliveries"):
        phone.goto(dashboard.url + path)
        expect(phone.locator(".frame")).to_be_visible()
        expect(phone.locator("h1").first).to_be_visible()
        main = phone.locator("[data-testid=stMain]")
        assert main.evaluate("node => node.scrollWidth <= node.clientWidth"), path
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("link", name="Feed").click()
    expect(phone.get_by_role("heading", name="Feed")).to_be_visible()


def test_without_its_database_it_says_since_when_and_comes_back(tmp_path, screen):
    with serving(tmp_path) as dashboard:
        make_task(dashboard, issue_title="Still to be seen", status=Status.RUNNING)
        screen.goto(dashboard.url)
        expect(card(screen, "Still to be seen")).to_be_visible()
        sql(dashboard, "alter table tasks rename to tasks_away")
        expect(screen.get_by_text("The database has not answered since")).to_be_visible()
        expect(card(screen, "Still to be seen")).to_be_visible()
        expect(screen.locator("[data-testid=stException]")).to_have_count(0)
        sql(dashboard, "alter table tasks_away rename to tasks")
        expect(screen.get_by_text("The database has not answered since")).to_have_count(0)
        make_task(dashboard, issue_title="Asked for since")
        expect(card(screen, "Asked for since")).to_be_visible()


def test_streamlit_run_shows_the_same_dashboard(tmp_path, tab):
    script = ["streamlit", "run", "dashboard/app.py", "--server.port"]
    with serving(tmp_path, script=script) as dashboard:
        tab.goto(dashboard.url)
        expect(tab.get_by_role("heading", name="No tasks yet")).to_be_visible()
        expect(tab.locator(".frame")).to_be_visible()


def test_an_error_that_nobody_foresaw_is_a_sentence_too(tmp_path, tab):
    with serving(tmp_path) as dashboard:
        task = make_task(dashboard, issue_title="Broken row")
        sql(dashboard, "update runs set kind = 'of another age'")
        tab.goto(f"{dashboard.url}/task?id={task.id}")
        expect(tab.get_by_text("This page met an error that nobody foresaw.")).to_be_visible()
        expect(tab.locator("[data-testid=stException]")).to_have_count(0)
        tab.get_by_role("link", name="Feed").click()
        expect(card(tab, "Broken row")).to_be_visible()


def test_in_production_the_password_stands_before_everything(tmp_path, browser):
    environment = PRODUCTION | {"DATABASE_URL": f"sqlite:///{tmp_path / 'porter.db'}"}
    with serving(tmp_path, **environment) as dashboard:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(dashboard.url)
        with browser.new_context(http_credentials={"username": "tom", "password": "open sesame"}) as known:
            page = known.new_page()
            page.goto(dashboard.url)
            expect(page.get_by_role("heading", name="No tasks yet")).to_be_visible()
            expect(page.locator(".frame")).to_contain_text("tom")


def say(dashboard, task, *, seq, numbers, words=""):
    lines = [builders.log_line(task, n, words or f"line {n} of the log", at=now()) for n in numbers]
    builders.tell(dashboard.db, task, now=now(), seq=seq, lines=lines)


def sql(dashboard, statement):
    with dashboard.db.write() as connection:
        connection.execute(text(statement))
