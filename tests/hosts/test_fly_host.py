"""FlyHost against the emulated Fly: what is asked, what is adopted, what every refusal becomes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from emulators.fly import Server
from jobs.hosts import fly
from jobs.hosts.errors import HostError, HostRefused, HostUnavailable, NoCapacity
from jobs.hosts.fly import FlyHost
from jobs.hosts.fly_place import FlyPlace
from jobs.hosts.port import MachineSpec, MachineState
from tests.contracts.fly import HOOKS, check_request
from tests.emulators.fly_api import DEPLOY, IMAGE, Api, eventually, world
from tests.hosts.conftest import CANARY, PLACE, Pace, fly_host, spec

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """Each request and each answer is held against Fly's own description."""
    with httpx.Client(event_hooks=HOOKS) as client:
        yield client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(world(tmp_path)) as running:
        yield running


@pytest.fixture
def host(server: Server, http: httpx.Client) -> FlyHost:
    return fly_host(server, http)


def host_over(answer: Answer, regions: list[str] | None = None) -> FlyHost:
    """A host that talks to a Fly of one function."""
    client = httpx.Client(transport=httpx.MockTransport(answer), event_hooks={"request": [check_request]})
    place = FlyPlace(DEPLOY, "porter", IMAGE, tuple(regions or ()))
    return FlyHost(api_url="http://fly", place=lambda: place, pace=Pace(), http=client)


def test_the_machine_asked_for_ends_once_and_keeps_its_exit(server: Server, host: FlyHost) -> None:
    host.create(spec("r1"))
    (call,) = server.world.history("create")
    assert call.body["name"] == "porter-r1"
    assert call.body["region"] == "iad"
    config = server.world.machines("porter")[0].config
    assert config["restart"] == {"policy": "no"}
    assert config["auto_destroy"] is False
    assert config["metadata"] == {"porter_run": "r1", "porter_task": "t1", "porter_deployment": "test"}
    assert config["guest"] == {"cpu_kind": "shared", "cpus": 2, "memory_mb": 2048}
    assert set(config["env"]) == {"PORTER_URL", "TASK_ID", "RUN_ID", "CALLBACK_TOKEN"}
    assert DEPLOY not in json.dumps(call.body)


def test_the_machine_has_the_size_and_the_image_that_are_set(server: Server, http: httpx.Client) -> None:
    pinned = f"registry.fly.io/porter@sha256:{'a' * 64}"
    host = fly_host(server, http, cpu_kind="performance", cpus=1, memory_mb=4096, image=pinned, regions=("fra",))
    assert host.create(spec("r1")).image == pinned
    [machine] = server.world.machines("porter")
    assert (machine.config["guest"]["cpu_kind"], machine.config["guest"]["memory_mb"]) == ("performance", 4096)
    assert machine.region == "fra"


def test_a_tag_is_told_by_the_digest_it_meant(host: FlyHost) -> None:
    image = host.create(spec("r1")).image
    assert image is not None
    assert re.fullmatch(r"registry\.fly\.io/porter@sha256:[0-9a-f]{64}", image)


def test_a_token_that_was_replaced_counts_for_the_next_call(server: Server, http: httpx.Client) -> None:
    places = [replace(PLACE, token="fm2_old"), PLACE]
    host = FlyHost(api_url=server.url, place=lambda: places.pop(0), pace=Pace(), http=http)
    with pytest.raises(HostRefused, match="expired or revoked"):
        host.list()
    assert host.list() == []


def test_a_create_whose_reply_was_lost_is_adopted(server: Server, host: FlyHost) -> None:
    server.world.faults.drop_reply_next("create")
    made = host.create(spec("r1"))
    assert [call.status for call in server.world.history("create")] == [0]
    short_ids = MachineSpec("1", "1", {"TASK_ID": "1", "RUN_ID": "1", "CALLBACK_TOKEN": CANARY}, 60.0)
    assert host.create(short_ids).id == host.create(short_ids).id
    adopted = host.create(spec("r1"))
    assert adopted.id == made.id
    assert [m.id for m in server.world.machines("porter") if m.name == "porter-r1"] == [adopted.id]


def test_a_lost_create_that_no_list_shows_yet_is_found_by_its_name(server: Server, host: FlyHost) -> None:
    server.world.faults.list_lag = 60.0
    server.world.faults.drop_reply_next("create")
    with pytest.raises(HostUnavailable):
        host.create(spec("r1"))
    host.create(spec("r1"))
    assert len(server.world.machines("porter")) == 1


