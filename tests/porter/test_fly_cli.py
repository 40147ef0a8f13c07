"""`porter fly` looks, saves and forgets, in words that people can act on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulators.fly import Server
from jobs import bootstrap
from porter.cli import cli
from porter.errors import StartError
from store import audit, migrate
from tests.emulators.fly_api import DEPLOY, world

Run = Callable[..., Result]


@pytest.fixture
def porter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    with Server(world(tmp_path / "fly")) as server:
        for name, value in {
            "PORTER_DATA_DIR": str(tmp_path),
            "PORTER_VAULT_KEYS": "v1:" + base64.b64encode(b"k" * 32).decode(),
            "PORTER_HOST": "fly",
            "PORTER_URL": "https://porter.example",
            "FLY_API_URL": server.url,
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("DATABASE_URL", "PORTER_ENV", "FLY_API_TOKEN", "FLY_APP_NAME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(bootstrap, "_built", {})
        migrate.upgrade(f"sqlite:///{tmp_path / 'porter.db'}")

        def run(*words: str, token: str = "") -> Result:
            return CliRunner().invoke(cli, ["fly", *words], input=token)

        yield run
        bootstrap.from_environment().db.close()


def test_a_token_is_read_from_standard_input_checked_saved_and_forgotten(porter: Run) -> None:
    before = porter("check")
    assert (before.exit_code, before.output.startswith("missing_token: there is no Fly token")) == (1, True)
    saved = porter("set", token=f"FlyV1 {DEPLOY}\n")
    assert (saved.exit_code, "ready: Fly is set up: the app porter" in saved.output) == (0, True)
    assert "warning: the image" in saved.output
    assert DEPLOY not in saved.output
    assert porter("check").exit_code == 0
    porter("forget")
    assert porter("check").exit_code == 1
    told = audit.latest(bootstrap.from_environment().db)
    assert {(one.who, one.action) for one in told} == {("operator", "secret_removed"), ("operator", "fly_changed")}
    assert DEPLOY not in str(told)
    assert isinstance(porter("forget").exception, StartError)


def test_what_fly_does_not_accept_ends_with_what_to_do(porter: Run) -> None:
    refused = porter("set", "--app", "missing", token=DEPLOY)
    assert refused.exit_code == 1
    assert "app_not_found: there is no app missing" in refused.output
    assert "next: check the name, or make it with `fly apps create missing`" in refused.output
