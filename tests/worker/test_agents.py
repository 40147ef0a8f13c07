"""Agents as data: finding them, their recipes, and custom ones from the configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from worker import agents
from worker.agents import Agent
from worker.contract import Resume, Usage
from worker.errors import BadAgentConfig


def test_agents_are_found_by_name_and_alias_in_any_case() -> None:
    assert agents.find("Claude") is agents.AGENTS["claude-code"]
    assert agents.find("mock") is agents.AGENTS["mock"]
    assert agents.find("nobody") is None
    assert agents.names() == ["aider", "amp", "claude-code", "codex", "gemini", "mock", "opencode"]


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
    argv = ["tidy", ["-m", "{model}"], "--resume", "{session}", "{file}"]
    resume = {"argv": argv, "path": ".tidy/*/{session}.json", "counts_all": ["cost_usd"], "save": ["tidy", "save"]}
    agent = agents.from_config({"name": "tidy", "argv": ["tidy"], "resume": resume})
    expected = Resume(["tidy", "--resume", "{session}", "{file}"], ".tidy/*/{session}.json")
    assert agents.recipe(agent).resume == replace(expected, save=["tidy", "save"], counts_all=["cost_usd"])
    assert agents.recipe(agents.from_config({"name": "tidy", "argv": ["tidy"]})).resume is None


def test_prices_are_the_catalogues_and_a_dated_name_costs_the_same() -> None:
    models = [{"name": "big", "input": 3, "output": 15, "cache_read": 0.3}, {"name": "free"}]
    agent = agents.from_config({"name": "tidy", "argv": ["tidy"], "models": models, "default_model": "big"})
    price = agents.recipe(agent).price
    assert price == agent.price("big-20260101") == agent.price("big-2026-01-01")
    assert agent.price("free") is agent.price("unheard-of") is None
    assert price and price.of(Usage(1_000_000, 100_000, 10_000, 1_000)) == 3 + 1.5 + 0.003 + 0.003


@pytest.mark.parametrize("agent", agents.AGENTS.values(), ids=lambda agent: agent.name)
def test_every_agent_is_whole(agent: Agent) -> None:
    assert agents.find(agent.name) is agent
    assert agents.parser(agent.stream)
    assert (agent.package is None) == (agent.version is None)
    assert "{" not in " ".join(agents.recipe(agent).argv).replace("{python}", "")
    if agent.conversation:
        assert set(agent.conversation.counts_all) <= {"cost_usd", *Usage().__dict__}


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
            {"name": "a", "argv": ["x"], "resume": {"argv": ["x"], "path": "../{session}"}},
            "below HOME",
            id="resume-out",
        ),
        pytest.param(
            {"name": "a", "argv": ["x"], "resume": {"argv": ["x"], "path": "y", "counts_all": True}},
            "counts_all is a list",
            id="resume-counts",
        ),
        pytest.param({"name": "a", "argv": ["x"], "escapes": ["@"]}, "escapes is a table", id="escapes"),
        pytest.param(
            {"name": "a", "argv": ["x"], "resume": {"argv": ["x"], "path": "c", "drops": "["}},
            "drops is a regular expression",
            id="drops",
        ),
        pytest.param({"name": "a", "argv": ["x"], "installer": "curl"}, "npm or pip", id="installer"),
        pytest.param({"name": "a", "argv": ["x"], "models": [{"name": "m", "input": 3}]}, "models is", id="price-half"),
        pytest.param({"name": "a", "argv": ["x"], "models": ["m"]}, "models is a list", id="models"),
        pytest.param({"name": "a", "argv": ["x"], "color": "red"}, "unknown field 'color'", id="unknown"),
    ],
)
def test_a_custom_agent_that_makes_no_sense_is_explained(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadAgentConfig, match=complaint):
        agents.from_config(data)
