"""Fly's own description of its Machines API, cut down to what Porter and the emulator speak."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.contracts.openapi import Description

FLY = Description("fly-machines.json", words="error", deep=True)


def check_request(request: httpx.Request) -> None:
    """For a client's `event_hooks`: raises AssertionError for a request that the description does not know."""
    FLY.check_request(request.method, str(request.url), _json(request.content))


def check_response(response: httpx.Response) -> None:
    """The same for an answer. The description tells no refusals of most requests: those only have to say why."""
    response.read()
    request = response.request
    FLY.check_response(request.method, str(request.url), response.status_code, _json(response.content))


HOOKS: dict[str, list[Callable[..., Any]]] = {"request": [check_request], "response": [check_response]}


def _json(content: bytes) -> Any:
    return json.loads(content) if content else None
