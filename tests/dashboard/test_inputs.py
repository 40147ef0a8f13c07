"""The inputs of a task: before the launch what was asked for, behind it what was decided and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from dashboard import inputs
from jobs import settings
from jobs.config import Config
from jobs.settings import Layers
from store import runs
from store.database import Database
from tests.dashboard.builders import make_task


@pytest.fixture
def db(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'porter.db')}")
    yield database
    database.close()


def shown(rows: list[inputs.Row]) -> dict[str, tuple[str, str]]:
    return {row["name"]: (row["value"], row["source"]) for row in rows}


def test_what_was_decided_is_shown_with_where_it_came_from(db: Database, tmp_path: Path) -> None:
    task = make_task(db, priority="high")
    asked = Layers(
        flags={"agent": "codex", "timeout_seconds": 90},
        file={"setup": ["npm ci", "npm run build"], "draft": True},
        everyone={"model": "m9", "default_agent": "codex"},
    )
    kept = settings.resolve(asked, Config(PORTER_DATA_DIR=tmp_path)).to_json()
    seen = shown(inputs.rows(task, [replace(runs.get(db, task.run_id), inputs=kept)], zone=UTC))
    assert seen["Agent"] == ("codex", "asked for")
    assert seen["Model"] == ("m9", "the settings for everybody")
    assert seen["Time limit"] == ("1 min 30 s", "asked for")
    assert seen["Set-up"] == ("npm ci\nnpm run build", "the repository's .porter file")
    assert seen["Draft"] == ("yes", "the repository's .porter file")
    assert seen["Tests"] == ("none", "Porter's default")
    assert "Most files" not in seen and "Without tests" not in seen  # nobody said anything about them
    assert seen["Asked by"][0] == "maria"


def test_before_the_launch_only_what_was_asked_for_is_known(db: Database) -> None:
    task = make_task(db, flags={"draft": True}, instructions="Mind the plus.")
    seen = shown(inputs.rows(task, [runs.get(db, task.run_id)], zone=UTC))
    assert seen["Model"] == ("decided at the launch", "")
    assert seen["Flags"] == ("--draft=True", "the command")
    assert seen["Instructions"] == ("Mind the plus.", "the command")
