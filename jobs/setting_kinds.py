"""What can be set, where, and what a valid value is: for the repository's file and for `porter config set`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, TypeAdapter, ValidationError

from jobs.errors import JobError

SHORTEST, LONGEST = 30, 24 * 3600  # seconds, of a time limit
_UNITS = {"": 60, "m": 60, "s": 1, "h": 3600}
_SPAN = re.compile(r"([0-9]{1,6})([smh]?)", re.IGNORECASE)
_EFFORT = r"^[a-z]{2,20}$"
_MODEL = r"^[A-Za-z0-9][A-Za-z0-9._:/@+\[\]-]{0,199}$"
# https://git-scm.com/docs/git-check-ref-format; a leading dash would be read as an option
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^@$")


class BadSetting(JobError):
    """A setting that does not exist, not there, or not with that value."""


def _seconds(value: object) -> object:
    """Minutes, or like `90s`, `30m`, `1h`, in seconds."""
    match = None if isinstance(value, bool) else _SPAN.fullmatch(str(value).strip())
    seconds = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError("is minutes, or like 90s, 30m, 1h; from 30 seconds to 24 hours")
    return seconds


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _branch(value: str) -> str:
    if _NO_BRANCH.search(value):
        raise ValueError("is not a branch's name")
    return value


def _path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or not value.strip() or "\0" in value:
        raise ValueError("is a path or pattern below the repository's root, like docs/** or .github/workflows/**")
    return value


AgentName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Model = Annotated[str, Field(pattern=_MODEL)]
Effort = Annotated[str, Field(pattern=_EFFORT)]
Branch = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_branch)]
Span = Annotated[int, BeforeValidator(_seconds, json_schema_input_type=int | str)]
Command = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
Commands = Annotated[
    list[Command], Field(max_length=20), BeforeValidator(_several, json_schema_input_type=str | list[str])
]
Label = Annotated[str, Field(min_length=1, max_length=100)]
Labels = Annotated[list[Label], Field(max_length=50), BeforeValidator(_several, json_schema_input_type=str | list[str])]
Path = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_path)]
Paths = Annotated[list[Path], Field(max_length=100), BeforeValidator(_several, json_schema_input_type=str | list[str])]
Words = Annotated[str, Field(max_length=20_000)]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
Switch = Annotated[bool, Strict()]

Scope = Literal["global", "repo", "user"]
NewcomersRole = Literal["member", "viewer"]  # nobody becomes an admin by merely coming
CpuKind = Literal["shared", "performance"]
Cpus = Annotated[int, Strict(), Field(ge=1, le=16)]
Memory = Annotated[int, Strict(), Field(ge=256, le=131_072, multiple_of=256)]  # MB
Region = Annotated[str, Field(pattern=r"^[a-z]{3}$")]  # https://fly.io/docs/reference/regions/
Regions = Annotated[
    list[Region], Field(min_length=1, max_length=20), BeforeValidator(_several, json_schema_input_type=str | list[str])
]
EVERYWHERE: frozenset[Scope] = frozenset({"global", "repo", "user"})
NOT_PERSONAL: frozenset[Scope] = frozenset({"global", "repo"})  # what one person may not decide for a repository
THE_OPERATOR: frozenset[Scope] = frozenset({"global"})  # what costs money


@dataclass(frozen=True)
class Kind:
    """One setting: its valid values, and in which scopes it may be set."""

    adapter: TypeAdapter[Any]
    scopes: frozenset[Scope] = EVERYWHERE
    of_agent: bool = False  # also as `name:agent`, for that agent alone
    of_all: bool = True  # also without an agent


OF_MACHINES = ("machine_cpu_kind", "machine_cpus", "machine_memory_mb", "regions")  # not of a run
KINDS: Mapping[str, Kind] = {
    "enabled": Kind(TypeAdapter(Switch), THE_OPERATOR, of_agent=True, of_all=False),
    "default_agent": Kind(TypeAdapter(AgentName)),
    "default_role": Kind(TypeAdapter(NewcomersRole), THE_OPERATOR),
    "model": Kind(TypeAdapter(Model), of_agent=True),
    "effort": Kind(TypeAdapter(Effort), of_agent=True),
    "base_branch": Kind(TypeAdapter(Branch), frozenset({"repo"})),
    "timeout": Kind(TypeAdapter(Span)),
    "stall": Kind(TypeAdapter(Span)),
    "draft": Kind(TypeAdapter(Switch)),
    "test": Kind(TypeAdapter(Command), frozenset({"repo"})),
    "setup": Kind(TypeAdapter(Commands), frozenset({"repo"})),
    "instructions": Kind(TypeAdapter(Words), NOT_PERSONAL),
    "custom_prompt": Kind(TypeAdapter(Words), NOT_PERSONAL, of_agent=True),
    "protected_paths": Kind(TypeAdapter(Paths), NOT_PERSONAL),
    "max_changed_files": Kind(TypeAdapter(Count), NOT_PERSONAL),
    "max_diff_lines": Kind(TypeAdapter(Count), NOT_PERSONAL),
    "skip_labels": Kind(TypeAdapter(Labels), NOT_PERSONAL),
    "auto_assign": Kind(TypeAdapter(Switch), NOT_PERSONAL),
    "labels": Kind(TypeAdapter(Switch), NOT_PERSONAL),
    "machine_cpu_kind": Kind(TypeAdapter(CpuKind), THE_OPERATOR),
    "machine_cpus": Kind(TypeAdapter(Cpus), THE_OPERATOR),
    "machine_memory_mb": Kind(TypeAdapter(Memory), THE_OPERATOR),
    "regions": Kind(TypeAdapter(Regions), THE_OPERATOR),
}


def checked(name: str, value: Any, scope: Scope) -> Any:
    """The value as it is stored. Raises BadSetting that says what would be right."""
    base, _, agent = name.partition(":")
    kind = KINDS.get(base)
    if kind is None or (agent and not kind.of_agent):
        raise BadSetting(f"there is no setting {name!r}; there are {', '.join(sorted(KINDS))}")
    if not agent and not kind.of_all:
        raise BadSetting(f"{base} is set for one agent: {base}:AGENT")
    if scope not in kind.scopes:
        where = " or ".join(sorted(kind.scopes))
        raise BadSetting(f"{base} cannot be set in the scope {scope!r}, only in: {where}")
    try:
        return kind.adapter.dump_python(kind.adapter.validate_python(value), mode="json")
    except ValidationError as error:
        raise BadSetting(f"{name}: {told(error.errors(include_input=False, include_url=False)[0])}") from None


def told(fault: Mapping[str, Any]) -> str:
    """A fault that pydantic found, in words."""
    return str(fault["msg"]).removeprefix("Value error, ")
