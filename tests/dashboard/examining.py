"""What is wrong with a page as it stands in the browser: by our own rules, and by those of WCAG."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

Colours = Literal["light", "dark"]

_OURS = (Path(__file__).parent / "examine.js").read_text()
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
WAYS: tuple[tuple[str, Colours], ...] = (("desktop", "dark"), ("phone", "light"))


class Viewer:
    """A tab that remembers what its pages complained of. `patience` in seconds: what is wrong for less is no fault."""

    def __init__(self, page: Page, *, patience: float = 6.0) -> None:
        self.page = page
        self._patience = patience
        self._heard: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self._heard.append(f"an error in the page: {error}"))
        page.on("console", self._listen)

    def open(self, address: str) -> None:
        """Load a page and wait until it is there: a heading of its own, and no bones over it."""
        self.page.goto("about:blank")  # what was open before complains when its dashboard ends
        self._heard.clear()
        self.page.set_viewport_size(SIZES["desktop"])
        self.page.goto(address)
        expect(self.page.locator("h1:visible").first).to_be_visible()
        expect(self.page.locator("#porter-skeleton")).to_have_count(0)

    def look(self) -> Iterator[str]:
        """At both widths: what is wrong, and what the browser complained of."""
        for name in SIZES:
            yield from self._seen(name)
        yield from self._heard

    def look_closely(self) -> Iterator[str]:
        """The same, and what WCAG forbids: each width and each colour once."""
        for name, colours in WAYS:
            self.page.emulate_media(color_scheme=colours)
            yield from self._seen(name)
            yield from (f"{name}, {colours}: {one}" for one in self._lasting(lambda: barriers(self.page)))
        yield from self._heard

    def _seen(self, size: str) -> list[str]:
        self.page.set_viewport_size(SIZES[size])
        return [f"{size}: {one}" for one in self._lasting(lambda: list(self.page.evaluate(_OURS)))]

    def _lasting(self, look: Callable[[], list[str]]) -> list[str]:
        """What is wrong for longer than a page needs that has just been given other colours or another width."""
        until = time.monotonic() + self._patience
        while (found := look()) and time.monotonic() < until:
            self.page.wait_for_timeout(250)
        return found

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"in the console: {message.text} {message.location.get('url', '')}")


def barriers(page: Page) -> list[str]:
    """What axe finds, in every shadow root; nothing of the page is left out."""
    found: list[dict[str, Any]] = Axe().run(page, options=_RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]
