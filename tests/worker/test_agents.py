"""Agents as data: finding them, their recipes, and custom ones from the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from worker import agents
from worker.contract import Resume
from worker.errors import BadAgentConfig


def test_agents_are_found_by_name_and_alias_in_any_case() -> None:
    assert agents.find("Claude") is agents.AGENTS["claude-code"]
    assert agents.find("mock") is agents.AGENTS["mock"]
    assert agents.find("nobody") is None
    assert agents.names() == ["claude-code", "mock"]


@pytest.mark.parametrize(
    ("typed", "meant"), [("claud", "claude-code"), ("cluade", "claude-code"), ("mok", "mock"), ("fix", None)]
)
def test_the_nearest_name(typed: str, meant: str | None) -> None:
    assert agents.nearest(typed) == meant


def test_claudes_recipe_names_the_model_only_when_asked() -> None:
    agent = agents.AGENTS["claude-code"]
    assert "--model" not in agents.recipe(agent).argv
    assert agents.recipe(agent, model="opus").argv[-2:] == ["--model", "opus"]
    assert agents.recipe(agent).env["IS_SANDBOX"] == "1"
    assert agents.recipe(agent).interrupt_first


def test_a_recipe_takes_from_the_settings_only_what_the_agent_names() -> None:
    settings = {"ANTHROPIC_BASE_URL": "http://proxy", "ANTHROPIC_API_KEY": "secret", "PATH": "/bin"}
    env = agents.recipe(agents.AGENTS["claude-code"], settings=settings).env
    assert env["ANTHROPIC_BASE_URL"] == "http://proxy"
    assert "ANTHROPIC_API_KEY" not in env
    assert "PATH" not in env


def test_one_of_the_keys_is_enough() -> None:
    agent = agents.AGENTS["claude-code"]
    assert agent.needs_key
    assert agent.has_key({"CLAUDE_CODE_OAUTH_TOKEN": "x"})
    assert not agent.has_key({"OPENAI_API_KEY": "x"})
    assert not agents.AGENTS["mock"].needs_key


def test_a_custom_agent_from_the_configuration() -> None:
    agent = agents.from_config(
        {
            "name": "aider",
            "argv": ["aider", "--yes-always", "--model={model}", ["--extra", "{model}"]],
            "keys": ["OPENAI_API_KEY"],
            "env": {"A": "b"},
            "aliases": ["Aid"],
            "excludes": [".aider*"],
        }
    )
    assert agents.recipe(agent).argv == ["aider", "--yes-always"]
    assert agents.recipe(agent, model="m").argv == ["aider", "--yes-always", "--model=m", "--extra", "m"]
    assert agents.find("aid", {"aider": agent}) is agent
    assert agents.nearest("aidr", {"aider": agent}) == "aider"
    assert agents.recipe(agent).stream == "text"


def test_a_custom_agent_can_go_on_with_its_conversation() -> None:
    resume = {"argv": ["--resume", "{session}"], "path": ".tidy/{session}.json", "counts_all": True}
    agent = agents.from_config({"name": "tidy", "argv": ["tidy"], "resume": resume})
    assert agents.recipe(agent).resume == Resume(["--resume", "{session}"], ".tidy/{session}.json", counts_all=True)
    assert agents.recipe(agents.from_config({"name": "tidy", "argv": ["tidy"]})).resume is None


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param({}, "name is lower-case", id="nothing"),
        pytest.param({"name": "A b", "argv": ["x"]}, "name is lower-case", id="name"),
        pytest.param({"name": "a"}, "argv is a list", id="no-argv"),
        pytest.param({"name": "a", "argv": "aider --yes"}, "argv is a list", id="argv-text"),
        pytest.param({"name": "a", "argv": ["x", 3]}, "argv holds words", id="argv-number"),
        pytest.param({"name": "a", "argv": ["x"], "stream": "xml"}, "stream is one of", id="stream"),
        pytest.param({"name": "a", "argv": ["x"], "keys": ["openai key"]}, "names of variables", id="keys"),
        pytest.param({"name": "a", "argv": ["x"], "env": {"A": 1}}, "env is a table", id="env"),
        pytest.param({"name": "a", "argv": ["x"], "aliases": "b"}, "aliases is a list", id="aliases"),
        pytest.param({"name": "a", "argv": ["x"], "resume": "yes"}, "resume is a table", id="resume"),
        pytest.param(
            {"name": "a", "argv": ["x"], "resume": {"argv": ["-r"]}}, "resume is a table", id="resume-no-path"
        ),
        pytest.param(
            {"name": "a", "argv": ["x"], "resume": {"argv": ["-r"], "path": "../{session}"}},
            "below HOME",
            id="resume-out",
        ),
        pytest.param({"name": "a", "argv": ["x"], "color": "red"}, "unknown field 'color'", id="unknown"),
    ],
)
def test_a_custom_agent_that_makes_no_sense_is_explained(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadAgentConfig, match=complaint):
        agents.from_config(data)
