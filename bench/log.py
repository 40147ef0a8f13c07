"""How a long log behaves in a browser: a thousand lines as the baseline, fifty thousand beside them.

    ./run bench log [lines, default 50000]

A finished run's page in Chromium over the real dashboard: from opening it to its last line in view, and to the whole
log being there; the longest task of the page's one thread while it loads, is scrolled, searched, filtered (0: shorter
than 50 ms, which no browser tells of); the heap afterwards.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from playwright.sync_api import Browser, Page, expect, sync_playwright

from store.lifecycle import Status
from tests.conftest import CHROMIUM_FLAGS
from tests.dashboard import builders
from tests.dashboard.conftest import Dashboard, serving
from tests.programs import require

_BASELINE = 1_000
_WATCH = """
window.longest = 0;
const told = (list) => list.getEntries().forEach((one) => (window.longest = Math.max(window.longest, one.duration)));
new PerformanceObserver(told).observe({ type: "longtask", buffered: true });
"""
_LONGEST = "const was = window.longest; window.longest = 0; was"
Figures = dict[str, float]


def main() -> None:
    """Print each figure at both lengths, and the ratio."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    expect.set_options(timeout=300_000)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="porter-bench-"))
        dashboard = stack.enter_context(serving(Path(folder)))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=require("chromium"), args=CHROMIUM_FLAGS)
        _look(browser, dashboard, 100)  # the first page of a process pays for its imports
        base, long = _look(browser, dashboard, _BASELINE), _look(browser, dashboard, most)
        browser.close()
    print(f"{'in ms':<46} {_BASELINE:>10,} {most:>10,}   lines")
    for name, figure in long.items():
        ratio = f"{figure / base[name]:8.2f} of the baseline's" if base[name] else ""
        print(f"{name:<46} {base[name]:10.0f} {figure:10.0f}   {ratio}")


def _look(browser: Browser, dashboard: Dashboard, count: int) -> Figures:
    task_id = _fill(dashboard, count)
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(300_000)
        page.add_init_script(_WATCH)
        begun, found = perf_counter(), Figures()
        page.goto(f"{dashboard.url}/task?id={task_id}")
        expect(page.get_by_text(f"line {count} of the log")).to_be_in_viewport()
        found["its end in view"] = _since(begun)
        found["the page's longest task until then"] = page.evaluate(_LONGEST)
        expect(page.get_by_text(f"{count:,} lines", exact=True)).to_be_visible()
        found["the whole log there"] = _since(begun)
        found["longest task until then"] = _longest(page)
        for name, act in _deeds(page, count).items():
            begun = perf_counter()
            act()
            found[name] = _since(begun)
            found[f"longest task, {name}"] = _longest(page)
        found["heap, MB"] = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        return found


def _deeds(page: Page, count: int) -> dict[str, Callable[[], object]]:
    log, search = page.get_by_role("log"), page.get_by_role("searchbox", name="Search the log")
    level = page.get_by_role("combobox", name="Level")
    shown = page.locator(".log .count")

    def scroll() -> None:
        log.hover()
        for _ in range(40):
            page.mouse.wheel(0, -3000)
            page.wait_for_timeout(50)

    def seek(words: str, found: str) -> Callable[[], None]:
        def act() -> None:
            search.fill(words)
            expect(shown).to_have_text(found)

        return act

    def filtered() -> None:
        search.fill("")
        level.select_option("errors")
        expect(shown).to_have_text(f"{count // 100:,} of {count:,} lines")

    return {
        "scrolled up (40 times 50 ms)": scroll,
        "searched for “x”, in each": seek("x", f"{count:,} lines"),
        "searched for one line": seek("item 77:", f"1 of {count:,} lines"),
        "only errors": filtered,
    }


def _longest(page: Page) -> float:
    page.wait_for_timeout(300)  # the observer is told a moment later
    found: float = page.evaluate(_LONGEST)
    return found


def _since(begun: float) -> float:
    return (perf_counter() - begun) * 1e3


def _fill(dashboard: Dashboard, count: int) -> str:
    task = builders.make_task(dashboard.db, now=datetime.now(UTC), status=Status.SUCCEEDED)
    builders.long_log(dashboard.db, task, count, at=datetime.now(UTC))
    return task.id


if __name__ == "__main__":
    main()
