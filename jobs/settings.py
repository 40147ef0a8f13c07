"""What a run works with, and why: the effective value of each setting, with the source it came from.

Flag, the repository's file, the repository's settings, the person's settings, the global settings, Porter's own
configuration: the first that says something is taken. They are written into the run when it is launched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from jobs.config import Config, Switch
from store import settings as kept
from store.database import Database
from store.records import Priority

T = TypeVar("T")


class Source(StrEnum):
    """Where a value came from, the strongest first."""

    FLAG = "flag"
    FILE = "file"
    REPOSITORY = "repository"
    USER = "user"
    GLOBAL = "global"
    BUILT_IN = "built-in"


@dataclass(frozen=True)
class Value(Generic[T]):
    """A value and where it came from."""

    value: T
    source: Source = Source.BUILT_IN


@dataclass(frozen=True)
class Inputs:
    """Everything that was decided for a run before it began. Times in seconds; `None` caps are Porter's own."""

    agent: Value[str]
    model: Value[str | None]
    effort: Value[str | None]
    base_branch: Value[str | None]
    timeout_seconds: Value[float]
    stall_seconds: Value[float]
    no_tests: Value[bool]
    test_command: Value[str | None]
    setup: Value[list[str]]
    draft: Value[bool]
    instructions: Value[str]
    protected_paths: Value[list[str]]
    max_changed_files: Value[int | None]
    max_diff_lines: Value[int | None]
    skip_labels: Value[list[str]]
    auto_assign: Value[bool]
    labels: Value[bool]
    priority: Value[str]

    def to_json(self) -> dict[str, Any]:
        """As it is kept in `runs.inputs`."""
        return {
            one.name: {"value": getattr(self, one.name).value, "source": str(getattr(self, one.name).source)}
            for one in fields(self)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], otherwise: Self) -> Self:
        """What was kept; a value that an older Porter did not keep is taken from `otherwise`."""
        names = [one.name for one in fields(cls)]
        known = {
            name: Value(data[name]["value"], Source(data[name]["source"])) if name in data else getattr(otherwise, name)
            for name in names
        }
        return cls(**known)


@dataclass(frozen=True)
class Layers:
    """Who may say something about a run: each maps names of settings to values; flags have the names of Inputs."""

    flags: Mapping[str, Any] = field(default_factory=dict)
    file: Mapping[str, Any] = field(default_factory=dict)
    repository: Mapping[str, Any] = field(default_factory=dict)
    user: Mapping[str, Any] = field(default_factory=dict)
    everyone: Mapping[str, Any] = field(default_factory=dict)

    def below_flags(self) -> Iterable[tuple[Source, Mapping[str, Any]]]:
        """The layers that hold settings, the strongest first."""
        yield Source.FILE, self.file
        yield Source.REPOSITORY, self.repository
        yield Source.USER, self.user
        yield Source.GLOBAL, self.everyone


@dataclass(frozen=True)
class Triggers:
    """What intake decides by, without asking GitHub."""

    auto_assign: bool = False
    skip_labels: tuple[str, ...] = ()
    default_agent: str | None = None


# Name in Inputs → name of the setting, where the two differ.
_SETTING = {
    "agent": "default_agent",
    "timeout_seconds": "timeout",
    "stall_seconds": "stall",
    "test_command": "test",
}
_OF_AGENT = ("model", "effort")
FROM_FILE = ("auto_assign", "skip_labels", "default_agent")  # kept as `file_…` in the repository's scope, for intake


def effective(
    db: Database,
    config: Config,
    *,
    repository: str,
    user: str,
    flags: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
) -> Inputs:
    """The inputs of a run in `repository` that `user` asks for. `file`: what the repository's own file sets."""
    return resolve(layers(db, repository=repository, user=user, flags=flags, file=file), config)


def layers(
    db: Database,
    *,
    repository: str,
    user: str,
    flags: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
) -> Layers:
    """All that is set for this repository and person."""
    here, person = kept.of_repository(repository), kept.of_user(user)
    found = kept.of_scopes(db, [here, person, kept.GLOBAL])
    return Layers(flags or {}, file or {}, found[here], found[person], found[kept.GLOBAL])


def resolve(asked: Layers, config: Config) -> Inputs:
    """Pure. The first layer that says something about a value decides it."""
    agent = _first(asked, "agent", config.default_agent)
    own: dict[str, Any] = {
        "model": None,
        "effort": None,
        "base_branch": None,
        "timeout_seconds": config.task_timeout_seconds,
        "stall_seconds": config.stall_timeout_seconds,
        "no_tests": False,
        "test_command": None,
        "setup": [],
        "draft": False,
        "instructions": "",
        "protected_paths": [],
        "max_changed_files": None,
        "max_diff_lines": None,
        "skip_labels": [],
        "auto_assign": False,
        "labels": config.labels is Switch.ON,
        "priority": str(Priority.NORMAL),
    }
    rest = {name: _first(asked, name, value, agent=agent.value) for name, value in own.items()}
    return Inputs(agent=agent, **rest)


def replayed(stored: Mapping[str, Any], fresh: Inputs) -> Inputs:
    """Pure. The inputs of an earlier run for a run that repeats it or goes on: only a flag that says something else
    replaces what was decided then."""
    before = Inputs.from_json(stored, fresh)
    chosen = {}
    for one in fields(Inputs):
        was, now = getattr(before, one.name), getattr(fresh, one.name)
        chosen[one.name] = now if now.source is Source.FLAG and now.value != was.value else was
    if chosen["agent"].value != before.agent.value:
        chosen |= {name: getattr(fresh, name) for name in _OF_AGENT}  # another agent has other words for them
    return Inputs(**chosen)


def chosen(stored: Mapping[str, Any], name: str, otherwise: T) -> T:
    """Pure. One value of a run's stored inputs; `otherwise` for a run that was launched by an older Porter."""
    value: T = stored[name]["value"] if name in stored else otherwise
    return value


def custom_prompts(asked: Layers, agent: str) -> list[str]:
    """What the operator tells every run: for all repositories and for this one, in general and for this agent."""
    names = ("custom_prompt", f"custom_prompt:{agent}")
    found = [layer.get(name, "") for layer in (asked.everyone, asked.repository) for name in names]
    return [words for words in found if words.strip()]


def triggers(db: Database, repository: str) -> Triggers:
    """What a repository wants to happen by itself: its file as it was last read, its settings, the global ones."""
    here = kept.of_repository(repository)
    found = kept.of_scopes(db, [here, kept.GLOBAL])
    file = {name: found[here][f"file_{name}"] for name in FROM_FILE if f"file_{name}" in found[here]}
    chosen = {**found[kept.GLOBAL], **found[here], **file}
    return Triggers(
        auto_assign=bool(chosen.get("auto_assign", False)),
        skip_labels=tuple(chosen.get("skip_labels") or ()),
        default_agent=chosen.get("default_agent"),
    )


def _first(asked: Layers, name: str, otherwise: Any, *, agent: str | None = None) -> Value[Any]:
    if asked.flags.get(name) is not None:
        return Value(asked.flags[name], Source.FLAG)
    for source, layer in asked.below_flags():
        found = _for(agent, layer, name) if name in _OF_AGENT else layer.get(_SETTING.get(name, name))
        if found is not None:
            return Value(found, source)
    return Value(otherwise)


def _for(agent: str | None, layer: Mapping[str, Any], name: str) -> Any:
    """A model belongs to an agent: one that is set beside a default agent is that agent's, not another's."""
    if f"{name}:{agent}" in layer:
        return layer[f"{name}:{agent}"]
    return layer.get(name) if layer.get("default_agent") in (None, agent) else None
