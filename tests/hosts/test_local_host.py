"""Local machines outlive their launcher, and nothing of Porter's leaks into them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.hosts import local_record
from jobs.hosts.errors import HostRefused
from jobs.hosts.local import LocalHost
from jobs.hosts.port import MachineState, machine_name
from jobs.hosts.processes import start_time
from tests.emulators.fly_api import SLEEPER, eventually, python, running
from tests.hosts.conftest import CANARY, spec


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    host = LocalHost(tmp_path)
    for machine in host.list():
        host.destroy(machine.id)


def test_a_machine_outlives_the_process_that_launched_it(directory: Path) -> None:
    launch = f"""
from pathlib import Path
from jobs.hosts.local import LocalHost
from jobs.hosts.port import MachineSpec
LocalHost(Path({str(directory)!r}), runner_argv={SLEEPER!r}).create(MachineSpec("r1", "t1", {{}}, 60.0))
"""
    subprocess.run([sys.executable, "-c", launch], check=True, timeout=30)
    machine = LocalHost(directory).get("porter-r1")
    assert machine is not None
    assert machine.state is MachineState.RUNNING


def test_launching_at_the_same_time_makes_one_machine(directory: Path) -> None:
    started = directory / "started"
    host = LocalHost(
        directory, runner_argv=python(f"open({str(started)!r}, 'a').write('x'); import time; time.sleep(60)")
    )
    threads = [threading.Thread(target=host.create, args=[spec()]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(started.exists)
    eventually(lambda: started.read_text() == "x")
    assert len(host.list()) == 1


def test_a_machine_that_lives_too_long_is_killed(directory: Path) -> None:
    host = LocalHost(directory, runner_argv=python("import signal, time; signal.signal(15, 1); time.sleep(60)"))
    machine = host.create(spec(limit_seconds=0.5))
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.exit_code == 137)


def test_a_machine_that_will_not_stop_is_killed(directory: Path) -> None:
    ready = directory / "ready"
    deaf = f"import signal, time; signal.signal(15, 1); open({str(ready)!r}, 'w'); time.sleep(60)"
    host = LocalHost(directory, runner_argv=python(deaf))
    machine = host.create(spec())
    eventually(ready.exists)
    host.stop(machine.id)
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.exit_code == 137)


def test_a_keeper_that_is_killed_leaves_a_stopped_machine_without_an_exit_code(directory: Path) -> None:
    host = LocalHost(
        directory,
        runner_argv=python(
            f"import os; open({str(directory / 'pid')!r}, 'w').write(str(os.getpid())); import time; time.sleep(60)"
        ),
    )
    machine = host.create(spec())
    eventually(lambda: (directory / "pid").exists() and (directory / "pid").read_text())
    record = local_record.read(directory / "porter-r1.json")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    eventually(lambda: not running(int((directory / "pid").read_text())))
    seen = host.get(machine.id)
    assert seen is not None
    assert (seen.state, seen.exit_code) == (MachineState.STOPPED, None)


def test_a_reused_process_id_is_not_taken_for_the_machine(directory: Path) -> None:
    record = local_record.Record("r1", "t1", os.getpid(), "another start", 0.0)
    assert local_record.claim(directory / "porter-r1.json", record)
    host = LocalHost(directory)
    seen = host.get(machine_name("r1"))
    assert seen is not None
    assert seen.state is MachineState.STOPPED
    host.destroy(machine_name("r1"))
    assert host.get(machine_name("r1")) is None


def test_a_record_is_claimed_once(directory: Path) -> None:
    first, second = (local_record.Record(run, "t1", 1, "", 0.0) for run in ("r1", "r2"))
    assert local_record.claim(directory / "porter-x.json", first)
    assert not local_record.claim(directory / "porter-x.json", second)
    assert local_record.read(directory / "porter-x.json") == first
    assert [path.name for path in directory.iterdir()] == ["porter-x.json"]
    (directory / "porter-x.json").unlink()


def test_the_token_is_in_no_file_and_in_no_command_line(directory: Path) -> None:
    host = LocalHost(directory, runner_argv=SLEEPER)
    host.create(spec())
    assert CANARY not in repr(spec())
    listing = subprocess.run(["ps", "-axo", "args"], capture_output=True, text=True, check=True).stdout
    assert CANARY not in listing
    assert not [path for path in directory.rglob("*") if path.is_file() and CANARY in path.read_text()]


def test_a_runner_that_cannot_be_found_is_an_exit_and_a_line(directory: Path) -> None:
    host = LocalHost(directory, runner_argv=["no-such-runner"])
    machine = host.create(spec())
    eventually(lambda: (seen := host.get(machine.id)) is not None and seen.exit_code == 127)
    assert "cannot start no-such-runner" in (directory / "porter-r1" / "output.log").read_text()


def test_a_run_that_cannot_name_a_file_is_refused(directory: Path) -> None:
    with pytest.raises(HostRefused, match="cannot name"):
        LocalHost(directory).create(spec("../../etc"))


def test_it_says_loudly_that_it_isolates_nothing(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    LocalHost(directory)
    assert "ISOLATE NOTHING" in caplog.text


def test_only_a_living_process_has_a_start() -> None:
    assert start_time(os.getpid()) == start_time(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    eventually(lambda: start_time(ended.pid) is None)
    ended.wait()
