"""GitHub's description as a judge: it knows every route we serve, and it catches what clients get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.github.rest.dispatch import ROUTES
from tests.contracts.github import GITHUB, check_request, check_response

REPO = "/repos/acme/widgets"


def test_every_route_of_the_emulator_is_githubs() -> None:
    served = {(one.method.lower(), one.path) for one in ROUTES}
    described = {(verb, path) for path, verbs in GITHUB.document["paths"].items() for verb in verbs}
    # The root folder is `contents/{path}` with an empty path in the description.
    assert served - described == {("get", "/repos/{owner}/{repo}/contents"), ("get", "/repos/{owner}/{repo}/contents/")}


def test_every_route_says_what_an_installation_needs() -> None:
    """Whoever adds a route of a repository cannot forget its permission."""
    assert [one.path for one in ROUTES if one.by == "repository" and not one.needs] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        pytest.param("POST", f"{REPO}/issues/1/comments", {}, "'body' is a required property", id="missing-field"),
        pytest.param("POST", f"{REPO}/issues/1/comments", {"body": "x", "bdy": 1}, "no field bdy", id="typing-mistake"),
        pytest.param("POST", f"{REPO}/issues/1/comments", None, "needs a body", id="no-body"),
        pytest.param("GET", f"{REPO}/issues?stat=open", None, "no query parameter stat", id="unknown-query"),
        pytest.param(
            "POST", f"{REPO}/issues/comments/1/reactions", {"content": "eye"}, "is not one of", id="not-a-word"
        ),
        pytest.param("POST", f"{REPO}/nothing", {}, "has no POST", id="unknown-path"),
        pytest.param("DELETE", f"{REPO}/issues/comments/1", {"x": 1}, "takes no body", id="needless-body"),
    ],
)
def test_a_wrong_request_is_caught(method: str, path: str, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_request(method, path, body)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(200, {"id": 1}, "is a required property", id="half-an-object"),
        pytest.param(299, {}, "never answers 299", id="unknown-status"),
        pytest.param(418, {"error": "x"}, "has no message", id="not-githubs-error"),
    ],
)
def test_a_wrong_answer_is_caught(status: int, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_response("GET", f"/api/v3{REPO}/issues/1", status, body)
