"""Custom agents from the configuration: `{"name": "aider", "argv": ["aider", "--model={model}"], …}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from worker.agents.agent import Agent, Conversation, Model, Part
from worker.agents.stream import as_number
from worker.contract import Price, Usage
from worker.errors import BadAgentConfig

TEXTS = ("name", "title", "stream", "package", "version", "installer", "default_model")
LISTS = ("argv", "keys", "settings", "aliases", "excludes", "instructions")
FIELDS = frozenset((*TEXTS, *LISTS, "called", "env", "files", "escapes", "models", "interrupt_first", "resume"))
_PRICES = frozenset(one.name for one in fields(Price))
_FIGURES = frozenset(one.name for one in fields(Usage))
_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def read(data: Mapping[str, Any], *, streams: Collection[str]) -> Agent:
    """An agent from one table of the configuration. Raises BadAgentConfig, which says what to change."""
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadAgentConfig(f"an agent's name is lower-case letters, digits and dashes, at most 39; not {name!r}")
    if unknown := sorted(set(data) - FIELDS):
        raise BadAgentConfig(f"agent {name}: unknown field {unknown[0]!r}; known are {', '.join(sorted(FIELDS))}")
    stream = data.get("stream", "text")
    if stream not in streams:
        raise BadAgentConfig(f"agent {name}: stream is one of {', '.join(sorted(streams))}; not {stream!r}")
    return Agent(
        name=name,
        title=_word(name, data, "title") or name,
        argv=_argv(name, data.get("argv")),
        stream=stream,
        aliases=tuple(alias.lower() for alias in _words(name, data, "aliases")),
        package=_word(name, data, "package"),
        version=_word(name, data, "version"),
        keys=_variables(name, data, "keys"),
        installer=_installer(name, data.get("installer", "npm")),
        default_model=_word(name, data, "default_model"),
        models=_models(name, data.get("models", [])),
        called=_texts(name, "called", data.get("called", {})),
        env=_texts(name, "env", data.get("env", {})),
        files=_texts(name, "files", data.get("files", {})),
        escapes=_texts(name, "escapes", data.get("escapes", {})),
        settings=_variables(name, data, "settings"),
        excludes=_words(name, data, "excludes"),
        instructions=_words(name, data, "instructions"),
        interrupt_first=data.get("interrupt_first") is True,
        conversation=_conversation(name, data.get("resume")),
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


def _conversation(name: str, value: object) -> Conversation | None:
    if value is None:
        return None
    table = value if isinstance(value, dict) else {}
    path, counts = table.get("path"), table.get("counts_all", [])
    if not isinstance(path, str) or not path or path.startswith("/") or ".." in path:
        raise BadAgentConfig(
            f"agent {name}: resume is a table with argv, the whole command that goes on with a conversation, and path, "
            "where its file lies below HOME"
        )
    if not isinstance(counts, list) or not _FIGURES.issuperset(counts):
        raise BadAgentConfig(f"agent {name}: resume.counts_all is a list of {', '.join(sorted(_FIGURES))}")
    save, load = (_words(name, table, key) for key in ("save", "load"))
    return Conversation(_argv(name, table.get("argv")), path, save, load, _pattern(name, table), tuple(counts))


def _pattern(name: str, table: Mapping[str, Any]) -> str:
    try:
        return re.compile(str(table.get("drops", ""))).pattern
    except re.error as error:
        raise BadAgentConfig(f"agent {name}: resume.drops is a regular expression ({error})") from None


def _models(name: str, value: object) -> tuple[Model, ...]:
    """`[{"name": "m", "input": 3, "output": 15}]`, prices in US dollars for a million tokens, or none."""
    models = []
    for table in value if isinstance(value, list) else [value]:
        called = table.get("name") if isinstance(table, dict) else None
        rest = table.items() if isinstance(table, dict) else ()
        prices = {key: as_number(figure) for key, figure in rest if key != "name"}
        known = all(key in _PRICES and figure is not None and figure >= 0 for key, figure in prices.items())
        if not isinstance(called, str) or not known or len({"input", "output"} & prices.keys()) == 1:
            raise BadAgentConfig(
                f"agent {name}: models is a list of tables with a name and prices for a million tokens: input and "
                f"output, cache_read, cache_write; not {table!r}"
            )
        models.append(Model(called, Price(**prices) if prices else None))  # type: ignore[arg-type]  # none is None
    return tuple(models)


def _installer(name: str, value: object) -> str:
    if value not in ("npm", "pip"):
        raise BadAgentConfig(f"agent {name}: installer is npm or pip; not {value!r}")
    return str(value)


def _texts(name: str, key: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in (*value, *value.values())):
        raise BadAgentConfig(f"agent {name}: {key} is a table of texts")
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
