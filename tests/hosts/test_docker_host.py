"""What is Docker's own about a Docker host: the container it asks for, images, refusals, an engine that is away."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.hosts.docker import DockerHost, Size
from jobs.hosts.docker_answers import listed, pinned
from jobs.hosts.errors import HostRefused, HostUnavailable
from jobs.hosts.port import MachineSpec, MachineState
from tests.emulators.fly_api import SLEEPER, eventually, python
from tests.hosts.conftest import CANARY, spec
from tests.hosts.docker_engine import DIGEST, REPOSITORY, Engine, serving
from tests.hosts.docker_hosts import docker_host


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    with serving(engine) as address:
        yield address
    assert engine.faults == []


def host_on(address: str, **more: object) -> DockerHost:
    return docker_host(address, **({"runner_argv": SLEEPER} | more))


def test_the_container_may_do_no_more_than_it_must(engine: Engine, address: str) -> None:
    host_on(address, network="bridge", size=lambda: Size(3, 512)).create(spec("r1"))
    config = engine.containers["porter-r1"].config
    limits = config["HostConfig"]
    assert limits["CapDrop"] == ["ALL"]
    assert set(limits["CapAdd"]) == {"SETUID", "SETGID", "CHOWN", "KILL", "DAC_OVERRIDE"}
    assert limits["SecurityOpt"] == ["no-new-privileges:true"]
    assert (limits["NanoCpus"], limits["Memory"], limits["MemorySwap"]) == (3_000_000_000, 512 << 20, 512 << 20)
    assert limits["PidsLimit"] > 0
    assert limits["RestartPolicy"]["Name"] == ""
    assert not {"Privileged", "Binds", "Mounts", "PidMode", "Devices"} & {key for key, value in limits.items() if value}
    assert limits["ExtraHosts"] == ["host.docker.internal:host-gateway"]
    assert config["Labels"] == {"porter.run": "r1", "porter.task": "t1", "porter.deployment": "test"}


def test_the_container_gets_the_four_variables_and_no_proxy(
    engine: Engine, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://user:secret@proxy:1"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    host_on(address).create(spec("r1"))
    names = {pair.partition("=")[0] for pair in engine.containers["porter-r1"].config["Env"]}
    assert names == {"PORTER_URL", "TASK_ID", "RUN_ID", "CALLBACK_TOKEN"}


def test_a_list_is_one_call(engine: Engine, address: str) -> None:
    host = host_on(address)
    for number in range(3):
        host.create(spec(f"r{number}"))
    engine.asked.clear()
    assert len(host.list()) == 3
    assert [(method, path) for method, path, _ in engine.asked] == [("GET", "/containers/json")]


def test_a_machine_of_another_deployment_is_neither_listed_nor_adopted(address: str) -> None:
    host_on(address, deployment="theirs").create(spec("r1"))
    assert host_on(address).list() == []
    with pytest.raises(HostRefused, match="PORTER_DEPLOYMENT"):
        host_on(address).create(spec("r1"))


def test_a_machine_that_was_created_and_never_started_is_started(engine: Engine, address: str) -> None:
    host = host_on(address)
    engine.start_fails = "the engine is shutting down"
    with pytest.raises(HostUnavailable, match="shutting down"):
        host.create(spec("r1"))
    assert engine.containers == {}
    host._create(spec("r1"))  # as if the process died between the two calls
    engine.start_fails = None
    assert host.create(spec("r1")).state is MachineState.RUNNING


def test_running_out_of_memory_is_seen_in_the_list(engine: Engine, address: str) -> None:
    host = host_on(address, runner_argv=python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    host.create(spec("r1"))
    container = engine.containers["porter-r1"]
    assert container.ended.wait(10)
    container.oom_killed = True
    assert [(one.exit_code, one.oom_killed) for one in host.list()] == [(137, True)]


def test_an_image_that_is_not_there_is_pulled_by_its_digest(engine: Engine, address: str) -> None:
    engine.here, engine.there = set(), {DIGEST}
    assert host_on(address).create(spec("r1")).image == DIGEST
    assert engine.here == {DIGEST}


def test_a_tag_is_resolved_to_its_digest_and_told(
    engine: Engine, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine.here, engine.there = set(), {f"{REPOSITORY}:latest"}
    caplog.set_level(logging.INFO)
    assert host_on(address, image=f"{REPOSITORY}:latest").create(spec("r1")).image == DIGEST
    assert DIGEST in [getattr(record, "digest", None) for record in caplog.records]


@pytest.mark.parametrize(
    ("image", "digests", "expected"),
    [
        pytest.param("a/b:1", ["c@sha256:1", "a/b@sha256:2"], "a/b@sha256:2", id="its-own-repository"),
        pytest.param("host:5000/a", ["host:5000/a@sha256:3"], "host:5000/a@sha256:3", id="a-port-is-no-tag"),
        pytest.param("porter-worker:local", [], "sha256:id", id="built-here"),
    ],
)
def test_what_an_image_is_pinned_to(image: str, digests: list[str], expected: str) -> None:
    assert pinned(image, {"Id": "sha256:id", "RepoDigests": digests}) == expected


def test_an_image_nobody_has_is_refused_in_a_sentence(engine: Engine, address: str) -> None:
    engine.here = set()
    with pytest.raises(HostRefused, match=r"cannot be pulled: manifest for .* not found"):
        host_on(address).create(spec("r1"))


def test_a_pull_that_breaks_off_may_be_tried_again(engine: Engine, address: str) -> None:
    engine.here, engine.there, engine.pull_fails = set(), {DIGEST}, "toomanyrequests: slow down"
    with pytest.raises(HostUnavailable, match=r"could not pull .*toomanyrequests"):
        host_on(address).create(spec("r1"))


def test_no_token_is_in_a_refusal(engine: Engine, address: str) -> None:
    engine.start_fails = f"cannot start with CALLBACK_TOKEN={CANARY}"
    with pytest.raises(HostUnavailable) as refusal:
        host_on(address).create(spec("r1"))
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8100", "http://localhost:8100", "http://[::1]:8100"])
def test_an_address_of_porter_that_no_container_reaches_is_refused(address: str, url: str) -> None:
    lonely = MachineSpec("r1", "t1", {"PORTER_URL": url}, 60.0)
    with pytest.raises(HostRefused, match=r"host\.docker\.internal"):
        host_on(address, network="bridge").create(lonely)
    assert host_on(address).list() == []


def test_an_engine_that_is_not_there_is_away() -> None:
    with socket.socket() as taken:  # bound and not listening: whoever connects is refused
        taken.bind(("127.0.0.1", 0))
        host = host_on(f"tcp://127.0.0.1:{taken.getsockname()[1]}")
        for wish in (host.list, lambda: host.get("m1"), lambda: host.create(spec()), lambda: host.destroy("m1")):
            with pytest.raises(HostUnavailable, match="is it running"):
                wish()


def test_an_engine_that_says_nothing_is_away_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(HostUnavailable, match="did not answer"):
            host_on(f"tcp://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2).list()


def test_a_machine_that_will_not_stop_is_killed(
    engine: Engine, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.hosts.docker.STOP_GRACE", 1)
    ready = tmp_path / "ready"
    deaf = f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(60)"
    host = host_on(address, runner_argv=python(deaf))
    machine = host.create(spec("r1"))
    eventually(ready.exists)
    host.stop(machine.id)
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.exit_code == 137, seconds=30)


def test_a_state_nobody_knows_counts_as_running() -> None:
    row = {"Id": "m1", "State": "dreaming", "Status": "Dreaming", "Created": 1, "Labels": {"porter.run": "r1"}}
    assert listed(row).state is MachineState.RUNNING
