"""An agent as data, and the recipe the machine starts it by. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from worker.agents.stream import Parser
from worker.contract import AgentRecipe, Price, Resume

Part = str | tuple[str, ...]
_PLACE = re.compile(r"\{([A-Za-z_]+)\}")
_DATED = re.compile(r"[-@](20\d{6}|20\d\d-\d\d-\d\d|latest)$")


@dataclass(frozen=True)
class Model:
    """A model the agent is known to work with. Its price is what the vendor's page said when the agent was pinned."""

    name: str
    price: Price | None = None


@dataclass(frozen=True)
class Conversation:
    """How the agent goes on with an earlier conversation: `Resume`, with an `argv` of parts as in `Agent`."""

    argv: tuple[Part, ...]
    path: str
    save: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    drops: str = ""
    counts_all: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agent:
    """One coding agent: what to install, how to call it, which keys it takes, how to read it.

    `argv` is a list of words. A word or a group of words that names a `{model}`, an `{effort}` or one of `settings` is
    left out when there is none. `{python}` and `{worker_path}` are filled in on the machine. `keys`: any one of them is
    enough. `settings` are variables that are no secrets and that an operator may hand to the agent (a proxy's address,
    say). `files` are laid below HOME before it starts. `escapes`: what its CLI would take for an order to itself, in a
    prompt, and what is written instead. `instructions` are the files of a repository that it reads by
    itself. `installer` tells who installs `package`: npm, or pip. `called` are the names under which the CLI wants a
    key, where they are not those of `keys`. A variable in `env` that names one of `settings` is left out when there is
    none.
    """

    name: str
    title: str
    argv: tuple[Part, ...]
    stream: str
    aliases: tuple[str, ...] = ()
    package: str | None = None
    version: str | None = None
    installer: str = "npm"
    keys: tuple[str, ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    default_model: str | None = None  # what is asked for when nobody names one; None: the CLI's own choice
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    escapes: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    interrupt_first: bool = False
    conversation: Conversation | None = None
    parser: Callable[[], Parser] | None = None  # None: the parser of another agent, named by `stream`

    @property
    def needs_key(self) -> bool:
        return bool(self.keys)

    @property
    def takes_effort(self) -> bool:
        return any("{effort}" in word for part in self.argv for word in _words(part))

    def has_key(self, names: Mapping[str, str]) -> bool:
        """Can it run with these keys (name to value)?"""
        return not self.keys or any(names.get(key) for key in self.keys)

    def price(self, model: str | None) -> Price | None:
        """What a model costs; a dated name costs what the name without its date does."""
        name = model or self.default_model
        known = {one.name: one.price for one in self.models}
        return known.get(name) or known.get(_DATED.sub("", name)) if name else None


def recipe(
    agent: Agent, *, model: str | None = None, effort: str | None = None, settings: Mapping[str, str] | None = None
) -> AgentRecipe:
    """What the runner needs to start this agent.

    `settings` may be a whole environment: only what the agent names in its own `settings` is taken.
    """
    chosen = {name: value for name, value in (settings or {}).items() if name in agent.settings and value}
    values = {
        "model": model or agent.default_model,
        "effort": effort,
        **dict.fromkeys(agent.settings),
        **chosen,
    }
    return AgentRecipe(
        name=agent.name,
        argv=_command(agent.argv, values),
        stream=agent.stream,
        env=chosen | _variables(agent.env, values),
        excludes=list(agent.excludes),
        interrupt_first=agent.interrupt_first,
        version=agent.version,
        resume=_resume(agent.conversation, values) if agent.conversation else None,
        files=dict(agent.files),
        escapes=dict(agent.escapes),
        price=agent.price(model),
        called=dict(agent.called),
    )


def _resume(conversation: Conversation, values: Mapping[str, str | None]) -> Resume:
    return Resume(
        argv=_command(conversation.argv, values),
        path=conversation.path,
        save=list(conversation.save),
        load=list(conversation.load),
        drops=conversation.drops,
        counts_all=list(conversation.counts_all),
    )


def _command(parts: tuple[Part, ...], values: Mapping[str, str | None]) -> list[str]:
    """The words, with what is known filled in; places that are not in `values` are the machine's to fill."""
    words: list[str] = []
    for part in parts:
        group = _words(part)
        places = {name for word in group for name in _PLACE.findall(word)} & values.keys()
        if all(values[name] is not None for name in places):
            words += [_PLACE.sub(lambda match: str(values.get(match[1], match[0])), word) for word in group]
    return words


def _variables(env: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: word for name, value in env.items() for word in _command((value,), values)}


def _words(part: Part) -> tuple[str, ...]:
    return (part,) if isinstance(part, str) else part
