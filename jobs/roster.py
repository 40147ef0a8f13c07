"""The agents of this deployment: the built-in ones and those of the agents file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.config import Config
from jobs.errors import ConfigurationError, JobError
from worker import agents
from worker.agents import Agent
from worker.errors import BadAgentConfig


class UnknownAgent(JobError):
    """No agent of this deployment is called that."""


@dataclass(frozen=True)
class Roster:
    """Which agents there are, and which one works when none is named."""

    default: str
    custom: Mapping[str, Agent] = field(default_factory=dict)

    def find(self, word: str) -> Agent | None:
        """By name or alias, whatever the case."""
        return agents.find(word, self.custom)

    def all(self) -> list[Agent]:
        """Every agent, by name."""
        return [agent for name in agents.names(self.custom) if (agent := self.find(name))]


def load(default: str, path: Path | None) -> Roster:
    """The roster with the agents of the file at `path` (TOML, or JSON by its name): a list of tables, `agents`.

    Raises ConfigurationError when the file cannot be read or understood, or the default agent is in neither.
    """
    roster = Roster(default, {agent.name: agent for agent in _custom(path)} if path else {})
    found = roster.find(default)
    if found is None:
        names = ", ".join(agents.names(roster.custom))
        raise ConfigurationError([f"PORTER_DEFAULT_AGENT: there is no agent {default!r}; there are {names}"])
    return Roster(found.name, roster.custom)


def named(config: Config, word: str) -> str:
    """An agent's name by its name or alias. Raises UnknownAgent."""
    known = load(config.default_agent, config.agents_file)
    agent = known.find(word)
    if agent is None:
        raise UnknownAgent(f"there is no agent {word!r}; there are {', '.join(one.name for one in known.all())}")
    return agent.name


def _custom(path: Path) -> list[Agent]:
    try:
        return [agents.from_config(table) for table in _tables(path)]
    except BadAgentConfig as error:
        raise ConfigurationError([f"{path}: {error}"]) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"PORTER_AGENTS_FILE: {path} cannot be read: {error}"]) from error


def _tables(path: Path) -> list[dict[str, Any]]:
    text = path.read_text()
    data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    tables = data.get("agents", []) if isinstance(data, dict) else data
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("expected a list of tables, [[agents]]")
    return tables
