"""PostgreSQL goes away under open pages: each keeps what it showed and says so, and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from store import migrate
from tests import postgres
from tests.dashboard import conditions
from tests.dashboard.conditions import Stage
from tests.dashboard.examining import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.timeout(240)]

SENTENCE = "The database has not answered since"
PAGES = {
    "/": "Feed",
    "/task?id={task}": "Login fails with a plus sign in the address",
    "/review": "Review",
    "/review?id={pull}": "Login fails with a plus sign in the address",
    "/dispatch": "New task",
    "/history": "History",
    "/insights": "Insights",
    "/settings": "Settings",
    "/operations?tab=deliveries": "Operations",
    "/setup": "Set-up",
}


@dataclass(frozen=True)
class House:
    """A dashboard over a database that can be taken away."""

    stage: Stage
    admin: str
    name: str

    def close(self) -> None:
        self._administer(f'alter database "{self.name}" allow_connections false')
        self._administer(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.name}'")  # noqa: S608

    def open(self) -> None:
        self._administer(f'alter database "{self.name}" allow_connections true')

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def house(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with postgres.scratch_database(postgres_server) as url:
        migrate.upgrade(url)
        with conditions.over(tmp_path_factory.mktemp("over"), url) as stage:
            yield House(stage, postgres_server, urlsplit(url).path[1:])


@pytest.fixture(scope="module")
def viewer(browser: Browser) -> Iterator[Viewer]:
    with browser.new_context() as context:
        yield Viewer(context.new_page())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.partition("?")[0][1:] or "feed")
def test_without_its_database_a_page_keeps_what_it_showed_and_opened_anew_says_what_is_away(house, viewer, path):
    house.open()
    viewer.open(house.stage.at(path))
    page, title = viewer.page, viewer.page.get_by_role("heading", name=PAGES[path], level=1)
    expect(title).to_be_visible()
    house.close()
    _stir(page, path)
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    expect(title).to_be_visible()
    assert list(viewer.look()) == []
    viewer.open(house.stage.at(path))
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    assert list(viewer.look()) == []


def test_when_it_is_back_the_pages_are_back_by_themselves(house, viewer):
    house.close()
    viewer.open(house.stage.at("/"))
    expect(viewer.page.get_by_text(SENTENCE)).to_be_visible()
    house.open()
    expect(viewer.page.get_by_role("article").first).to_be_visible()
    expect(viewer.page.get_by_text(SENTENCE)).to_have_count(0)


def _stir(page: Page, path: str) -> None:
    """A reader who asks for something is told at once; what is past is looked at anew only now and then."""
    if path == "/history":
        page.get_by_role("combobox", name="Outcome").select_option(index=1)
    if path == "/insights":
        page.get_by_role("button", name="7 days").click()
    if path == "/review":
        page.get_by_role("button", name="Merged").click()
