"""Emulated machines are real processes: they start, end, restart and die as a tree."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.fly import Server
from tests.emulators.fly_api import Api, eventually, python, running, world

# Says its own process ids and those of a child in another session that ignores polite signals.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"],
                         start_new_session=True)
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""
ORPHAN = FAMILY.rpartition("time.sleep(60)")[0]


def pids(directory: Path, machine_id: str) -> list[int]:
    log = directory / machine_id / "output.log"
    eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    return [int(word) for word in log.read_text().split()]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("pass", {"exit_code": 0, "guest_exit_code": 0, "guest_signal": -1}, id="success"),
        pytest.param("raise SystemExit(3)", {"exit_code": 3, "guest_exit_code": 3, "guest_signal": -1}, id="failure"),
        pytest.param(
            "import os; os.kill(os.getpid(), 9)", {"exit_code": 137, "guest_exit_code": 0, "guest_signal": 9}, id="kill"
        ),
    ],
)
def test_an_exit_is_told(tmp_path: Path, source: str, expected: dict[str, Any]) -> None:
    with Server(world(tmp_path, python(source))) as server:
        api = Api(server)
        machine = api.create().json()["id"]
        assert api.wait(machine, "stopped").json()["state"] == "stopped"
        seen = api.exit(machine)
    assert {key: seen[key] for key in expected} == expected
    assert not (seen["oom_killed"] or seen["requested_stop"] or seen["restarting"])


def test_a_machine_knows_its_own_environment_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_PORTER", "hidden")
    dump = python("import json, os; print(json.dumps([dict(os.environ), os.getcwd(), os.listdir()]))")
    with Server(world(tmp_path, dump)) as server:
        api = Api(server)
        machine = api.create(env={"RUN_ID": "7"}).json()["id"]
        api.wait(machine, "stopped")
        env, cwd, files = json.loads((tmp_path / machine / "output.log").read_text())
    assert (env["RUN_ID"], env["FLY_MACHINE_ID"], env["FLY_APP_NAME"]) == ("7", machine, "porter")
    assert "SECRET_OF_PORTER" not in env
    assert (cwd, files) == (str(tmp_path / machine / "work"), [])


def test_a_failing_machine_is_restarted_unless_told_otherwise(tmp_path: Path) -> None:
    with Server(world(tmp_path, python("print('once'); raise SystemExit(1)"))) as server:
        api = Api(server)
        machine = api.create(restart={"policy": "on-failure", "max_retries": 2}).json()["id"]
        output = tmp_path / machine / "output.log"
        eventually(lambda: output.exists() and output.read_text().count("once") == 3)
        api.wait(machine, "stopped")
        eventually(lambda: api.exit(machine)["restarting"] is False)
        config = api.create(restart=None).json()["config"]
    assert output.read_text().count("once") == 3
    assert config["restart"] == {"policy": "on-failure", "max_retries": 10}


def test_destroying_a_running_machine_needs_force_and_kills_the_whole_tree(tmp_path: Path) -> None:
    with Server(world(tmp_path, python(FAMILY))) as server:
        api = Api(server)
        machine = api.create("porter-1").json()["id"]
        family = pids(tmp_path, machine)
        assert api.machine(machine, method="DELETE").status_code == 412
        assert all(running(pid) for pid in family)
        assert api.machine(machine, method="DELETE", params={"force": "true"}).status_code == 200
        assert not any(running(pid) for pid in family)
        assert api.machine(machine).json()["state"] == "destroyed"
        assert api.http.get("/v1/apps/porter/machines").json() == []
        assert len(api.http.get("/v1/apps/porter/machines", params={"include_deleted": "true"}).json()) == 1
        assert api.create("porter-1").status_code == 200


def test_what_a_machine_leaves_behind_dies_with_it(tmp_path: Path) -> None:
    with Server(world(tmp_path, python(ORPHAN))) as server:
        api = Api(server)
        machine = api.create().json()["id"]
        api.wait(machine, "stopped")
        assert not any(running(pid) for pid in pids(tmp_path, machine))


def test_a_stop_is_polite_first(tmp_path: Path) -> None:
    polite = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(5))\nprint(0, flush=True)\ntime.sleep(60)"
    with Server(world(tmp_path, python(polite))) as server:
        api = Api(server)
        machine = api.create(stop_config={"signal": "SIGTERM"}).json()["id"]
        pids(tmp_path, machine)
        assert api.machine(machine, "/stop", "POST").status_code == 200
        assert api.wait(machine, "stopped").status_code == 200
        assert (api.exit(machine)["exit_code"], api.exit(machine)["requested_stop"]) == (5, True)
        assert api.machine(machine, "/start", "POST").json()["previous_state"] == "stopped"
        assert api.wait(machine, "started").status_code == 200


def test_a_stop_that_is_ignored_ends_in_a_kill(tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(15, 1)\nprint(0, flush=True)\ntime.sleep(60)"
    with Server(world(tmp_path, python(deaf))) as server:
        api = Api(server)
        machine = api.create().json()["id"]
        pids(tmp_path, machine)
        api.machine(machine, "/stop", "POST", json={"signal": "SIGTERM", "timeout": "300ms"})
        assert api.wait(machine, "stopped").status_code == 200
        assert api.exit(machine)["exit_code"] == 137


def test_waiting_has_limits(tmp_path: Path) -> None:
    with Server(world(tmp_path)) as server:
        api = Api(server)
        machine = api.create().json()["id"]
        assert api.wait(machine, "settled").json()["ok"]
        assert api.wait(machine, "started").json()["version"]
        assert api.wait(machine, "stopped", timeout=1).status_code == 408
        assert api.wait(machine, "dancing").status_code == 400
        assert api.wait(machine, "stopped", timeout=61).status_code == 400


def test_memory_can_run_out_and_hosts_can_burn(tmp_path: Path) -> None:
    with Server(world(tmp_path, exit_shape="both")) as server:
        api = Api(server)
        starved, lost = api.create().json()["id"], api.create().json()["id"]
        for machine in (starved, lost):
            api.wait(machine, "started")
        api.world.oom(starved)
        api.wait(starved, "stopped")
        assert (api.exit(starved)["oom_killed"], api.exit(starved)["exit_code"]) == (True, 137)
        api.world.lose(lost)
        assert api.machine(lost).status_code == 404


def test_a_signal_reaches_the_machine(tmp_path: Path) -> None:
    with Server(world(tmp_path)) as server:
        api = Api(server)
        machine = api.create().json()["id"]
        api.wait(machine, "started")
        eventually(lambda: api.machine(machine, "/signal", "POST", json={"signal": "SIGUSR1"}).status_code == 412)
        assert api.exit(machine)["guest_signal"] == signal.SIGUSR1


def test_the_command_says_where_it_listens_and_takes_its_machines_along(tmp_path: Path) -> None:
    with start_command(tmp_path / "data", config_file(tmp_path)) as emulator:
        assert emulator.stdout and emulator.stderr
        url = json.loads(emulator.stdout.readline())["url"]
        machine = create_over(url)
        family = pids(tmp_path / "data", machine)
        emulator.terminate()
        assert emulator.wait(timeout=60) == 0
        assert "THIS IS AN EMULATOR" in emulator.stderr.read()
    assert not any(running(pid) for pid in family)


def test_machines_do_not_outlive_a_killed_emulator(tmp_path: Path) -> None:
    with start_command(tmp_path / "data", config_file(tmp_path)) as emulator:
        assert emulator.stdout
        family = pids(tmp_path / "data", create_over(json.loads(emulator.stdout.readline())["url"]))
        emulator.kill()
    eventually(lambda: not any(running(pid) for pid in family))


def test_the_command_explains_a_bad_configuration(tmp_path: Path) -> None:
    with start_command(tmp_path, tmp_path / "missing.json") as emulator:
        assert emulator.stderr
        assert "cannot read" in (words := emulator.stderr.read())
        assert "Traceback" not in words
        assert emulator.wait(timeout=10) == 1


def config_file(directory: Path) -> Path:
    settings = {"org_tokens": {"fm2_org": "personal"}, "apps": {"porter": "personal"}, "runner_argv": python(FAMILY)}
    path = directory / "fly.json"
    path.write_text(json.dumps(settings))
    return path


def start_command(data: Path, config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emulators.fly", "--data", str(data), "--config", str(config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def create_over(url: str) -> str:
    body = {"config": {"image": "porter:latest"}}
    answer = httpx.post(f"{url}/v1/apps/porter/machines", json=body, headers={"Authorization": "Bearer fm2_org"})
    return str(answer.json()["id"])
