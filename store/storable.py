"""Text as both databases can keep it. Pure.

Agents print anything. PostgreSQL refuses the character NUL (https://www.postgresql.org/docs/current/datatype-json.html),
and no database takes half of a surrogate pair; either would turn one odd log line into a failed report.
"""

from __future__ import annotations

import json
from typing import Any

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(value: Any) -> Any:
    """The value with each such character replaced, in it and in what it holds."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(storable(item) for item in value)
    return value


def to_json(value: Any) -> str:
    """JSON of the storable value."""
    return json.dumps(storable(value))


def _text(text: str) -> str:
    clean = text.replace("\0", _REPLACEMENT) if "\0" in text else text
    if clean.isascii():
        return clean
    return clean.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
