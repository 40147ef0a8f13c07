"""`porter member` names the first admin, and says who is what."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs import bootstrap
from porter.cli import cli
from porter.errors import StartError
from store import audit, migrate

Run = Callable[..., Result]


@pytest.fixture
def porter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    keys = "v1:" + base64.b64encode(b"k" * 32).decode()
    for name, value in {"PORTER_DATA_DIR": str(tmp_path), "PORTER_VAULT_KEYS": keys, "PORTER_ADMINS": "maria"}.items():
        monkeypatch.setenv(name, value)
    for name in ("DATABASE_URL", "PORTER_ENV", "GITHUB_APP_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap, "_built", {})
    migrate.upgrade(f"sqlite:///{tmp_path / 'porter.db'}")
    yield lambda *words: CliRunner().invoke(cli, ["member", *words])
    bootstrap.from_environment().db.close()


def test_somebody_is_made_an_admin_and_listed(porter: Run) -> None:
    assert porter("set", "tom", "admin").output == "tom is admin now\n"
    assert porter("list").output == "tom  admin  never signed in\n"
    [line] = audit.latest(bootstrap.from_environment().db)
    assert (line.who, line.what) == ("operator", "member/tom")


def test_what_cannot_be_is_a_sentence(porter: Run) -> None:
    for login, words in (("a b", "no login on GitHub"), ("maria", "PORTER_ADMINS")):
        refused = porter("set", login, "viewer").exception
        assert isinstance(refused, StartError)
        assert words in str(refused)
