"""Each broken precondition yields one precise fix; nothing is green that was not tested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulators.github import create_app
from jobs import bootstrap, preconditions, self_test
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.dispatching import CannotDispatch
from jobs.roster import Roster
from store import installations, migrate, settings, vault
from tests.emulators.github_stage import APP_ID, Stage, key_pair, opened
from tests.signing_in import served

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
KEYS = f"v1:{'A' * 43}="


def porter(folder: Path, *, tables: bool = True, **given: str) -> Services:
    if tables:
        migrate.upgrade(f"sqlite:///{folder / 'porter.db'}")
    told = {"PORTER_DATA_DIR": str(folder), "PORTER_VAULT_KEYS": KEYS, "REDIS_URL": "redis://127.0.0.1:1/0"} | given
    return bootstrap.build(Config.model_validate(told), clock=lambda: NOW)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path / "github") as stage:
        yield stage


@pytest.fixture
def github(stage: Stage) -> Iterator[str]:
    with served(create_app(stage.world)) as url:
        yield url


def test_without_tables_each_check_still_answers_and_the_first_fix_is_the_migration(tmp_path: Path) -> None:
    services = porter(tmp_path, tables=False)
    found = {one.name: one for one in preconditions.all_of(services)}
    assert found["schema"].fix == "Run `porter migrate`."
    assert found["agent"].ok is None
    assert not preconditions.is_well(found.values())
    services.db.close()


def test_an_app_that_lacks_a_permission_and_an_event_is_told_which(tmp_path: Path, stage: Stage, github: str) -> None:
    given = {"GITHUB_APP_ID": str(APP_ID), "GITHUB_APP_PRIVATE_KEY": key_pair()[0], "GITHUB_API_URL": f"{github}/api"}
    services = porter(tmp_path, **given)
    assert preconditions.app(services).ok is True
    stage.app.permissions["issues"] = "read"
    stage.app.events.remove("push")
    lacking = preconditions.app(services)
    assert lacking.ok is False
    assert lacking.fix.endswith(": issues: write, the event push.")
    services.db.close()


def test_an_app_whose_key_github_does_not_take_is_told(tmp_path: Path, github: str) -> None:
    given = {"GITHUB_APP_ID": "9", "GITHUB_APP_PRIVATE_KEY": key_pair()[0], "GITHUB_API_URL": f"{github}/api"}
    services = porter(tmp_path, **given)
    refused = preconditions.app(services)
    assert (refused.ok, refused.fix) == (False, "Set GITHUB_APP_ID and the private key of that App.")
    services.db.close()


def test_an_address_that_github_cannot_reach_is_the_webhooks_fix(tmp_path: Path) -> None:
    services = porter(tmp_path, GITHUB_APP_ID="9", GITHUB_APP_PRIVATE_KEY="x")
    assert preconditions.webhook(services).fix.startswith("Set PORTER_URL to an address that GitHub can reach")
    services.db.close()


def test_a_key_makes_the_agent_green_and_switching_it_off_takes_that_back(tmp_path: Path) -> None:
    services = porter(tmp_path)
    assert "`porter secret set ANTHROPIC_API_KEY`" in preconditions.agent(services).fix
    vault.put(services.db, services.vault, "global", "ANTHROPIC_API_KEY", "k", by="maria", now=NOW)
    assert preconditions.agent(services).ok is True
    for name in ("claude-code", "opencode", "aider", "amp", "gemini", "codex"):
        settings.put(services.db, settings.GLOBAL, f"enabled:{name}", False, by="maria", now=NOW)
    assert preconditions.agent(services).ok is False
    services.db.close()


def test_one_self_test_at_a_time_and_its_end_is_told(tmp_path: Path) -> None:
    services = porter(tmp_path)
    assert preconditions.first_task(services).ok is None
    task = self_test.start(services, Roster("mock"), "acme/widgets", by="maria")
    assert (task.agent, task.issue_number) == ("mock", None)
    assert preconditions.first_task(services).text == "The self-test is under way."
    with pytest.raises(CannotDispatch, match="under way already"):
        self_test.start(services, Roster("mock"), "acme/widgets", by="maria")
    assert installations.repositories(services.db) == []
    services.db.close()


def test_a_start_logs_what_is_missing_and_asks_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    services = porter(tmp_path)
    preconditions.tell(services)
    said = [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "startup_check"]
    assert any(line.startswith("GitHub App: There is no GitHub App yet.") for line in said)
    assert any("`porter secret set" in line for line in said)
    services.db.close()
