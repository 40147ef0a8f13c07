"""A dashboard with a GitHub behind it, for what a person does in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from store.records import Task
from tests.dashboard.conftest import Dashboard, serving
from tests.dashboard.forge import Forge, forge

HEADER = "The export lacks a header"  # an issue that is there from the start


@dataclass(frozen=True)
class Desk:
    """A dashboard and the GitHub behind it."""

    dashboard: Dashboard
    github: Forge

    def pull(self, title: str, *files: dict[str, str], **more: Any) -> Task:
        return self.github.pull(self.dashboard.db, title, *files, **more)

    def url(self, path: str) -> str:
        return self.dashboard.url + path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with forge(tmp_path_factory.mktemp("forge")) as github:
        github.world.limits.content_per_minute = None
        # Before anybody lists the issues: Porter keeps the list for a while.
        github.world.add_issue(github.repository, "maria", HEADER, "The first line should name the columns.", ["bug"])
        with serving(tmp_path_factory.mktemp("dashboard"), **github.environment) as dashboard:
            github.known_to(dashboard.db)
            yield Desk(dashboard, github)
