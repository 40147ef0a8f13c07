"""The repository's own configuration, `.porter/config.json` or `.porter/config.toml` on its default branch. Pure.

docs/porter-config.schema.json is this model as a JSON schema, for editors.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from jobs.setting_kinds import (
    AgentName,
    Command,
    Commands,
    Count,
    Effort,
    Labels,
    Model,
    Paths,
    Span,
    Switch,
    Words,
    told,
)

FOLDER = ".porter"
NAMES = ("config.json", "config.toml")  # the first one there is read
LONGEST = 64 * 1024  # characters
# What a run can do without: it works the same when one of these is not understood.
_HARMLESS = ("skip_labels", "auto_assign", "labels", "schema_")
_TOML_LINE = re.compile(r"at line (\d+)")


class RepositoryConfig(BaseModel):
    """What the people of a repository decide for every run in it. Unset values leave the decision to the settings.

    `timeout` in seconds here; in the file minutes, or like `90s`, `30m`, `1h`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)

    schema_: str | None = Field(None, alias="$schema", description="The address of this schema, for editors.")
    default_agent: AgentName | None = Field(None, description="The agent of a command that names none.")
    model: Model | None = Field(None, description="The model of the default agent.")
    effort: Effort | None = Field(None, description="How hard the default agent thinks: one of its own words for it.")
    setup: Commands | None = Field(None, description="Shell commands before the agent starts, such as npm ci.")
    test: Command | None = Field(None, description="A shell command that Porter runs when the agent is done.")
    timeout: Span | None = Field(None, description="Longest the agent may work: minutes, or like 90s, 30m, 1h.")
    skip_labels: Labels | None = Field(None, description="Issues with one of these labels start no task by themselves.")
    auto_assign: Switch | None = Field(None, description="Whether each new issue starts a task.")
    instructions: Words | None = Field(None, description="Told to the agent in every run.")
    protected_paths: Paths | None = Field(None, description="Changes to these paths wait for a person's approval.")
    max_changed_files: Count | None = Field(None, description="Changes to more files wait for a person's approval.")
    max_diff_lines: Count | None = Field(None, description="Larger changes wait for a person's approval.")
    labels: Switch | None = Field(None, description="Whether Porter shows a task's status as a label of its issue.")

    def values(self) -> dict[str, Any]:
        """What is set, by the names of the settings."""
        return {name: value for name, value in self.model_dump(exclude={"schema_"}).items() if value is not None}


@dataclass(frozen=True)
class Mistake:
    """Something wrong with the file. `key` is the setting concerned, None when it is the file as a whole."""

    words: str
    key: str | None = None
    line: int | None = None
    matters: bool = True

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{f'`{self.key}` ' if self.key else ''}{self.words}"


@dataclass(frozen=True)
class ConfigFile:
    """The file as it was read: what of it holds, and what is wrong with the rest. `path` None: there is none."""

    config: RepositoryConfig = field(default_factory=RepositoryConfig)
    mistakes: tuple[Mistake, ...] = ()
    path: str | None = None
    digest: str = ""
    branch: str = ""  # the default branch, from which it was read

    def fatal(self, needless: frozenset[str] = frozenset()) -> Mistake | None:
        """The first mistake that a run cannot work around. `needless`: settings it does without, because a flag has
        said what the file would have."""
        return next((one for one in self.mistakes if one.matters and one.key not in needless), None)


def parse(path: str, text: str) -> ConfigFile:
    """Read the file's text. Never raises: what is wrong becomes a mistake that names its line."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:40]
    if len(text) > LONGEST:
        return ConfigFile(mistakes=(Mistake(f"it is longer than {LONGEST:,} characters"),), path=path, digest=digest)
    try:
        data = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return ConfigFile(mistakes=(_unreadable(error, text),), path=path, digest=digest)
    if not isinstance(data, dict):
        return ConfigFile(mistakes=(Mistake("it is not an object with settings", line=1),), path=path, digest=digest)
    config, mistakes = _validated(data, text)
    return ConfigFile(config, tuple(mistakes), path, digest)


def schema() -> dict[str, Any]:
    """The JSON schema of the file; each name may be written in snake_case or in camelCase."""
    made = RepositoryConfig.model_json_schema(by_alias=False, mode="validation")
    properties = {"$schema": made["properties"].pop("schema_"), **made["properties"]}
    for name, about in list(properties.items()):
        about.pop("default", None)
        about.pop("title", None)
        properties.setdefault(to_camel(name) if "_" in name else name, about)
    made |= {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Porter's configuration of a repository",
        "description": "Read from .porter/config.json or .porter/config.toml on the default branch, and nowhere else.",
        "properties": properties,
    }
    return made


def _unreadable(error: Exception, text: str) -> Mistake:
    if isinstance(error, json.JSONDecodeError):
        return Mistake(f"it is not JSON: {error.msg}", line=error.lineno)
    found = _TOML_LINE.search(str(error))
    what = "it is nested too deeply" if isinstance(error, RecursionError) else f"it cannot be read: {error}"
    return Mistake(what, line=int(found[1]) if found else len(text.splitlines()) or 1)


def _validated(data: dict[str, Any], text: str) -> tuple[RepositoryConfig, list[Mistake]]:
    """What holds of the values when each mistaken one is left out."""
    try:
        return RepositoryConfig.model_validate(data), []
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
    wrong = {str(fault["loc"][0]) for fault in faults}
    mistakes = {str(fault["loc"][0]): _mistake(fault, text) for fault in reversed(faults)}
    kept = {key: value for key, value in data.items() if key not in wrong}
    return RepositoryConfig.model_validate(kept), [mistakes[key] for key in data if key in mistakes]


def _mistake(fault: Any, text: str) -> Mistake:
    key = str(fault["loc"][0])
    name = _field(key)
    line = _line_of(key, text)
    if fault["type"] == "extra_forbidden":
        return _unknown(key, line)
    where = f" (item {fault['loc'][1] + 1})" if len(fault["loc"]) > 1 and isinstance(fault["loc"][1], int) else ""
    return Mistake(f"is wrong{where}: {told(fault)}", name, line, matters=name not in _HARMLESS)


def _unknown(key: str, line: int | None) -> Mistake:
    """A slip of the pen in the name of something that counts, counts: the setting would silently not hold."""
    known = {to_camel(name): name for name in RepositoryConfig.model_fields}
    close = difflib.get_close_matches(to_camel(key), known, n=1, cutoff=0.8)
    meant = known[close[0]] if close else None
    hint = f"; did you mean `{meant}`?" if meant else ""
    shown = key.replace("`", "'")[:60]
    return Mistake(f"is no setting{hint}", shown, line, matters=meant is not None and meant not in _HARMLESS)


def _field(key: str) -> str:
    return next((name for name in RepositoryConfig.model_fields if key in (name, to_camel(name))), "schema_")


def _line_of(key: str, text: str) -> int | None:
    """Where the key stands, in either format; the first place, which is the only one but in odd files."""
    quoted = re.escape(json.dumps(key))
    found = re.search(rf"{quoted}\s*:|^\s*(?:{quoted}|{re.escape(key)})\s*=|^\s*\[+\s*{re.escape(key)}\b", text, re.M)
    return text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1 if found else None
