"""What every host promises; the same cases on each of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.hosts.port import Host, Machine, MachineState, machine_name
from tests.emulators.fly_api import SLEEPER, eventually, python, running
from tests.hosts.conftest import HostFactory, spec

# What a host's own machines or images have; nothing of Porter's.
OF_THE_PLACE = {
    "FLY_MACHINE_ID", "FLY_APP_NAME", "FLY_REGION", "HOSTNAME", "PATH", "LANG", "LC_CTYPE", "HOME", "PYTHONPATH",
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
}  # fmt: skip


def ended(host: Host, machine: Machine) -> Machine:
    """The machine once it has stopped and its exit is known."""
    eventually(lambda: (seen := host.get(machine.id)) is None or seen.state is MachineState.STOPPED)
    seen = host.get(machine.id)
    assert seen is not None
    return seen


def runs(host: Host, machine: Machine) -> bool:
    seen = host.get(machine.id)
    return seen is not None and seen.state is MachineState.RUNNING


def family(path: Path) -> str:
    """A program that writes down its own id and that of a deaf child in another session, and then works."""
    return f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"],
                         start_new_session=True)
with open({str(path)!r} + ".tmp", "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({str(path)!r} + ".tmp", {str(path)!r})
time.sleep(60)
"""


def pids(path: Path) -> list[int]:
    eventually(path.exists)
    return [int(word) for word in path.read_text().split()]


def test_a_machine_is_created_with_exactly_its_environment(host_for: HostFactory, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    host = host_for(python(f"import json, os; open({str(seen)!r}, 'w').write(json.dumps(dict(os.environ)))"))
    machine = host.create(spec("r1"))
    assert machine.run_id == "r1"
    assert machine.created_at is not None
    ended(host, machine)
    given = set(json.loads(seen.read_text())) - OF_THE_PLACE
    assert given == {"PORTER_URL", "TASK_ID", "RUN_ID", "CALLBACK_TOKEN"}


SPY = """
import os
try:
    environment = open(f"/proc/{os.getppid()}/environ").read()
except PermissionError:
    environment = "denied"
raise SystemExit(9 if "CALLBACK" in environment else 0)
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_an_agent_cannot_read_the_token_out_of_what_watches_its_machine(host_for: HostFactory) -> None:
    host = host_for(python(SPY))
    assert ended(host, host.create(spec())).exit_code == 0


def test_creating_twice_makes_one_machine(host_for: HostFactory) -> None:
    host = host_for(SLEEPER)
    first, second = host.create(spec("r1")), host.create(spec("r1"))
    assert first.id == second.id
    assert len(host.list()) == 1


def test_creating_again_after_the_end_does_not_run_it_again(host_for: HostFactory) -> None:
    host = host_for(python("raise SystemExit(4)"))
    machine = ended(host, host.create(spec("r1")))
    assert host.create(spec("r1")).exit_code == machine.exit_code == 4


def test_the_list_holds_running_and_stopped_machines(host_for: HostFactory) -> None:
    host = host_for(python("import os, time; time.sleep(0 if os.environ['RUN_ID'] == 'short' else 60)"))
    short, long = host.create(spec("short")), host.create(spec("long"))
    ended(host, short)
    eventually(lambda: runs(host, long))
    states = {machine.run_id: machine.state for machine in host.list()}
    assert states == {"short": MachineState.STOPPED, "long": MachineState.RUNNING}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param("pass", 0, id="success"),
        pytest.param("raise SystemExit(7)", 7, id="failure"),
        pytest.param("import os; os.kill(os.getpid(), 9)", 137, id="killed"),
        pytest.param("import os; os.kill(os.getpid(), 15)", 143, id="terminated"),
    ],
)
def test_the_exit_code_is_seen(host_for: HostFactory, source: str, code: int) -> None:
    host = host_for(python(source))
    machine = ended(host, host.create(spec()))
    assert machine.exit_code == code
    assert not machine.oom_killed
    assert [seen.exit_code for seen in host.list()] == [code]


def test_a_stop_lets_the_runner_say_goodbye(host_for: HostFactory, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    polite = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(5))\n"
    host = host_for(python(f"{polite}open({str(ready)!r}, 'w')\ntime.sleep(60)"))
    machine = host.create(spec())
    eventually(ready.exists)
    host.stop(machine.id)
    assert ended(host, machine).exit_code == 5
    host.stop(machine.id)


def test_destroying_kills_the_whole_tree(host_for: HostFactory, tmp_path: Path) -> None:
    host = host_for(python(family(tmp_path / "pids")))
    machine = host.create(spec())
    tree = pids(tmp_path / "pids")
    assert all(running(pid) for pid in tree)
    host.destroy(machine.id)
    assert not any(running(pid) for pid in tree)
    assert host.get(machine.id) is None
    assert [seen for seen in host.list() if seen.state is not MachineState.GONE] == []


def test_what_a_machine_leaves_behind_dies_with_it(host_for: HostFactory, tmp_path: Path) -> None:
    host = host_for(python(family(tmp_path / "pids").rpartition("time.sleep")[0]))
    ended(host, host.create(spec()))
    assert not any(running(pid) for pid in pids(tmp_path / "pids"))


def test_what_is_gone_is_none_and_can_be_ended_again(host_for: HostFactory) -> None:
    host = host_for(SLEEPER)
    machine = host.create(spec())
    host.destroy(machine.id)
    host.destroy(machine.id)
    host.stop(machine.id)
    assert host.get(machine.id) is None
    assert host.get("porter-never") is None


def test_a_run_can_have_a_machine_again_once_the_old_one_is_destroyed(host_for: HostFactory) -> None:
    host = host_for(SLEEPER)
    host.destroy(host.create(spec("r1")).id)
    again = host.create(spec("r1"))
    eventually(lambda: runs(host, again))


def test_a_machine_is_named_after_its_run() -> None:
    assert machine_name("r1") == "porter-r1"
