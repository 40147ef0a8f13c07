"""Custom agents from the configuration: `{"name": "aider", "argv": ["aider", "--model={model}"], …}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from worker.agents.agent import Agent, Part
from worker.contract import Resume
from worker.errors import BadAgentConfig

STREAMS = ("text", "claude-code", "mock")
TEXTS = ("name", "title", "stream", "package", "version")
LISTS = ("argv", "keys", "settings", "aliases", "excludes")
FIELDS = frozenset((*TEXTS, *LISTS, "env", "interrupt_first", "resume"))
_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def from_config(data: Mapping[str, Any]) -> Agent:
    """An agent from one table of the configuration. Raises BadAgentConfig, which says what to change."""
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadAgentConfig(f"an agent's name is lower-case letters, digits and dashes, at most 39; not {name!r}")
    if unknown := sorted(set(data) - FIELDS):
        raise BadAgentConfig(f"agent {name}: unknown field {unknown[0]!r}; known are {', '.join(sorted(FIELDS))}")
    stream = data.get("stream", "text")
    if stream not in STREAMS:
        raise BadAgentConfig(f"agent {name}: stream is one of {', '.join(STREAMS)}; not {stream!r}")
    return Agent(
        name=name,
        title=_word(name, data, "title") or name,
        argv=_argv(name, data.get("argv")),
        stream=stream,
        aliases=tuple(alias.lower() for alias in _words(name, data, "aliases")),
        package=_word(name, data, "package"),
        version=_word(name, data, "version"),
        keys=_variables(name, data, "keys"),
        env=_env(name, data.get("env", {})),
        settings=_variables(name, data, "settings"),
        excludes=_words(name, data, "excludes"),
        interrupt_first=data.get("interrupt_first") is True,
        resume=_resume(name, data.get("resume")),
    )


def _argv(name: str, value: object) -> tuple[Part, ...]:
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise BadAgentConfig(f'agent {name}: argv is a list that begins with the program, such as ["aider", "--yes"]')
    parts: list[Part] = []
    for part in value:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, list) and all(isinstance(word, str) for word in part):
            parts.append(tuple(part))
        else:
            raise BadAgentConfig(f"agent {name}: argv holds words, or lists of words; not {part!r}")
    return tuple(parts)


def _resume(name: str, value: object) -> Resume | None:
    if value is None:
        return None
    table = value if isinstance(value, dict) else {}
    argv, path = table.get("argv"), table.get("path")
    is_list = isinstance(argv, list) and all(isinstance(word, str) for word in argv)
    inside = isinstance(path, str) and "{session}" in path and not path.startswith("/") and ".." not in path
    if not is_list or not inside:
        raise BadAgentConfig(
            f"agent {name}: resume is a table with argv, a list of words, and path, below HOME, with {{session}} in it"
        )
    return Resume(list(argv or []), str(path), counts_all=table.get("counts_all") is True)


def _env(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in (*value, *value.values())):
        raise BadAgentConfig(f"agent {name}: env is a table of texts")
    return dict(value)


def _variables(name: str, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = _words(name, data, key)
    for word in found:
        if not _VARIABLE.fullmatch(word):
            raise BadAgentConfig(f"agent {name}: {key} holds names of variables such as OPENAI_API_KEY; not {word!r}")
    return found


def _words(name: str, data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadAgentConfig(f"agent {name}: {key} is a list of texts")
    return tuple(value)


def _word(name: str, data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise BadAgentConfig(f"agent {name}: {key} is a text")
    return value
