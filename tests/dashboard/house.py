"""A dashboard that people sign in to, as a process of its own, beside an intake and a GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page

from porter.supervisor import free_port
from store import migrate
from tests.dashboard.conftest import ROOT, _wait_until_healthy
from tests.signing_in import Place, opened


@dataclass(frozen=True)
class House:
    """The Porter behind it, and the dashboard's address."""

    place: Place
    url: str


def own_address() -> str:
    """One on this computer that nobody listens at, or will before we do."""
    return f"http://127.0.0.1:{free_port(0)}"


@contextmanager
def started(folder: Path, url: str, environment: Mapping[str, str]) -> Iterator[None]:
    """A dashboard at `url`, until the block ends."""
    told = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    argv = [sys.executable, "-m", "uvicorn", "dashboard.asgi:app", "--port", url.rpartition(":")[2]]
    with (folder / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env=told, stdout=log, stderr=log)
    try:
        _wait_until_healthy(url, process, folder / "dashboard.log")
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def standing(folder: Path) -> Iterator[House]:
    """All of it, with an empty database; maria is an admin."""
    migrate.upgrade(f"sqlite:///{folder / 'porter.db'}")
    url = own_address()
    with (
        opened(folder, folder / "porter.db", clock=lambda: datetime.now(UTC), dashboard=url) as place,
        started(folder, url, place.environment(url)),
    ):
        yield House(place, url)


def sign_in(page: Page, house: House, who: str, path: str = "/") -> None:
    """On GitHub's page, as `who`; ends at `path`."""
    page.goto(f"{house.url}{path}")
    page.get_by_role("button", name="Sign in with GitHub").click()
    page.get_by_text(who, exact=True).click()
    page.get_by_role("button", name="Authorize Porter").click()
