"""`/api/config/fly` as its callers see it: what is shown, what is saved, who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, openapi
from schemathesis.checks import CHECKS, load_all_checks

from emulators.fly import Server
from store import audit, vault
from tests.emulators.fly_api import DEPLOY, TOKEN, world
from tests.intake.conftest import House, build
from tests.intake.test_openapi import NOT_HERE
from tests.intake.test_tasks_api import PRODUCTION

PATH = "/api/config/fly"
NO_FLY = "http://127.0.0.1:9"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(world(tmp_path / "fly")) as running:
        yield running


@pytest.fixture
def house(home: Path, server: Server) -> Iterator[House]:
    made = build(home, FLY_API_URL=server.url, PORTER_HOST="fly", PORTER_URL="https://porter.example")
    yield made
    made.services.db.close()


def test_before_anything_is_set_up_it_says_what_to_do(house: House) -> None:
    seen = house.client.get(PATH)
    assert seen.status_code == 200
    assert (seen.json["status"], seen.json["ok"]) == ("missing_token", False)
    assert seen.json["token"] == {"configured": False, "source": None}
    assert "fly tokens create org" in seen.json["action"]


def test_what_is_saved_is_shown_without_the_token(house: House) -> None:
    size = {"regions": ["fra", "iad"], "machine_cpus": 4, "machine_memory_mb": 8192}
    saved = house.client.put(PATH, json={"token": TOKEN, "app": "fresh", **size})
    assert (saved.status_code, saved.json["created"]) == (200, True)
    seen = house.client.get(PATH).json
    assert (seen["status"], seen["app"], seen["org"]) == ("ready", "fresh", "personal")
    assert seen["token"] == {"configured": True, "source": "stored"}
    assert {name: seen[name] for name in size} == size
    assert (seen["in_use"], seen["image_pinned"], len(seen["warnings"])) == (True, False, 1)
    assert TOKEN not in saved.text + house.client.get(PATH).text
    assert vault.use(house.services.db, house.services.vault, "global", "FLY_API_TOKEN") == TOKEN
    house.client.put(PATH, json={"machine_cpus": 4, "machine_memory_mb": 4096})
    told = [(one.who, one.action, one.what, one.detail) for one in reversed(audit.latest(house.services.db))]
    assert told == [("operator", "fly_changed", f"global/{name}", detail) for name, detail in (
        ("FLY_API_TOKEN", "app fresh"), ("app", "fresh"), ("org", "personal"), ("machine_cpus", "4"),
        ("machine_memory_mb", "8192"), ("regions", "fra, iad"), ("machine_memory_mb", "4096"),
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param({}, 422, "missing_token", id="nothing"),
        pytest.param({"token": "fm2_wrong"}, 422, "invalid_token", id="wrong-token"),
        pytest.param({"token": TOKEN, "app": "theirs"}, 409, "name_conflict", id="name-taken"),
        pytest.param({"token": DEPLOY, "app": "missing"}, 422, "app_not_found", id="no-such-app"),
        pytest.param({"token": TOKEN, "machine_cpus": 3}, 422, "invalid", id="odd-size"),
        pytest.param({"tokn": TOKEN}, 422, "invalid", id="typing-mistake"),
    ],
)
def test_what_is_not_good_is_refused_in_the_one_shape_and_not_stored(
    house: House, body: dict[str, Any], status: int, error: str
) -> None:
    refused = house.client.put(PATH, json=body)
    assert (refused.status_code, refused.json["error"]) == (status, error)
    assert refused.json["message"]
    assert str(body.get("token") or "none") not in refused.text
    assert house.client.get(PATH).json["token"]["configured"] is False


def test_validating_stores_nothing_and_makes_nothing(house: House, server: Server) -> None:
    tried = house.client.post(f"{PATH}/validate", json={"token": TOKEN, "app": "fresh"})
    assert (tried.status_code, tried.json["ok"], tried.json["to_make"]) == (200, True, True)
    wrong = house.client.post(f"{PATH}/validate", json={"token": "fm2_wrong"})
    assert (wrong.status_code, wrong.json["status"]) == (200, "invalid_token")
    assert house.client.get(PATH).json["status"] == "missing_token"
    assert "fresh" not in server.world.apps


def test_a_fly_that_is_away_is_told_as_such(home: Path) -> None:
    house = build(home, FLY_API_URL=NO_FLY)
    refused = house.client.put(PATH, json={"token": TOKEN})
    assert (refused.status_code, refused.json["error"]) == (502, "error")
    tried = house.client.post(f"{PATH}/validate", json={"token": TOKEN}).json
    assert (tried["status"], tried["in_use"]) == ("error", False)
    assert "PORTER_HOST=fly" in tried["warnings"][0]


def test_in_production_only_the_api_token_opens_it(home: Path, server: Server) -> None:
    without = {name: value for name, value in PRODUCTION.items() if name not in ("FLY_API_TOKEN", "FLY_APP_NAME")}
    house = build(home, DATABASE_URL=f"sqlite:///{home}/porter.db", FLY_API_URL=server.url, **without)
    for method, path in (("GET", PATH), ("PUT", PATH), ("POST", f"{PATH}/validate")):
        refused = house.client.open(path, method=method, json={} if method != "GET" else None)
        assert (refused.status_code, refused.json["error"]) == (401, "unauthorized")
    good = {"Authorization": "Bearer the-api-token", "Host": "porter.example"}
    assert house.client.put(PATH, json={"token": DEPLOY}, headers=good).json["status"] == "ready"


def test_no_generated_request_gets_a_server_error_or_an_undescribed_answer(house: House) -> None:
    load_all_checks()
    left_out = [check for check in CHECKS.get_all() if check.__name__ in NOT_HERE]
    schema = openapi.from_wsgi("/openapi/openapi.json", house.client.application)
    for found in schema.include(path_regex="/config/fly").get_all_operations():

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(found.ok().as_strategy())
        def hold(case: Case) -> None:
            case.call_and_validate(excluded_checks=left_out, headers={"Host": "127.0.0.1"})

        house.client.put(PATH, json={"token": TOKEN, "app": "porter"})
        hold()


def test_another_site_in_the_same_browser_cannot_save_a_token(house: House) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert house.client.put(PATH, json={"token": TOKEN}, headers=headers).status_code == 403
