"""An agent as data, and the recipe the machine starts it by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from worker.agents.stream import Parser
from worker.contract import AgentRecipe, Resume

Part = str | tuple[str, ...]


@dataclass(frozen=True)
class Agent:
    """One coding agent: what to install, how to call it, which keys it takes, how to read it.

    `argv` is a list of words; a word or a group of words with `{model}` in it is left out when no model is asked for.
    `{python}` and `{worker_path}` are filled in on the machine. `keys`: any one of them is enough. `settings` are
    variables that are no secrets and that an operator may hand to the agent (a proxy's address, say).
    """

    name: str
    title: str
    argv: tuple[Part, ...]
    stream: str
    aliases: tuple[str, ...] = ()
    package: str | None = None
    version: str | None = None
    keys: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    interrupt_first: bool = False
    resume: Resume | None = None
    parser: Callable[[], Parser] | None = None  # None: the parser of another agent, named by `stream`

    @property
    def needs_key(self) -> bool:
        return bool(self.keys)

    def has_key(self, names: Mapping[str, str]) -> bool:
        """Can it run with these keys (name to value)?"""
        return not self.keys or any(names.get(key) for key in self.keys)

    def command(self, model: str | None) -> list[str]:
        words: list[str] = []
        for part in self.argv:
            group = (part,) if isinstance(part, str) else part
            if model is not None or not any("{model}" in word for word in group):
                words += [word.replace("{model}", model or "") for word in group]
        return words


def recipe(agent: Agent, *, model: str | None = None, settings: Mapping[str, str] | None = None) -> AgentRecipe:
    """What the runner needs to start this agent.

    `settings` may be a whole environment: only what the agent names in its own `settings` is taken.
    """
    chosen = {name: value for name, value in (settings or {}).items() if name in agent.settings and value}
    return AgentRecipe(
        name=agent.name,
        argv=agent.command(model),
        stream=agent.stream,
        env={**agent.env, **chosen},
        excludes=list(agent.excludes),
        interrupt_first=agent.interrupt_first,
        version=agent.version,
        resume=agent.resume,
    )
