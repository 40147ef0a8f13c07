"""A dashboard as people run it (uvicorn, a process of its own) and a browser to look at it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from porter.supervisor import free_port
from store import migrate
from store.database import Database

ROOT = Path(__file__).parent.parent.parent
KEYS = "v1:" + base64.b64encode(b"k" * 32).decode()


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard and the database under it."""

    url: str
    db: Database
    folder: Path  # of its database and its log


@contextmanager
def serving(folder: Path, *, script: list[str] | None = None, **environment: str) -> Iterator[Dashboard]:
    """A dashboard over a new SQLite database in `folder`, until the block ends; `script` instead of uvicorn."""
    url = f"sqlite:///{folder / 'porter.db'}"
    migrate.upgrade(url)
    told = {"PATH": os.environ["PATH"], "HOME": str(folder), "PORTER_DATA_DIR": str(folder), "PORTER_VAULT_KEYS": KEYS}
    port = free_port(0)
    argv = [sys.executable, "-m", *(script or ["uvicorn", "dashboard.asgi:app", "--port"]), str(port)]
    with (folder / "dashboard.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env=told | environment, stdout=log, stderr=log)
    database = Database(url)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process, folder / "dashboard.log")
        yield Dashboard(f"http://127.0.0.1:{port}", database, folder)
    finally:
        database.close()
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waited for in any case: what is left behind is a warning in a test that has nothing to do with it."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_healthy(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 75  # the machine may be busy
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"the dashboard did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture
def tab(browser):
    """A desktop tab that fails the test when the page raises an error or asks anybody but the dashboard."""
    yield from _tab(browser, 1280, 900)


@pytest.fixture
def phone(browser):
    yield from _tab(browser, 390, 844)


@pytest.fixture(params=[pytest.param((1280, 900), id="1280"), pytest.param((390, 844), id="390")])
def screen(request, browser):
    """A tab as wide as a desktop's, then one as wide as a phone's: for what must work on both."""
    yield from _tab(browser, *request.param)


@pytest.fixture
def own():
    """A repository of this test alone, also when it is tried once more: the dashboard is shared."""
    return f"acme/r{uuid4().hex[:8]}"


def frames(page, event="framesent"):
    """What the page tells the server from now on (or, `framereceived`, hears from it), as it comes."""
    seen = []
    page.on("websocket", lambda socket: socket.on(event, lambda frame: seen.append(str(frame))))
    return seen


def open_menu(page):
    """Unfold the menu where the screen is too narrow for it to stand open."""
    expect(page.locator(".frame")).to_be_visible()
    button = page.get_by_role("button", name="Menu")
    if button.is_visible():
        button.click()


def go(page, name):
    """By the menu to the page of this name."""
    open_menu(page)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def _tab(browser, width, height):
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda request: faults.append(f"outside: {request.url}") if _is_outside(request.url) else None)
    yield page
    context.close()
    assert faults == []


def _is_outside(address: str) -> bool:
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:"))
