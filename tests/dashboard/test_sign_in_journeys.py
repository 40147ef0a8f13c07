"""Somebody signs in with GitHub, sees what they may see, and signs out: in a real browser, over three servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from store import deliveries, settings, tables
from store.records import Delivery, Verdict
from tests.dashboard.builders import make_task
from tests.dashboard.conftest import open_menu
from tests.dashboard.house import House, sign_in, standing

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory.mktemp("signed-in")) as it:
        make_task(it.place.services.db, repository="acme/widgets", issue_title="Everybody's")
        make_task(it.place.services.db, repository="acme/vault", issue_title="Nobody's business")
        yield it


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def test_who_is_not_signed_in_sees_nothing_but_the_way_in(page: Page, house: House) -> None:
    page.goto(f"{house.url}/task?id=x")
    expect(page.get_by_role("heading", name="Porter", exact=True)).to_be_visible()
    assert page.url.startswith(f"{house.place.url}/api/auth/sign-in")
    refused = page.request.get(f"{house.url}/static/index.js", headers={"Accept": "*/*"})
    assert refused.status == 401


def test_signed_in_one_comes_to_the_page_one_wanted_and_signs_out(screen: Page, house: House) -> None:
    sign_in(screen, house, "maria", "/deliveries")
    expect(screen.get_by_role("heading", name="Why nothing happened")).to_be_visible()
    expect(screen.locator(".frame .foot")).to_contain_text("maria")
    assert "porter_session" not in screen.evaluate("document.cookie")
    open_menu(screen)
    screen.get_by_role("button", name="Sign out").click()
    expect(screen.get_by_text("You are signed out, in every browser.")).to_be_visible()
    screen.goto(house.url)
    expect(screen.get_by_role("button", name="Sign in with GitHub")).to_be_visible()


def test_the_file_of_history_holds_what_one_may_read_and_no_more(page: Page, house: House) -> None:
    sign_in(page, house, "tom", "/history")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text()
    assert "Everybody's" in text
    assert "Nobody's business" not in text
    assert "acme/vault" not in text


def test_a_page_left_open_shows_nothing_new_after_its_sign_in_ended(page: Page, house: House) -> None:
    sign_in(page, house, "maria")
    expect(page.get_by_text("Everybody's")).to_be_visible()
    with house.place.services.db.write() as connection:
        connection.execute(tables.browser_sessions.delete())
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_text("Everybody's")).to_be_hidden()


def test_one_sees_the_repositories_that_github_lets_one_read(page: Page, house: House) -> None:
    sign_in(page, house, "tom")
    expect(page.get_by_text("Everybody's")).to_be_visible()
    expect(page.get_by_text("Nobody's business")).to_be_hidden()


def test_who_is_no_admin_sees_and_sets_only_their_own(page: Page, house: House) -> None:
    sign_in(page, house, "tom", "/settings?tab=secrets")
    tabs = page.get_by_role("navigation", name="Settings")
    expect(tabs.get_by_role("link")).to_have_text(["Repositories", "Yours"])
    expect(page.get_by_text("For what tom asks for.")).to_be_visible()
    expect(page.get_by_role("group", name="ANTHROPIC_API_KEY of tom")).to_be_visible()
    page.get_by_role("group", name="Silence limit").get_by_role("textbox").fill("20m")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="Silence limit")).to_contain_text("20m · set by you")
    assert settings.of_scope(house.place.services.db, "user:tom") == {"stall": 1200}


def test_operations_are_for_admins_and_others_see_the_deliveries_of_their_repositories(
    page: Page, house: House
) -> None:
    now, db = datetime.now(UTC), house.place.services.db
    for name in ("acme/widgets", "acme/vault"):
        one = Delivery(f"of-{name}", "issues", now, Verdict.IGNORED, f"about {name}", None, "opened", name, "maria")
        deliveries.accept(db, one, now=now)
    sign_in(page, house, "tom", "/operations?tab=audit")
    expect(page.get_by_text("About acme/widgets.")).to_be_visible()
    expect(page.get_by_text("About acme/vault.")).to_have_count(0)
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_role("button", name="Redeliver")).to_have_count(0)


def test_set_up_is_for_admins(page: Page, house: House) -> None:
    sign_in(page, house, "tom", "/setup")
    expect(page.get_by_text("Set-up is for admins")).to_be_visible()
    expect(page.get_by_role("heading", name="GitHub App", exact=True)).to_have_count(0)


def test_who_may_read_and_not_write_stops_nothing(page: Page, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.place.stage.repository.collaborators, "tom", "read")
    sign_in(page, house, "tom")
    card = page.get_by_role("article").filter(has_text="Everybody's")
    card.get_by_role("button", name="Stop").click()
    card.get_by_role("button", name="Stop it?").click()
    expect(page.get_by_text("GitHub does not let tom write to acme/widgets, so nothing was done.")).to_be_visible()
    with house.place.services.db.read() as connection:
        assert set(connection.execute(select(tables.tasks.c.status)).scalars()) == {"queued"}


def test_who_may_not_write_starts_nothing_and_keeps_their_words(
    screen: Page, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(house.place.stage.repository.collaborators, "eve", "read")
    sign_in(screen, house, "eve", "/dispatch?repository=acme/widgets")
    words = screen.get_by_label("What should be done")
    words.fill("Change everything")
    screen.get_by_role("button", name="Dispatch").click()
    expect(screen.get_by_text("GitHub does not let eve write to acme/widgets, so nothing was started.")).to_be_visible()
    expect(words).to_have_value("Change everything")


def test_the_address_of_a_task_that_is_nobody_elses_business_leads_nowhere(page: Page, house: House) -> None:
    hidden = make_task(house.place.services.db, repository="acme/vault", issue_title="Nobody's business")
    sign_in(page, house, "tom", f"/task?id={hidden.id}")
    expect(page.get_by_text("There is no such task")).to_be_visible()
    page.goto(f"{house.url}/review?id={hidden.id}")
    expect(page.get_by_text("There is no such task")).to_be_visible()
    page.goto(f"{house.url}/dispatch?repository=acme/vault")
    expect(page.get_by_role("combobox", name="Repository")).to_have_value("acme/vault")
    page.get_by_label("What should be done").fill("Look around")
    page.get_by_role("button", name="Dispatch").click()
    expect(page.get_by_text("GitHub does not let you read acme/vault")).to_be_visible()
