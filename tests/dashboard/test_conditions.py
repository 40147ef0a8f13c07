"""Every page in each of its conditions, at both widths: its content or one plain sentence, and nothing out of place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from dashboard.operations import TABS as OPERATIONS
from dashboard.settings_tabs import TABS as SETTINGS
from tests.dashboard import conditions
from tests.dashboard.conditions import Stages
from tests.dashboard.examining import Viewer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # the first look at a full page, on a busy machine

PLACES = {
    "feed": "/",
    "task": "/task?id={task}",
    "review": "/review",
    "pull": "/review?id={pull}",
    "dispatch": "/dispatch?repository=acme/widgets",
    "history": "/history",
    "insights": "/insights",
    "setup": "/setup",
    "repository": "/settings?tab=repositories&repo=acme/widgets",
    **{f"settings-{tab}": f"/settings?tab={tab}" for tab in SETTINGS},
    **{f"operations-{tab}": f"/operations?tab={tab}" for tab in OPERATIONS},
}
MAIN = ("feed", "task", "review", "pull", "dispatch", "history", "insights", "setup", "settings-agents")
USE_REDIS = ("feed", "dispatch", "setup", "settings-agents", "operations-queues", "operations-health")
ASK_GITHUB = ("task", "pull", "dispatch", "setup", "repository", "settings-github", "operations-health")
CONDITIONS = {
    "empty": (conditions.empty, MAIN),
    "full": (conditions.full, PLACES),
    "no-redis": (conditions.without_redis, USE_REDIS),
    "no-github": (conditions.without_github, ("feed", *ASK_GITHUB)),
    "silent-github": (conditions.with_silent_github, ("pull", "dispatch", "setup")),
}
CASES = [
    pytest.param(name, place, id=f"{name}-{place}") for name, (_, places) in CONDITIONS.items() for place in places
]
# What a reader must be told, besides the page's own words.
TOLD = {
    ("empty", "feed"): "No tasks yet",
    ("empty", "task"): "There is no such task",
    ("empty", "review"): "Nothing waits for you",
    ("full", "pull"): "The change",
    ("full", "operations-queues"): "finish task 7",
    ("no-redis", "operations-queues"): "Redis does not answer. No task is lost",
    ("no-github", "pull"): "GitHub does not answer just now",
    ("no-github", "dispatch"): "GitHub does not answer, so its issues cannot be listed",
    ("no-github", "repository"): "The repository's own file could not be read",
    ("silent-github", "pull"): "GitHub is being asked for the change",
}


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    shown = Stages({name: way for name, (way, _) in CONDITIONS.items()}, tmp_path_factory.mktemp("stages"))
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def viewer(browser: Browser) -> Iterator[Viewer]:
    """One tab for all: what the browser keeps of Streamlit's scripts need not be read again."""
    with browser.new_context() as context:
        yield Viewer(context.new_page())


@pytest.mark.parametrize(("condition", "place"), CASES)
def test_a_page_shows_what_there_is_or_says_what_is_away(stages, viewer, condition, place):
    viewer.open(stages.show(condition).at(PLACES[place]))
    if words := TOLD.get((condition, place)):
        expect(viewer.page.get_by_text(words).first).to_be_visible()
    look = viewer.look_closely if condition == "full" and (place in MAIN or "settings" in place) else viewer.look
    assert list(look()) == []
