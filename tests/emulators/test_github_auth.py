"""Who is let in, who is not, and how much of anything one may do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulators.github_stage import START, Stage, opened

REPO = "/repos/acme/widgets"
NOW = int(START.timestamp())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


def test_an_app_finds_its_installation_and_gets_a_token(stage: Stage) -> None:
    app = stage.jwt()
    assert stage.api.get("/app", headers=app).json()["slug"] == "porter"
    assert len(stage.api.get("/app/installations", headers=app).json()) == 1
    found = stage.api.get(f"{REPO}/installation", headers=app).json()["id"]
    made = stage.api.post(f"/app/installations/{found}/access_tokens", headers=app)
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2026-03-02T11:00:00Z"
    mine = {"Authorization": f"Bearer {made.json()['token']}"}
    seen = stage.api.get("/installation/repositories", headers=mine).json()
    assert [one["full_name"] for one in seen["repositories"]] == ["acme/widgets"]
    stage.clock.pass_by(minutes=61)
    late = stage.api.get(REPO, headers=mine)
    assert (late.status_code, late.json()["message"]) == (401, "Bad credentials")


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"exp": NOW + 700}, id="too-far-ahead"),
        pytest.param({"iat": NOW - 600, "exp": NOW + 500}, id="longer-than-ten-minutes"),
        pytest.param({"exp": NOW - 1}, id="expired"),
        pytest.param({"iat": NOW + 300}, id="from-the-future"),
        pytest.param({"iss": "1"}, id="another-app"),
        pytest.param({"iss": "porter"}, id="not-an-id"),
        pytest.param({"exp": "soon"}, id="exp-is-text"),
    ],
)
def test_a_bad_jwt_is_401(stage: Stage, claims: dict[str, Any]) -> None:
    assert stage.api.get("/app", headers=stage.jwt(**claims)).status_code == 401


def test_a_jwt_with_another_key_is_401(stage: Stage) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert stage.api.get("/app", headers=stage.jwt(key=other.decode())).status_code == 401


@pytest.mark.parametrize("header", ["Bearer nope", "Bearer a.b.c", "Bearer ", "Basic eA==", "Bearer ghs_x"])
def test_an_unknown_credential_is_401(stage: Stage, header: str) -> None:
    assert stage.api.get(REPO, headers={"Authorization": header}).status_code == 401
    assert stage.api.get("/app", headers={"Authorization": header}).status_code == 401


def test_a_token_can_be_narrowed_but_not_widened(stage: Stage) -> None:
    path, app = f"/app/installations/{stage.installation}/access_tokens", stage.jwt()
    made = stage.api.post(path, headers=app, json={"repositories": ["widgets"], "permissions": {"contents": "read"}})
    assert made.json()["permissions"] == {"contents": "read", "metadata": "read"}
    mine = {"Authorization": f"Bearer {made.json()['token']}"}
    assert stage.api.get(f"{REPO}/contents/README.md", headers=mine).status_code == 200
    refused = stage.api.post(f"{REPO}/issues", headers=mine, json={"title": "T"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == "issues=write"
    for body in ({"repositories": ["secrets"]}, {"repository_ids": [7]}, {"permissions": {"administration": "read"}}):
        assert stage.api.post(path, headers=app, json=body).status_code == 422


def test_a_repository_outside_the_token_is_not_found(stage: Stage) -> None:
    stage.world.add_repository("acme/other", {"a": "b"}, private=True)
    assert stage.api.get("/repos/acme/other", headers=stage.token()).status_code == 404
    assert stage.api.get("/repos/acme/other", headers=stage.person("eve")).status_code == 404
    assert stage.api.get("/repos/acme/other").status_code == 404
    assert stage.api.get("/repos/acme/other/installation", headers=stage.jwt()).status_code == 404


def test_people_do_what_their_role_allows(stage: Stage) -> None:
    stage.branch("topic")
    asked = {"title": "T", "head": "topic", "base": "main"}
    assert stage.api.post(f"{REPO}/pulls", headers=stage.person("eve"), json=asked).status_code == 403
    assert stage.api.post(f"{REPO}/issues", headers=stage.person("eve"), json={"title": "T"}).status_code == 201
    assert stage.api.post(f"{REPO}/issues", json={"title": "T"}).status_code == 401
    assert stage.api.get(REPO).status_code == 200
    assert stage.api.get("/user", headers=stage.person("eve")).json()["login"] == "eve"
    assert stage.api.get("/user", headers=stage.token()).status_code == 403


def test_a_client_without_a_name_is_refused(stage: Stage) -> None:
    request = stage.api.build_request("GET", "/rate_limit")
    del request.headers["User-Agent"]
    assert stage.api.send(request).status_code == 403


def test_too_much_content_in_a_minute_is_a_secondary_limit(stage: Stage) -> None:
    mine = stage.token()
    stage.world.limits.content_per_minute = 3
    answers = [stage.api.post(f"{REPO}/issues", headers=mine, json={"title": f"n{n}"}) for n in range(4)]
    assert [one.status_code for one in answers] == [201, 201, 201, 403]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert "secondary rate limit" in answers[-1].json()["message"]
    stage.clock.pass_by(seconds=61)
    assert stage.api.post(f"{REPO}/issues", headers=mine, json={"title": "later"}).status_code == 201


def test_the_hourly_limit_is_told_and_kept(stage: Stage) -> None:
    mine = stage.token()
    stage.world.limits.core_per_hour = 2
    assert stage.api.get(REPO, headers=mine).headers["x-ratelimit-remaining"] == "1"
    assert stage.api.get("/rate_limit", headers=mine).json()["resources"]["core"]["remaining"] == 1
    assert stage.api.get(REPO, headers=mine).status_code == 200
    over = stage.api.get(REPO, headers=mine)
    assert (over.status_code, over.headers["x-ratelimit-remaining"]) == (403, "0")


def test_faults_are_played_on_demand(stage: Stage) -> None:
    mine, faults = stage.token(), stage.world.faults
    faults.fail_next("GET", "^/repos/acme/widgets$", 503, headers={"Retry-After": "2"})
    failed = stage.api.get(REPO, headers=mine)
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "2")
    assert stage.api.get(REPO, headers=mine).status_code == 200
    faults.drop_reply_next("POST", "/issues$")
    assert stage.api.post(f"{REPO}/issues", headers=mine, json={"title": "did happen"}).status_code == 502
    assert [one.title for one in stage.repository.issues.values()] == ["did happen"]
    faults.hang_next("GET", "^/rate_limit$", seconds=0.05)
    assert stage.api.get("/rate_limit", headers=mine).status_code == 200
    seen = [(one.method, one.path, one.status, one.caller) for one in stage.world.calls]
    assert seen[0] == ("GET", REPO, 503, "anonymous")
    assert seen[2] == ("POST", f"{REPO}/issues", 502, "installation")


def test_nothing_ends_in_a_traceback(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.repository.git, "path", Path("/nonexistent"))
    answer: httpx.Response = stage.api.get(f"{REPO}/contents/README.md", headers=stage.token())
    assert (answer.status_code, answer.json()["message"]) == (500, "Server Error")
