"""Fly's description as a judge: it knows every request we serve, and it catches what clients get wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulators.fly.app import ROUTES
from tests.contracts.fly import FLY
from tests.contracts.prune_fly import prune

MACHINES = "/v1/apps/porter/machines"
CREATE = {"name": "porter-r1", "region": "iad", "config": {"image": "x", "restart": {"policy": "no"}}}


def test_the_emulator_serves_what_is_described_and_nothing_else() -> None:
    served = {(route.method.lower(), re.sub(r"<(\w+)>", "{}", route.rule)) for route in ROUTES}
    described = {
        (verb, re.sub(r"\{\w+\}", "{}", path)) for path, verbs in FLY.document["paths"].items() for verb in verbs
    }
    assert served == described


def test_the_description_is_as_it_would_be_cut_again() -> None:
    assert prune(FLY.document) == FLY.document


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        pytest.param("POST", MACHINES, None, "needs a body", id="no-body"),
        pytest.param("POST", MACHINES, {**CREATE, "regoin": "fra"}, "regoin", id="typing-mistake"),
        pytest.param("POST", MACHINES, {"config": {"guest": {"memory": 256}}}, "memory", id="deep-typing-mistake"),
        pytest.param("POST", MACHINES, {"config": {"restart": {"policy": "never"}}}, "is not one of", id="not-a-word"),
        pytest.param("POST", MACHINES, {"config": {"env": {"A": 1}}}, "is not of type", id="not-a-text"),
        pytest.param("GET", f"{MACHINES}?labels.a=b", None, "no query parameter labels.a", id="unknown-query"),
        pytest.param("PUT", MACHINES, {}, "has no PUT", id="unknown-request"),
        pytest.param("DELETE", f"{MACHINES}/1", {"force": True}, "takes no body", id="needless-body"),
    ],
)
def test_a_wrong_request_is_caught(method: str, path: str, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        FLY.check_request(method, path, body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", MACHINES, CREATE, id="create"),
        pytest.param("GET", f"{MACHINES}?metadata.porter_run=r1&limit=1000", None, id="a-filter-by-any-metadata"),
        pytest.param("DELETE", f"{MACHINES}/1?force=true", None, id="destroy"),
    ],
)
def test_a_right_request_is_let_through(method: str, path: str, body: Any) -> None:
    FLY.check_request(method, path, body)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(200, {"id": 1}, "is not of type", id="wrong-type"),
        pytest.param(200, {"id": "1", "sate": "started"}, "sate", id="invented-field"),
        pytest.param(299, {}, "never answers 299", id="unknown-status"),
        pytest.param(404, {"message": "x"}, "has no error", id="not-flys-error"),
    ],
)
def test_a_wrong_answer_is_caught(status: int, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        FLY.check_response("GET", f"{MACHINES}/1", status, body)