def test_a_create_that_broke_on_the_way_is_looked_up_before_it_is_repeated(server: Server, host: FlyHost) -> None:
    first = host.create(spec("r1"))
    server.world.faults.fail_next("create", 502, "bad gateway")
    assert host.create(spec("r1")).id == first.id


def test_a_name_taken_by_someone_else_is_not_adopted(server: Server, host: FlyHost) -> None:
    Api(server).create("porter-r1", metadata={"porter_run": "r1", "porter_deployment": "other"})
    with pytest.raises(HostRefused, match="is not this deployment's"):
        host.create(spec("r1"))


def test_a_conflict_that_names_no_machine_is_looked_up(server: Server, host: FlyHost) -> None:
    first = host.create(spec("r1"))
    server.world.faults.fail_next("create", 409, "already_exists: unique machine name violation")
    assert host.create(spec("r1")).id == first.id


def test_a_full_region_leads_to_the_next(server: Server, host: FlyHost) -> None:
    server.world.regions["iad"] = 0
    assert host.create(spec("r1")).region == "fra"


def test_each_further_region_waits_for_its_turn(server: Server, http: httpx.Client) -> None:
    server.world.regions["iad"] = 0
    pace = Pace()
    fly_host(server, http, pace=pace).create(spec("r1"))
    assert pace.waits == ["porter"]


def test_where_a_machine_did_not_come_up_the_next_one_is_not_tried_first(host: FlyHost) -> None:
    assert host.create(replace(spec("r1"), avoid="iad")).region == "fra"


def test_a_full_house_still_has_the_machine_whose_create_was_lost(server: Server, host: FlyHost) -> None:
    first = host.create(spec("r1"))
    for _ in range(2):
        server.world.faults.fail_next("create", 422, "no room", code="insufficient_capacity")
    assert host.create(spec("r1")).id == first.id


def test_a_pause_that_fly_asks_for_holds_for_everybody(server: Server, http: httpx.Client) -> None:
    pace = Pace()
    server.world.faults.fail_next("create", 429, "slow down", headers={"Retry-After": "7"})
    with pytest.raises(HostUnavailable):
        fly_host(server, http, pace=pace).create(spec("r1"))
    assert pace.pauses == [("porter", 7.0)]


def test_when_every_region_is_full_the_error_names_them(server: Server, host: FlyHost) -> None:
    server.world.regions.update(iad=0, fra=0)
    with pytest.raises(NoCapacity, match="iad, fra"):
        host.create(spec("r1"))


@pytest.mark.parametrize(
    "words",
    [
        "aborted: could not reserve resource for machine: insufficient memory available to fulfill request",
        "aborted: no capacity",
    ],
)
def test_a_full_host_that_answers_conflict_is_no_name_conflict(server: Server, host: FlyHost, words: str) -> None:
    server.world.faults.fail_next("create", 409, words)
    assert host.create(spec("r1")).region == "fra"


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        pytest.param(429, {}, 1.0, id="rate-limit"),
        pytest.param(429, {"Retry-After": "7"}, 7.0, id="rate-limit-that-says-when"),
        pytest.param(500, {}, None, id="broken"),
        pytest.param(503, {"Retry-After": "30"}, 30.0, id="down"),
        pytest.param(409, {}, None, id="conflict"),
    ],
)
def test_what_may_pass_is_to_be_tried_again(
    server: Server, host: FlyHost, status: int, headers: dict[str, str], retry_after: float | None
) -> None:
    server.world.faults.fail_next("create", status, "internal: sorry", headers=headers)
    with pytest.raises(HostUnavailable, match=f"{status}.*sorry.*fly-request-id 01") as caught:
        host.create(spec("r1"))
    assert caught.value.retry_after == retry_after
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        pytest.param(401, "set a new one", id="token-revoked"),
        pytest.param(403, "deploy scope", id="token-too-narrow"),
        pytest.param(404, "Does the Fly app exist", id="app-missing"),
        pytest.param(422, "Check the image", id="bad-image"),
        pytest.param(400, "does not ask again", id="other"),
    ],
)
def test_a_refusal_says_what_fly_said_and_what_to_do(server: Server, host: FlyHost, status: int, advice: str) -> None:
    server.world.faults.fail_next("create", status, "because of this")
    with pytest.raises(HostRefused, match=f"because of this.*{advice}") as caught:
        host.create(spec("r1"))
    assert caught.value.status == status
    assert caught.value.request_id


