"""Roles in a real browser: given by an admin, felt at once in open pages, and asked of GitHub where it knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from store import installations, members, settings, tables, tasks
from store.members import Role
from tests.dashboard.builders import make_task
from tests.dashboard.house import House, sign_in, standing

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with standing(tmp_path_factory.mktemp("members")) as it:
        stage = it.place.stage
        seen = installations.RepositoriesSeen(stage.installation, [("acme/widgets", 1, False)])
        with it.place.services.db.write() as connection:
            installations.repositories_seen(connection, seen, now=it.place.services.clock())
        yield it


@pytest.fixture(autouse=True)
def afresh(house: House) -> None:
    """Each begins with nobody known, also when it is tried once more."""
    with house.place.services.db.write() as connection:
        for table in (tables.members, tables.browser_sessions, tables.settings):
            connection.execute(table.delete())


@pytest.fixture
def pages(browser: Browser) -> Iterator[list[Page]]:
    """Two people's browsers."""
    contexts = [browser.new_context(viewport={"width": width, "height": 900}) for width in (1280, 1280)]
    found = [context.new_page() for context in contexts]
    for page in found:
        page.set_default_timeout(60_000)
    yield found
    for context in contexts:
        context.close()


def person(page: Page, login: str):
    return page.get_by_role("group", name=login, exact=True)


def test_a_viewer_is_one_at_once_and_whoever_is_sent_away_is_out(house: House, pages: list[Page]) -> None:
    maria, tom = pages
    task = make_task(house.place.services.db, issue_title="To be stopped by nobody")
    sign_in(tom, house, "tom")
    card = tom.get_by_role("article").filter(has_text="To be stopped by nobody")
    expect(card.get_by_role("button", name="Stop")).to_be_visible()

    sign_in(maria, house, "maria", "/settings?tab=members")
    expect(person(maria, "maria").get_by_role("combobox", name="Role of maria")).to_be_disabled()
    person(maria, "tom").get_by_role("combobox", name="Role of tom").select_option("viewer")
    expect(person(maria, "tom")).to_contain_text("Saved: a viewer.")
    expect(person(maria, "tom")).to_contain_text("Viewer by maria")

    card.get_by_role("button", name="Stop").click()
    card.get_by_role("button", name="Stop it?").click()
    expect(tom.get_by_text("You are a viewer here")).to_be_visible()
    assert tasks.get(house.place.services.db, task.id).is_live
    tom.goto(f"{house.url}/dispatch")
    expect(tom.get_by_text("You are a viewer here")).to_be_visible()
    expect(tom.locator(".frame .foot")).to_contain_text("Viewer")

    person(maria, "tom").get_by_role("button", name="Sign tom out everywhere").click()
    person(maria, "tom").get_by_role("button", name="Sign tom out everywhere").click()
    expect(person(maria, "tom")).to_contain_text("tom is signed out everywhere.")
    expect(tom.get_by_text("You are signed out.")).to_be_visible()


def test_who_is_named_admin_gets_all_that_admins_have(house: House, pages: list[Page]) -> None:
    maria, tom = pages
    sign_in(tom, house, "tom", "/settings")
    expect(tom.get_by_role("navigation", name="Settings").get_by_role("link")).to_have_text(["Repositories", "Yours"])
    expect(tom.get_by_role("navigation", name="Pages").get_by_role("link", name="Set-up")).to_have_count(0)

    sign_in(maria, house, "maria", "/settings?tab=members")
    maria.get_by_role("textbox", name="Login on GitHub").fill("no login")
    maria.get_by_role("button", name="Give role").click()
    expect(maria.get_by_text("That is no login on GitHub")).to_be_visible()
    maria.get_by_role("textbox", name="Login on GitHub").fill("@tom")
    maria.get_by_role("combobox", name="Role to give").select_option("admin")
    maria.get_by_role("button", name="Give role").click()
    expect(maria.get_by_text("tom is an admin now.")).to_be_visible()

    expect(tom.get_by_role("navigation", name="Pages").get_by_role("link", name="Set-up")).to_be_visible()
    expect(tom.get_by_role("navigation", name="Settings").get_by_role("link", name="Members")).to_be_visible()
    found = members.find(house.place.services.db, "tom")
    assert found is not None and found.role is Role.ADMIN


def test_a_repositorys_admin_sets_it_as_long_as_github_calls_them_one(
    house: House, pages: list[Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    tom, people = pages[1], house.place.stage.repository.collaborators
    monkeypatch.setitem(people, "tom", "admin")
    sign_in(tom, house, "tom", "/settings?tab=repositories&repo=acme/widgets")
    limit = tom.get_by_role("group", name="Time limit")
    expect(limit.get_by_role("textbox")).to_be_enabled()
    expect(tom.get_by_role("region", name="Its own keys")).to_be_visible()
    limit.get_by_role("textbox").fill("20m")
    limit.get_by_role("textbox").press("Enter")
    expect(limit).to_contain_text("20m · set for this repository")
    assert settings.of_scope(house.place.services.db, "repo:acme/widgets") == {"timeout": 1200}

    monkeypatch.setitem(people, "tom", "write")
    limit.get_by_role("textbox").fill("40m")
    limit.get_by_role("textbox").press("Enter")
    expect(limit.get_by_role("alert")).to_contain_text("GitHub does not call tom an admin of acme/widgets")
    assert settings.of_scope(house.place.services.db, "repo:acme/widgets") == {"timeout": 1200}


def test_who_may_only_read_a_repository_looks_at_its_settings(
    house: House, pages: list[Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages[0]
    monkeypatch.setitem(house.place.stage.repository.collaborators, "eve", "read")
    page.set_viewport_size({"width": 390, "height": 844})
    with house.place.services.db.write() as connection:
        installations.repositories_seen(
            connection,
            installations.RepositoriesSeen(house.place.stage.installation, [("acme/vault", 2, True)]),
            now=house.place.services.clock(),
        )
    db, now = house.place.services.db, house.place.services.clock()
    settings.put(db, "repo:acme/widgets", "timeout", 1200, by="maria", now=now)
    sign_in(page, house, "eve", "/settings?tab=repositories")
    expect(page.get_by_text("acme/widgets", exact=True)).to_be_visible()
    expect(page.get_by_text("acme/vault", exact=True)).to_have_count(0)
    page.get_by_text("acme/widgets", exact=True).click()
    expect(page.get_by_text("You may look; its admins on GitHub may change it.")).to_be_visible()
    expect(page.get_by_role("group", name="Time limit").get_by_role("textbox")).to_be_disabled()
    expect(page.get_by_role("group", name="Time limit")).to_contain_text("20m · set for this repository")
    expect(page.get_by_role("group", name="Silence limit").get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_role("region", name="Its own keys")).to_have_count(0)
    page.goto(f"{house.url}/settings?tab=repositories&repo=acme/vault")
    expect(page.get_by_text("GitHub does not let you read acme/vault")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
