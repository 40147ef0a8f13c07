"""The stage of the jobs' tests, on SQLite: the store's own tests hold both dialects to the same behaviour."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from store.database import Database
from tests.conftest import Clock
from tests.jobs import notify_stage
from tests.jobs import stage as stages
from tests.jobs.notify_stage import House
from tests.jobs.stage import Stage


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def stage(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Stage]:
    copy = shutil.copy(migrated_sqlite, tmp_path / "porter.db")
    database = Database(f"sqlite:///{copy}")
    with stages.opened(tmp_path, database) as opened:
        yield opened
    database.close()


@pytest.fixture
def house(tmp_path: Path, migrated_sqlite: Path, clock: Clock) -> Iterator[House]:
    """Porter without a GitHub, for what needs none."""
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    yield notify_stage.house(tmp_path, database, clock)
    database.close()