def test_a_missing_app_does_not_make_its_machines_look_gone(server: Server, http: httpx.Client) -> None:
    host = fly_host(server, http, app="missing")
    for ask in (lambda: host.get("123"), lambda: host.destroy("123"), lambda: host.stop("123"), host.list):
        with pytest.raises(HostRefused):
            ask()


def test_only_this_deployment_is_listed(server: Server, http: httpx.Client) -> None:
    mine, theirs = fly_host(server, http), fly_host(server, http, deployment="other")
    mine.create(spec("r1"))
    theirs.create(spec("r2"))
    assert [machine.run_id for machine in mine.list()] == ["r1"]


def test_a_list_follows_the_cursor_past_an_empty_page() -> None:
    pages: dict[str | None, tuple[list[str], str | None]] = {None: (["m1"], "a"), "a": ([], "b"), "b": (["m2"], None)}

    def fly(request: httpx.Request) -> httpx.Response:
        ids, cursor = pages[request.url.params.get("cursor")]
        assert request.url.params["limit"] == "1000"
        headers = {"fly-next-cursor": cursor} if cursor else {}
        return httpx.Response(200, json=[{"id": name, "state": "started"} for name in ids], headers=headers)

    assert [machine.id for machine in host_over(fly).list()] == ["m1", "m2"]


def test_a_list_of_several_pages_is_read_to_its_end(host: FlyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fly, "PAGE", 2)
    made = {host.create(spec(f"r{number}")).id for number in range(5)}
    assert {machine.id for machine in host.list()} == made


def test_a_destroy_that_fails_is_told_and_can_be_repeated(server: Server, host: FlyHost) -> None:
    machine = host.create(spec("r1"))
    server.world.faults.fail_next("destroy", 500)
    with pytest.raises(HostUnavailable):
        host.destroy(machine.id)
    host.destroy(machine.id)
    assert host.get(machine.id) is None


def test_running_out_of_memory_is_seen(server: Server, host: FlyHost) -> None:
    machine = host.create(spec("r1"))
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.state is MachineState.RUNNING)
    server.world.oom(machine.id)
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.state is MachineState.STOPPED)
    seen = host.list()[0]
    assert (seen.oom_killed, seen.exit_code) == (True, 137)


def test_the_newest_exit_counts_and_the_monitors_word_comes_first() -> None:
    old = {"type": "exit", "timestamp": 1, "request": {"exit_event": {"exit_code": 1}}}
    monitor = {"exit_code": 0, "guest_signal": -1, "signal": -1}
    new = {"type": "exit", "timestamp": 2, "request": {"MonitorEvent": {"exit_event": monitor}, "exit_event": {}}}
    described = {"id": "m1", "state": "stopped", "events": [old, new]}
    seen = host_over(lambda _: httpx.Response(200, json=described)).get("m1")
    assert seen is not None
    assert seen.exit_code == 0


@pytest.mark.parametrize(
    ("error", "name"), [(httpx.ConnectError("refused"), "ConnectError"), (httpx.ReadTimeout("slow"), "ReadTimeout")]
)
def test_no_answer_is_to_be_tried_again(error: httpx.TransportError, name: str) -> None:
    def fly(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(HostUnavailable, match=name):
        host_over(fly).list()


def test_an_answer_from_something_else_is_to_be_tried_again() -> None:
    with pytest.raises(HostUnavailable, match="not JSON"):
        host_over(lambda _: httpx.Response(200, text="<html>")).list()


def test_secrets_stay_out_of_errors_logs_and_urls(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[httpx.Request] = []

    def fly(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(400, json={"error": f"bad env {CANARY} for {DEPLOY}\nsecond line {'x' * 1000}"})

    host = host_over(fly)
    with caplog.at_level(logging.DEBUG), pytest.raises(HostError) as caught:
        host.create(spec("r1"))
    said = f"{caught.value} {caught.value!r} {host!r} {spec('r1')!r} {caplog.text} {seen[0].url}"
    assert CANARY not in said
    assert DEPLOY not in said
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
