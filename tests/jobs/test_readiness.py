"""Which agents can work for whom: switched on, and with the narrowest key there is."""

from __future__ import annotations

from contextlib import suppress

import pytest

from jobs import changing, dispatching, readiness, roster
from jobs.changing import EVERYONE, For
from jobs.dispatching import CannotDispatch, Wish
from jobs.readiness import Asker
from jobs.setting_kinds import BadSetting
from store import audit, settings, vault
from tests.jobs.stage import Stage
from worker.agents import AGENTS

CLAUDE = AGENTS["claude-code"]
KEY = "ANTHROPIC_API_KEY"
HERE, MARIA = For("repo", "Acme/Widgets"), For("user", "Maria")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param([EVERYONE], "global", id="for-everyone"),
        pytest.param([EVERYONE, MARIA], "user:maria", id="the-person-before-everyone"),
        pytest.param([EVERYONE, MARIA, HERE], "repo:acme/widgets", id="the-repository-before-the-person"),
        pytest.param([For("user", "tom"), For("repo", "acme/other")], None, id="others-keys-are-nobody-elses"),
    ],
)
def test_the_narrower_key_is_handed_out(stage: Stage, there: list[For], expected: str | None):
    for whom in there:
        changing.put_secret(stage.services, whom, KEY, f"key of {whom.scope}", by="maria")
    asker = Asker("acme/widgets", "maria")
    assert readiness.sources(stage.services.db, CLAUDE, asker).get(KEY) == expected
    assert readiness.keys(stage.services, CLAUDE, asker) == ({KEY: f"key of {expected}"} if expected else {})


def test_an_agent_that_is_switched_off_is_refused_with_a_sentence(stage: Stage):
    changing.put_secret(stage.services, EVERYONE, KEY, "a key", by="maria")
    changing.put(stage.services, EVERYONE, "enabled:claude-code", False, by="maria")
    assert readiness.off(stage.services.db) == {"claude-code"}
    known = roster.load(stage.services.config.default_agent, None)
    wish = Wish("acme/widgets", "Fix it", agent="claude")
    with pytest.raises(CannotDispatch, match="Claude Code is switched off here"):
        dispatching.dispatch(stage.services, known, wish, by="maria", source="dashboard")
    changing.put(stage.services, EVERYONE, "enabled:claude-code", True, by="maria")
    assert readiness.obstacle(stage.services.db, CLAUDE, Asker()) is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("enabled:mock", False, "Mock agent is the default agent: choose another default first"),
        ("enabled", False, "enabled is set for one agent"),
        ("enabled:nobody", False, "there is no nobody"),
        ("enabled:claude", False, "for an agent by its name"),
        ("default_agent", "nobody", "there is no agent 'nobody'"),
        ("timeout", "99h", "from 30 seconds to 24 hours"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(stage: Stage, name: str, value: object, sentence: str):
    with pytest.raises(Exception, match=sentence):
        changing.put(stage.services, EVERYONE, name, value, by="maria")
    assert settings.of_scope(stage.services.db, settings.GLOBAL) == {}
    assert audit.latest(stage.services.db) == []


def test_every_change_is_noted_and_no_secret_is(stage: Stage):
    services = stage.services
    changing.put(services, EVERYONE, "timeout", "30m", by="maria")
    changing.put_text(services, EVERYONE, "timeout", "45", by="tom")
    changing.put_text(services, EVERYONE, "timeout", "45", by="tom")  # it is so already
    changing.unset(services, EVERYONE, "timeout", by="tom")
    changing.put_secret(services, HERE, KEY, "very-secret", by="maria")
    changing.put_secret(services, HERE, KEY, "more-secret", by="maria")
    changing.remove_secret(services, HERE, KEY, by="maria")
    told = [(one.who, one.action, one.what, one.detail) for one in reversed(audit.latest(services.db))]
    assert told == [
        ("maria", "setting_changed", "global/timeout", "1800"),
        ("tom", "setting_changed", "global/timeout", "1800 → 2700"),
        ("tom", "setting_removed", "global/timeout", "it was 2700"),
        ("maria", "secret_added", f"repo:acme/widgets/{KEY}", ""),
        ("maria", "secret_replaced", f"repo:acme/widgets/{KEY}", ""),
        ("maria", "secret_removed", f"repo:acme/widgets/{KEY}", ""),
    ]


@pytest.mark.parametrize("value", ["", "  \n", "x" * 20_000, "bad\x07bell"], ids=["empty", "blank", "endless", "bell"])
def test_a_value_that_is_no_key_replaces_nothing_and_is_not_quoted(stage: Stage, value: str):
    changing.put_secret(stage.services, EVERYONE, KEY, "the first", by="maria")
    with pytest.raises(BadSetting) as refused:
        changing.put_secret(stage.services, EVERYONE, KEY, value, by="maria")
    assert not value.strip() or value not in str(refused.value)
    assert vault.use(stage.services.db, stage.services.vault, "global", KEY) == "the first"


@pytest.mark.parametrize("name", ["", "lower", "FLY_API_TOKEN", "A B", "X" * 200])
def test_only_a_name_that_could_be_a_keys_is_taken(stage: Stage, name: str):
    with pytest.raises(BadSetting):
        changing.put_secret(stage.services, EVERYONE, name, "value", by="maria")
    assert vault.known(stage.services.db) == []


@pytest.mark.parametrize("text", ["", "repo:", "repo:acme", "repo:/x", "user:", "user:a/b", "team:x", "globally"])
def test_a_scope_that_is_none_is_told(text: str):
    with suppress(BadSetting):
        For.read(text)
        raise AssertionError(f"{text} was taken")
    assert For.read("repo:Acme/Widgets").scope == "repo:acme/widgets"
