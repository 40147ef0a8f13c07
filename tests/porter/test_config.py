"""`porter config` sets, explains and unsets, in words that people can act on."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs import bootstrap
from jobs.errors import JobError
from porter.cli import cli
from porter.errors import StartError
from store import migrate
from store.database import Database
from tests.jobs.stage import opened


@pytest.fixture
def porter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "PORTER_DATA_DIR": str(tmp_path),
        "PORTER_VAULT_KEYS": "v1:" + base64.b64encode(b"k" * 32).decode(),
        "PORTER_DEFAULT_AGENT": "mock",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("DATABASE_URL", "GITHUB_APP_ID", "PORTER_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap, "_built", {})
    migrate.upgrade(f"sqlite:///{tmp_path / 'porter.db'}")

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ["config", *words])

    yield run
    bootstrap.from_environment().db.close()


def explained(porter, *words: str) -> dict[str, dict[str, object]]:
    done = porter("explain", "--repo", "Acme/Widgets", "--user", "Maria", "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_each_value_is_explained_with_its_source(porter):
    assert porter("set", "--global", "timeout", "30").output == "timeout is 1800 in global\n"
    porter("set", "--user", "maria", "timeout", "20")
    porter("set", "--repo", "acme/widgets", "skip_labels", '["wontfix"]')
    told = explained(porter)
    assert told["timeout_seconds"] == {"value": 1200, "source": "user"}
    assert told["skip_labels"] == {"value": ["wontfix"], "source": "repository"}
    assert told["agent"] == {"value": "mock", "source": "built-in"}
    assert explained(porter, "--agent", "claude")["agent"] == {"value": "claude-code", "source": "flag"}


def test_an_effort_that_the_agent_does_not_take_is_said_so(porter):
    porter("set", "--global", "effort", "high")
    words = ("explain", "--repo", "acme/widgets", "--user", "maria", "--agent")
    assert explained(porter, "--agent", "claude")["effort"] == {"value": "high", "source": "global"}
    assert "takes no effort" not in porter(*words, "claude").output
    assert "Gemini CLI takes no effort, so that setting is left out" in porter(*words, "gemini").output


def test_people_get_lines(porter):
    done = porter("explain", "--repo", "acme/widgets", "--user", "maria")
    assert any(line.split() == ["agent", "mock", "built-in"] for line in done.output.splitlines())
    assert "could not be read" in done.output  # there is no App here to ask GitHub by


def test_what_is_unset_counts_no_more(porter):
    porter("set", "--global", "model", "opus")
    porter("unset", "--global", "model")
    assert explained(porter)["model"] == {"value": None, "source": "built-in"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("set", "--global", "colour", "red"), "there is no setting", id="unknown"),
        pytest.param(("set", "--global", "timeout", "soon"), "minutes", id="value"),
        pytest.param(("set", "--user", "maria", "setup", "ls"), "cannot be set", id="scope"),
        pytest.param(("set", "--global", "default_agent", "hal"), "there is no agent", id="agent"),
        pytest.param(("set", "model", "opus"), "say for whom", id="nobody"),
        pytest.param(("set", "--global", "--user", "maria", "model", "opus"), "say for whom", id="two"),
        pytest.param(("set", "--repo", "widgets", "model", "opus"), "OWNER/NAME", id="repository"),
        pytest.param(("unset", "--global", "model"), "is not set", id="unset"),
        pytest.param(("explain", "--repo", "a/b", "--user", "c", "--agent", "hal"), "there is no agent", id="explain"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(porter, words: tuple[str, ...], said: str):
    done = porter(*words)
    assert isinstance(done.exception, (JobError, StartError))
    assert said in str(done.exception)
    assert all(value["source"] == "built-in" for value in explained(porter).values() if isinstance(value, dict))


def test_the_repositorys_file_and_its_mistakes_are_explained(tmp_path: Path, db: Database, monkeypatch):
    with opened(tmp_path, db) as stage:
        monkeypatch.setattr(bootstrap, "_built", {os.getpid(): stage.services})
        text = '{"model": "from-file",\n "colour": "red"}'
        stage.github.world.push(stage.github.repository, "tom", "main", {".porter/config.json": text})
        done = CliRunner().invoke(cli, ["config", "explain", "--repo", "acme/widgets", "--user", "maria", "--json"])
    told = json.loads(done.stdout)
    assert told["model"] == {"value": "from-file", "source": "file"}
    assert "line 2: `colour` is no setting" in told["note"]
