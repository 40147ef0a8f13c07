"""Each input of a run comes from the strongest source that says something, and the source is told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from jobs import settings
from jobs.config import Config
from jobs.setting_kinds import KINDS, OF_MACHINES, BadSetting, checked
from jobs.settings import Inputs, Layers, Source
from store import settings as kept
from store.database import Database
from tests.builders import NOW

CONFIG = Config(PORTER_DEFAULT_AGENT="mock", PORTER_VAULT_KEYS="set")
SOURCES = ["flags", "file", "repository", "user", "everyone"]
NAMES = {"flags": "flag", "everyone": "global"}


@pytest.mark.parametrize("said", [c for n in range(6) for c in itertools.combinations(SOURCES, n)], ids="-".join)
def test_the_strongest_source_that_says_something_decides(said: tuple[str, ...]):
    layers = {name: {"timeout_seconds" if name == "flags" else "timeout": 60 + n} for n, name in enumerate(said)}
    found = settings.resolve(Layers(**layers), CONFIG).timeout_seconds
    assert found.source == (NAMES.get(said[0], said[0]) if said else "built-in")
    assert found.value == (60 if said else CONFIG.task_timeout_seconds)


def test_a_value_that_is_false_or_empty_counts_as_said():
    found = settings.resolve(Layers(file={"labels": False, "skip_labels": []}, everyone={"skip_labels": ["x"]}), CONFIG)
    assert (found.labels.value, found.labels.source) == (False, Source.FILE)
    assert (found.skip_labels.value, found.skip_labels.source) == ([], Source.FILE)


@pytest.mark.parametrize(
    ("layers", "model", "source"),
    [
        pytest.param(Layers(everyone={"model": "m"}), "m", "global", id="plain"),
        pytest.param(Layers(everyone={"model": "m", "model:mock": "n"}), "n", "global", id="of-the-agent"),
        pytest.param(Layers(everyone={"model:codex": "n"}), None, "built-in", id="of-another-agent"),
        pytest.param(Layers(flags={"agent": "mock"}, file={"default_agent": "codex", "model": "m"}), None, "built-in",
                     id="beside-another-default-agent"),
        pytest.param(Layers(file={"default_agent": "codex", "model": "m"}), "m", "file", id="beside-its-agent"),
        pytest.param(Layers(file={"model": "m"}, everyone={"model:mock": "n"}), "m", "file", id="nearer-scope"),
    ],
)  # fmt: skip
def test_a_model_belongs_to_its_agent(layers: Layers, model: str | None, source: str):
    found = settings.resolve(layers, CONFIG).model
    assert (found.value, found.source) == (model, source)


def test_an_effort_belongs_to_its_agent_too():
    set_by = Layers(repository={"effort:codex": "low"}, everyone={"effort": "high", "effort:mock": "medium"})
    for agent, effort in (("mock", "medium"), ("codex", "low"), ("gemini", "high")):
        assert settings.resolve(replace(set_by, flags={"agent": agent}), CONFIG).effort.value == effort
    assert settings.resolve(Layers(), CONFIG).effort.value is None


@pytest.mark.parametrize("word", ["High", "high ", "", "very high", "--effort", "x" * 21, 3, None])
def test_an_effort_is_one_lower_case_word(word: object):
    with pytest.raises(BadSetting):
        checked("effort", word, "repo")


def test_scopes_are_read_from_the_database(db: Database):
    for scope, value in (("global", "a"), ("user:maria", "b"), ("repo:acme/widgets", "c")):
        kept.put(db, scope, "model", value, by="me", now=NOW)
    of = {
        (repository, user): settings.effective(db, CONFIG, repository=repository, user=user).model
        for repository in ("Acme/Widgets", "acme/other")
        for user in ("Maria", "tom")
    }
    assert {key: (value.value, str(value.source)) for key, value in of.items()} == {
        ("Acme/Widgets", "Maria"): ("c", "repository"),
        ("Acme/Widgets", "tom"): ("c", "repository"),
        ("acme/other", "Maria"): ("b", "user"),
        ("acme/other", "tom"): ("a", "global"),
    }


def test_inputs_survive_being_kept():
    found = settings.resolve(Layers(flags={"agent": "codex", "draft": True}, file={"setup": ["a"]}), CONFIG)
    assert Inputs.from_json(found.to_json(), settings.resolve(Layers(), CONFIG)) == found


def test_a_repeated_run_keeps_what_was_decided_but_for_a_new_flag():
    before = settings.resolve(Layers(flags={"draft": True}, file={"timeout": 60, "model": "m"}), CONFIG).to_json()
    fresh = settings.resolve(Layers(flags={"model": "n", "draft": True}, file={"timeout": 90}), CONFIG)
    found = settings.replayed(before, fresh)
    assert (found.timeout_seconds.value, found.timeout_seconds.source) == (60, Source.FILE)
    assert (found.model.value, found.model.source) == ("n", Source.FLAG)
    assert found.draft.value


def test_the_operators_words_are_for_all_or_for_an_agent():
    asked = Layers(everyone={"custom_prompt": "a", "custom_prompt:codex": "b"}, repository={"custom_prompt:mock": "c"})
    assert settings.custom_prompts(asked, "mock") == ["a", "c"]


def test_triggers_come_from_the_file_then_the_repository_then_everyone(db: Database):
    assert settings.triggers(db, "acme/widgets").auto_assign is False
    kept.put(db, "global", "auto_assign", True, by="me", now=NOW)
    kept.put(db, "repo:acme/widgets", "skip_labels", ["a"], by="me", now=NOW)
    assert settings.triggers(db, "Acme/widgets") == settings.Triggers(True, ("a",), None)
    kept.put(db, "repo:acme/widgets", "file_auto_assign", False, by="file", now=NOW)
    assert settings.triggers(db, "acme/widgets").auto_assign is False


@pytest.mark.parametrize(
    ("name", "value", "scope", "said"),
    [
        ("colour", "red", "global", "there is no setting"),
        ("setup", ["x"], "user", "cannot be set"),
        ("protected_paths", [], "user", "cannot be set"),
        ("draft", "yes", "user", "boolean"),
        ("timeout", "soon", "user", "minutes"),
        ("base_branch", "-x", "repo", "branch"),
        ("draft:mock", True, "user", "there is no setting"),
        ("model", "--rm", "user", "match"),
    ],
)
def test_a_bad_setting_is_refused_in_words(name, value, scope, said):
    with pytest.raises(BadSetting, match=said):
        checked(name, value, scope)


def test_every_setting_has_an_input_or_is_an_advice():
    inputs = {settings._SETTING.get(name, name) for name in Inputs.__dataclass_fields__} - {"no_tests", "priority"}
    assert inputs | {"custom_prompt", "default_role", "enabled", *OF_MACHINES} == KINDS.keys()
