"""The coding agents Porter knows, as data: every module here that has an `AGENT`. Adding one touches no other file."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from worker.agents import config
from worker.agents.agent import Agent, Model, recipe
from worker.agents.stream import Parser
from worker.agents.text import TextParser
from worker.errors import UnknownStream

__all__ = ["AGENTS", "Agent", "Model", "find", "from_config", "names", "nearest", "parser", "recipe"]


def _built_in() -> Iterator[Agent]:
    for found in pkgutil.iter_modules(__path__):
        agent = getattr(importlib.import_module(f"{__name__}.{found.name}"), "AGENT", None)
        if isinstance(agent, Agent):
            yield agent


AGENTS: dict[str, Agent] = {agent.name: agent for agent in _built_in()}
PARSERS: dict[str, Callable[[], Parser]] = {
    "text": TextParser,
    **{agent.stream: agent.parser for agent in AGENTS.values() if agent.parser},
}


def find(word: str, custom: Mapping[str, Agent] | None = None) -> Agent | None:
    """The agent with this name or alias, whatever the case; one from the configuration wins over a built-in one."""
    word = word.lower()
    everyone = {**AGENTS, **(custom or {})}
    return everyone.get(word) or next((agent for agent in everyone.values() if word in agent.aliases), None)


def names(custom: Mapping[str, Agent] | None = None) -> list[str]:
    """Every name, sorted, without aliases."""
    return sorted({*AGENTS, *(custom or {})})


def nearest(word: str, custom: Mapping[str, Agent] | None = None) -> str | None:
    """The name that somebody who typed `word` probably meant; None if nothing is close."""
    everyone = {**AGENTS, **(custom or {})}
    meant = {alias: agent.name for agent in everyone.values() for alias in (*agent.aliases, agent.name)}
    close = difflib.get_close_matches(word.lower(), meant, n=1, cutoff=0.7)
    return meant[close[0]] if close else None


def from_config(data: Mapping[str, Any]) -> Agent:
    """An agent from one table of the configuration. Raises BadAgentConfig, which says what to change."""
    return config.read(data, streams=PARSERS)


def parser(stream: str) -> Parser:
    """A fresh parser by its name in a recipe. Raises UnknownStream."""
    if stream not in PARSERS:
        raise UnknownStream(
            f"this image has no parser {stream!r}; it has {', '.join(sorted(PARSERS))}: use a newer image"
        )
    return PARSERS[stream]()
