"""What a request says, as far as every route asks it the same way."""

from __future__ import annotations

from typing import Any

from flask import request

from emulators.fly.errors import ApiError


def json_body(*, optional: bool = False) -> dict[str, Any]:
    """The request's JSON object. Raises ApiError when it is something else."""
    if optional and not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_argument: the request body must be a JSON object")
    return body


def flag(name: str) -> bool:
    value = request.args.get(name, "false")
    if value not in ("true", "false", "1", "0"):
        raise ApiError(400, f"invalid_argument: {name} must be true or false")
    return value in ("true", "1")


def number(name: str, least: int, most: int) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isdigit() or not least <= int(text) <= most:
        raise ApiError(400, f"invalid_argument: {name} must be between {least} and {most}")
    return int(text)
