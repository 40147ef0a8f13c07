"""What the settings page shows and takes, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from dashboard import fields, members, settings_acts, settings_places, settings_reads, settings_tabs
from dashboard.settings_acts import NOT_YOURS, Outcome
from jobs import bootstrap, changing, fly_verdict, roster
from jobs.bootstrap import Services
from jobs.changing import EVERYONE, For
from jobs.config import Config
from jobs.fly_setup import Report
from jobs.fly_verdict import Verdict
from jobs.hosts.fly_place import FlyPlace
from jobs.repository_config import parse
from jobs.setting_kinds import BadSetting, checked
from jobs.settings import Layers
from store import migrate, settings, vault
from store.vault import SecretInfo
from tests.builders import NOW
from tests.dashboard.conftest import KEYS

ROSTER = roster.load("mock", None)
CONFIG = Config.model_validate({"PORTER_DEFAULT_AGENT": "mock", "PORTER_VAULT_KEYS": KEYS})


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    told = {"PORTER_DATA_DIR": str(tmp_path), "PORTER_VAULT_KEYS": KEYS, "PORTER_DEFAULT_AGENT": "mock"}
    made = bootstrap.build(Config.model_validate(told), clock=lambda: NOW)
    migrate.upgrade(made.config.database)
    yield made
    made.db.close()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("timeout", 5400, "90m"), ("timeout", 7200, "2h"), ("stall", 90, "90s"), ("draft", True, "true"),
        ("setup", ["npm ci", "npm run build, all"], "npm ci\nnpm run build, all"),
        ("skip_labels", ["a", "b c"], "a, b c"),
        ("max_changed_files", 40, "40"), ("instructions", "Be brief.\nAnd kind.", "Be brief.\nAnd kind."),
        ("model:claude-code", "opus", "opus"), ("protected_paths", ["infra/**"], "infra/**"),
    ],
)  # fmt: skip
def test_what_is_shown_of_a_value_is_the_value_again_when_it_is_typed(services, name, value, shown):
    assert fields.text(name, value) == shown
    said = {"do": "save", "scope": "repo:acme/widgets", "name": name, "value": shown}
    assert settings_acts.carry_out(services, said, by="maria", is_admin=True) == Outcome(note="Saved")
    assert settings.get(services.db, "repo:acme/widgets", name) == value


def test_every_field_is_a_setting_that_may_be_set_where_it_is_shown():
    for scope, parts in (("global", settings_tabs._EVERYONE), ("repo", settings_tabs._OF_REPOSITORY),
                         ("user", settings_tabs._OF_PERSON)):  # fmt: skip
        for name in (name for _, _, names in parts for name in names):
            with pytest.raises(BadSetting) as refused:
                checked(name, object(), scope)  # no value is valid: the scope must be
            assert "cannot be set" not in str(refused.value)


@pytest.mark.parametrize("said", [
    {"do": "save", "scope": "global", "name": "timeout", "value": "5"},
    {"do": "secret", "scope": "repo:acme/widgets", "name": "OPENAI_API_KEY", "value": "k"},
    {"do": "forget", "scope": "user:tom", "name": "OPENAI_API_KEY"},
    {"do": "unset", "scope": "global", "name": "timeout"},
], ids=["a-setting-for-all", "a-repositorys-key", "somebody-elses-key", "removing-for-all"])  # fmt: skip
def test_who_is_no_admin_changes_only_their_own(services, said):
    assert settings_acts.carry_out(services, said, by="eve", is_admin=False) == Outcome(NOT_YOURS)
    own = {"do": "save", "scope": "user:eve", "name": "timeout", "value": "5"}
    assert settings_acts.carry_out(services, own, by="eve", is_admin=False).note == "Saved"


def test_a_repository_is_set_by_whoever_administers_it(services):
    said = {"do": "save", "scope": "repo:acme/widgets", "name": "timeout", "value": "5"}
    asked: list[str] = []

    def refused(name: str) -> str:
        asked.append(name)
        return "" if len(asked) == 1 else "GitHub says no."

    told = [settings_acts.carry_out(services, said, by="eve", is_admin=False, of_repository=refused) for _ in range(2)]
    assert told == [Outcome(note="Saved"), Outcome("GitHub says no.")]
    assert asked == ["acme/widgets"] * 2
    elsewhere = said | {"scope": "global"}
    assert settings_acts.carry_out(
        services, elsewhere, by="eve", is_admin=False, of_repository=lambda _name: ""
    ) == Outcome(NOT_YOURS)


@pytest.mark.parametrize(
    ("value", "fault"),
    [("", "A blank changes nothing."), ("  ", "A blank changes nothing."), ("soon", "Is minutes, or like 90s")],
)
def test_a_refused_value_is_told_and_changes_nothing(services, value, fault):
    changing.put(services, EVERYONE, "timeout", "10m", by="maria")
    said = {"do": "save", "scope": "global", "name": "timeout", "value": value}
    assert settings_acts.carry_out(services, said, by="maria", is_admin=True).fault.startswith(fault)
    assert settings.get(services.db, "global", "timeout") == 600


def test_a_key_is_a_row_with_who_and_when_and_never_a_value(services):
    changing.put_secret(services, EVERYONE, "OPENAI_API_KEY", "sk-canary", by="maria")
    changing.put_secret(services, For("repo", "acme/api"), "OPENAI_API_KEY", "sk-canary-2", by="tom")
    now = NOW + timedelta(hours=3)
    rows = settings_tabs.secrets(vault.known(services.db), ROSTER, now=now, zone=UTC)
    [row] = [one for one in rows if one["id"] == "global/OPENAI_API_KEY"]
    assert (row["configured"], row["by"]) == (True, "by maria, 3 h ago")
    assert "Codex" in row["users"] and "acme/api" in row["wins"]
    assert [one["whose"] for one in rows if one["configured"]] == ["everyone", "acme/api"]
    assert "canary" not in json.dumps(rows)


def test_the_file_wins_and_says_so():
    file = parse(".porter/config.toml", 'timeout = "20m"\ntest = "make"\n')
    asked = Layers(file=file.config.values(), repository={"timeout": 600, "draft": True}, everyone={"stall": 60})
    shown = settings_tabs.repository(asked, ROSTER, CONFIG, frozenset(), file)
    found = {field["id"]: field for section in shown for field in section["fields"]}
    limit = found["timeout"]
    assert (limit["effective"], limit["source"], limit["value"]) == ("20m", "the repository's file", "10m")
    assert ".porter/config.toml" in limit["locked"] and found["test"]["locked"] and not found["draft"]["locked"]
    assert (found["draft"]["effective"], found["draft"]["source"]) == ("yes", "set for this repository")
    assert (found["stall"]["effective"], found["stall"]["source"]) == ("1m", "set for everyone")


def test_an_agent_says_whether_it_can_work():
    own = {"model:codex": "gpt-x", "default_agent": "codex"}
    shown = settings_tabs.agent_sections(ROSTER, own, CONFIG, frozenset({"gemini"}), {"ANTHROPIC_API_KEY": "global"})
    words = {one["title"]: (one["badge"]["word"], one["switch"]["on"]) for one in shown}
    assert words["Claude Code"] == ("Ready", True)
    assert words["Codex"] == ("Needs OPENAI_API_KEY", True)
    assert words["Gemini CLI"] == ("Switched off", False)
    [codex] = [one for one in shown if one["title"] == "Codex"]
    assert "the default" in codex["lead"]
    assert (codex["fields"][0]["value"], codex["fields"][0]["source"]) == ("gpt-x", "set for everyone")


@pytest.mark.parametrize(("verdict", "tone", "word"), [
    (fly_verdict.ready("porter-1", "acme", fly_verdict.Mode.ORG), "done", "Ready"),
    (fly_verdict.missing_token(), "waiting", "Missing token"),
    (fly_verdict.missing_app_name(["a", "b"], fly_verdict.Mode.DEPLOY), "failed", "Missing app name"),
    (fly_verdict.invalid_token(), "failed", "Invalid token"),
    (fly_verdict.insufficient_scope("use the app a"), "failed", "Insufficient scope"),
    (fly_verdict.app_not_found("a", fly_verdict.Mode.DEPLOY), "failed", "App not found"),
    (fly_verdict.name_conflict("a"), "failed", "Name conflict"),
    (fly_verdict.error("it timed out"), "failed", "Error"),
], ids=lambda one: str(getattr(one, "status", "")))  # fmt: skip
def test_each_status_of_fly_is_a_sentence(verdict: Verdict, tone: str, word: str):
    place = FlyPlace("", "porter-1", "image", ("iad", "fra"), "shared", 2, 2048)
    row = settings_tabs.token_row(None, CONFIG, now=NOW, zone=UTC)
    report = Report(verdict, None, "stored", in_use=True, place=place, warnings=["use a `digest`"])
    shown = settings_places.fly(report, None, {"regions": ["iad", "fra"]}, row)
    assert (shown["line"]["tone"], shown["line"]["word"]) == (tone, word)
    assert shown["line"]["text"].endswith(".") and "`" not in json.dumps(shown)
    found = {field["id"]: (field["effective"], field["source"]) for field in shown["fields"]}
    assert found["regions"] == ("iad, fra", "set for everyone")
    assert found["machine_cpus"] == ("2", "the environment")


def test_an_empty_porter_says_what_will_be_there(services):
    seen = settings_reads.github(services)
    shown = settings_places.github(seen, services.config, now=NOW, zone=UTC)
    assert "GitHub has not called yet" in shown[2]["lead"]
    people = members.sections(settings_reads.members(services), services.config, {}, you="maria", now=NOW, zone=UTC)
    assert "this Porter runs for one person" in people[0]["lead"]
    info = SecretInfo("global", "FLY_API_TOKEN", "v1", NOW, "maria")
    assert settings_tabs.token_row(info, CONFIG, now=NOW, zone=UTC)["by"] == "by maria, just now"


def test_what_porter_keeps_for_itself_is_no_agents_key(services):
    for owner, name in (("porter", "GITHUB_APP"), ("global", "FLY_API_TOKEN")):
        vault.put(services.db, services.vault, owner, name, "canary", by="maria", now=NOW)
    rows = settings_tabs.secrets(vault.known(services.db), ROSTER, now=NOW, zone=UTC)
    assert not any(row["configured"] for row in rows)
