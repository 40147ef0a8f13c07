"""What the emulated Fly refuses, and how it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.fly import Config, ConfigError, Server
from tests.emulators.fly_api import DEPLOY, IMAGE, TOKEN, Api, FakeClock, world


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def api(tmp_path: Path, clock: FakeClock) -> Iterator[Api]:
    with Server(world(tmp_path, clock=clock, regions={"iad": None, "fra": 0, "ams": 1})) as server:
        yield Api(server)


@pytest.fixture
def strict(tmp_path: Path, clock: FakeClock) -> Iterator[Api]:
    with Server(world(tmp_path, clock=clock, rates=True)) as server:
        yield Api(server)


def test_every_answer_carries_a_request_id(api: Api) -> None:
    assert api.http.get("/v1/apps/porter").headers["fly-request-id"]
    assert httpx.get(f"{api.http.base_url}/v1/nothing").headers["fly-request-id"]


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        pytest.param("fm2_wrong", "/v1/apps/porter", 401, id="unknown-token"),
        pytest.param(DEPLOY, "/v1/apps/porter", 200, id="deploy-token-own-app"),
        pytest.param(DEPLOY, "/v1/apps/second", 403, id="deploy-token-other-app"),
        pytest.param(DEPLOY, "/v1/apps?org_slug=personal", 403, id="deploy-token-org-wide"),
        pytest.param(TOKEN, "/v1/apps/theirs", 404, id="app-of-another-organisation"),
        pytest.param(TOKEN, "/v1/apps/missing/machines", 404, id="missing-app"),
        pytest.param(TOKEN, "/v1/apps/porter/machines/0000", 404, id="missing-machine"),
        pytest.param(TOKEN, "/v1/apps", 400, id="apps-without-an-organisation"),
    ],
)
def test_a_token_opens_only_what_is_its_own(api: Api, token: str, path: str, status: int) -> None:
    answer = api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]


def test_a_request_without_a_token_is_refused(api: Api) -> None:
    assert httpx.get(f"{api.http.base_url}/v1/apps/porter").status_code == 401


def test_a_token_can_be_asked_about_itself(api: Api) -> None:
    answer = api.http.get("/v1/tokens/current", headers={"Authorization": f"Bearer {DEPLOY}"}).json()
    assert [(token["org_slug"], token["apps"]) for token in answer["tokens"]] == [("personal", ["porter"])]
    [whole] = api.http.get("/v1/tokens/current").json()["tokens"]
    assert (whole["org_slug"], whole.get("apps")) == ("personal", None)


def test_a_deploy_token_ends_when_its_expiry_says(api: Api, clock: FakeClock) -> None:
    token = api.http.post("/v1/apps/porter/deploy_token", json={"expiry": "1h"}).json()["token"]
    own = {"Authorization": f"Bearer {token}"}
    assert api.http.get("/v1/apps/porter", headers=own).status_code == 200
    clock.now += 3601
    assert api.http.get("/v1/apps/porter", headers=own).status_code == 401


def test_an_app_is_created_once_and_deleted(api: Api) -> None:
    body = {"name": "fresh", "org_slug": "personal"}
    assert api.http.post("/v1/apps", json=body).status_code == 201
    again = api.http.post("/v1/apps", json=body)
    assert (again.status_code, again.json()["status"]) == (422, "name_taken")
    keyed = {"name": "keyed", "org_slug": "personal", "idempotency_key": "k1"}
    assert [api.http.post("/v1/apps", json=keyed).status_code for _ in range(2)] == [201, 201]
    assert api.http.post("/v1/apps", json={**keyed, "name": "other"}).status_code == 422
    assert api.http.delete("/v1/apps/fresh").status_code == 202
    assert api.http.get("/v1/apps/fresh").status_code == 404


@pytest.mark.parametrize(
    ("config", "status"),
    [
        pytest.param({"image": None}, 422, id="no-image"),
        pytest.param({"image": 7}, 400, id="image-of-wrong-type"),
        pytest.param({"guest": {"memory_mb": 1000}}, 422, id="memory-not-a-multiple-of-256"),
        pytest.param({"guest": {"memory_mb": "2048"}}, 400, id="memory-as-text"),
        pytest.param({"guest": {"cpus": 2, "memory_mb": 256}}, 422, id="too-little-memory"),
        pytest.param({"guest": {"cpus": 3}}, 422, id="odd-cpus"),
        pytest.param({"env": {"A": 1}}, 400, id="env-not-text"),
        pytest.param({"restart": {"policy": "never"}}, 422, id="unknown-policy"),
        pytest.param({"stop_config": {"signal": "SIGWHAT"}}, 400, id="unknown-signal"),
        pytest.param({"stop_config": {"timeout": "soon"}}, 400, id="not-a-duration"),
        pytest.param({"unknown_field": 1}, 200, id="unknown-fields-are-ignored"),
        pytest.param({"guest": {"cpu_kind": "shared", "cpus": 2, "memory_mb": 2048}}, 200, id="a-usual-size"),
    ],
)
def test_a_machine_is_validated(api: Api, config: dict[str, Any], status: int) -> None:
    assert api.create(**config).status_code == status


def test_only_listed_images_can_be_pulled(tmp_path: Path) -> None:
    with Server(world(tmp_path, images=["other:latest"])) as server:
        answer = Api(server).create()
    assert answer.status_code == 422
    assert IMAGE in answer.json()["error"]


def test_a_second_machine_of_the_same_name_is_refused_with_the_id_of_the_first(api: Api) -> None:
    first = api.create("porter-1").json()
    second = api.create("porter-1")
    assert second.status_code == 409
    assert f"machine ID {first['id']} already exists" in second.json()["error"]
    assert first["state"] == "created"


def test_a_full_region_says_insufficient_capacity(api: Api) -> None:
    full = api.create(region="fra")
    assert (full.status_code, full.json()["status"]) == (422, "insufficient_capacity")
    assert api.create(region="ams").status_code == 200
    assert api.create(region="ams").json()["status"] == "insufficient_capacity"
    assert "status" not in api.create(region="xxx").json()


def test_lists_are_filtered_and_paged_by_cursor(api: Api, clock: FakeClock) -> None:
    for number in range(5):
        api.create(f"porter-{number}", metadata={"odd": str(number % 2), "all": "yes"})
    path = "/v1/apps/porter/machines"
    assert len(api.http.get(path, params={"metadata.odd": "1", "metadata.all": "yes"}).json()) == 2
    assert api.http.get(path, params={"region": "ams"}).json() == []
    assert "config" not in api.http.get(path, params={"summary": "true"}).json()[0]
    first = api.http.get(path, params={"limit": 3})
    cursor = first.headers["fly-next-cursor"]
    second = api.http.get(path, params={"limit": 3, "cursor": cursor})
    assert [m["name"] for m in first.json() + second.json()] == [f"porter-{n}" for n in range(5)]
    assert "fly-next-cursor" not in second.headers
    assert api.http.get(path, params={"limit": 0}).status_code == 400
    clock.now += 1801
    assert api.http.get(path, params={"limit": 3, "cursor": cursor}).status_code == 400


def test_creates_are_limited_for_each_app(strict: Api, clock: FakeClock) -> None:
    assert [strict.create().status_code for _ in range(4)] == [200, 200, 200, 429]
    clock.now += 1.0
    assert [strict.create().status_code for _ in range(2)] == [200, 429]


def test_reading_a_machine_has_the_wider_limit(strict: Api) -> None:
    machine = strict.create().json()["id"]
    assert [strict.machine(machine).status_code for _ in range(11)] == [200] * 10 + [429]


def test_a_lease_keeps_others_from_changing_a_machine(api: Api, clock: FakeClock) -> None:
    machine = api.create().json()["id"]
    lease = api.machine(machine, "/lease", "POST", json={"ttl": 30})
    assert lease.status_code == 201
    assert api.machine(machine, "/stop", "POST").status_code == 409
    own = {"fly-machine-lease-nonce": lease.json()["nonce"]}
    assert api.machine(machine, "/stop", "POST", headers=own).status_code == 200
    clock.now += 31
    assert api.machine(machine, "/metadata/a", "POST", json={"value": "b"}).status_code == 204


def test_metadata_changes_key_by_key(api: Api) -> None:
    machine = api.create(metadata={"a": "1", "b": "2"}).json()
    change = {"metadata": {"a": None, "c": "3"}, "machine_version": machine["version"]}
    assert api.machine(machine["id"], "/metadata", "PATCH", json=change).status_code == 204
    assert api.machine(machine["id"], "/metadata").json() == {"b": "2", "c": "3"}
    stale = {"metadata": {}, "machine_version": "old"}
    assert api.machine(machine["id"], "/metadata", "PATCH", json=stale).status_code == 412


def test_a_dropped_reply_leaves_the_machine_behind(api: Api) -> None:
    api.world.faults.drop_reply_next("create")
    with pytest.raises(httpx.TransportError):
        api.create("porter-lost")
    assert api.create("porter-lost").status_code == 409
    assert [call.status for call in api.world.history("create")] == [0, 409]


def test_faults_strike_once_each(api: Api) -> None:
    api.world.faults.fail_next("list", 503, headers={"Retry-After": "7"})
    first = api.http.get("/v1/apps/porter/machines")
    assert (first.status_code, first.headers["retry-after"]) == (503, "7")
    assert api.http.get("/v1/apps/porter/machines").status_code == 200
    api.world.faults.hang_next("list", 5.0)
    with pytest.raises(httpx.ReadTimeout):
        api.http.get("/v1/apps/porter/machines", timeout=0.2)


def test_a_list_may_lag_behind(api: Api, clock: FakeClock) -> None:
    api.world.faults.list_lag = 5.0
    api.create()
    assert api.http.get("/v1/apps/porter/machines").json() == []
    clock.now += 6
    assert len(api.http.get("/v1/apps/porter/machines").json()) == 1


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        pytest.param({"colour": "red"}, "unknown setting 'colour'", id="unknown"),
        pytest.param({"apps": []}, "apps has the wrong type", id="wrong-type"),
        pytest.param({"regions": {"iad": "full"}}, "0 for full", id="region-without-number"),
        pytest.param({"apps": {"a": "nobody"}}, "'nobody'", id="unknown-organisation"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_explained(data: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        Config.from_mapping(data)
