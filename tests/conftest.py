"""What every test may ask for: a clock that stands still, and a migrated database on each dialect."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import text

from store import migrate, tables
from store.database import Database
from tests import many_apps, postgres
from tests.programs import missing, require

CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--disable-quic",
         "--force-prefers-reduced-motion"]  # fmt: skip
DIALECTS = [pytest.param("sqlite"), pytest.param("postgres", marks=pytest.mark.postgres)]


many_apps.make_cheap()

# A real browser, the processes of a whole Porter, a real CLI: what a machine busy with something else can hold up.
_OUT_OF_OUR_HANDS = ("browser", "demo", "start")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Such tests get a second try, which the summary tells of (docs/decisions/0010-a-second-try.md)."""
    files = {item.path: "" for item in items}
    for item in items:
        for kind in _OUT_OF_OUR_HANDS:
            if kind in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.flaky(reruns=1))
                files[item.path] = files[item.path] or kind
                break
    places = _spread(files)
    items.sort(key=lambda item: places[item.path])


def _spread(files: Mapping[Path, str]) -> dict[Path, float]:
    """Where in a run each file comes, by kind: those of one kind side by side would hold up each other."""
    places: dict[Path, float] = {}
    for kind in set(files.values()):
        alike = [path for path in files if files[path] == kind]
        ends = 0.9 if kind else 1.0  # the last ones are quick, so that no worker is left alone with a slow one
        places |= {path: ends * number / len(alike) for number, path in enumerate(alike)}
    return places


@dataclass
class Clock:
    """A clock that goes only when told to."""

    now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.server())
        except postgres.NoPostgres as error:
            missing(str(error))
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    with postgres.scratch_database(postgres_server) as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "porter.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated, empty database; the test runs once on each dialect."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "porter.db")
        return f"sqlite:///{copy}"
    url: str = request.getfixturevalue("migrated_postgres")
    _empty(url)
    return url


@pytest.fixture(params=DIALECTS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with postgres.scratch_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def _empty(url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("truncate " + ", ".join(tables.metadata.tables) + " restart identity cascade"))
    database.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all: Playwright's synchronous half cannot be started twice in a process."""
    path = require("chromium")
    expect.set_options(timeout=45_000)  # the machine may be busy
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield running
        running.close()
