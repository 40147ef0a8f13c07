"""Machines that are processes of this computer. For trying Porter out: it isolates nothing."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from jobs.hosts import local_record
from jobs.hosts.errors import HostRefused, HostUnavailable
from jobs.hosts.local_record import Record
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name
from jobs.hosts.processes import kill_descendants, start_time

_log = logging.getLogger(__name__)

SOURCE = Path(__file__).resolve().parents[2]
LAUNCH_SECONDS = 30.0
DESTROY_SECONDS = 5.0
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class LocalHost:
    """One directory of machines, one small record each; a machine outlives the process that launched it.

    `runner_argv` is what runs on a machine. Two hosts over one directory are one host.
    """

    name = "local"

    def __init__(self, directory: Path, *, runner_argv: list[str] | None = None) -> None:
        self._directory = directory
        self._argv = runner_argv or [sys.executable, "-m", "worker"]
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _log.warning(
            "LOCAL MACHINES ISOLATE NOTHING: agents run on this computer as this user; use them to try Porter out",
            extra={"action": "local_host"},
        )

    def create(self, spec: MachineSpec) -> Machine:
        """Start the keeper of this run's machine, unless there is one.

        Raises HostRefused for a run id that cannot name a file, HostUnavailable when the keeper does not start.
        """
        path = self._path(machine_name(spec.run_id))
        if not path.exists():
            self._launch(spec, path)
        machine = self.get(machine_name(spec.run_id))
        if machine is None:
            raise HostUnavailable(f"the machine of run {spec.run_id} was destroyed while it started; try again")
        return machine

    def list(self) -> list[Machine]:
        records = (local_record.read(path) for path in sorted(self._directory.glob("porter-*.json")))
        return [_machine(record) for record in records if record is not None]

    def get(self, machine_id: str) -> Machine | None:
        record = local_record.read(self._path(machine_id))
        return None if record is None else _machine(record)

    def stop(self, machine_id: str) -> None:
        record = local_record.read(self._path(machine_id))
        if record is not None and _alive(record):
            with suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGTERM)

    def destroy(self, machine_id: str) -> None:
        """Kill the whole tree and forget the machine, its directory included; takes at most a few seconds."""
        path = self._path(machine_id)
        record = local_record.read(path)
        if record is None:
            return
        _end(record)
        path.unlink(missing_ok=True)
        shutil.rmtree(self._place(path), ignore_errors=True)

    def _launch(self, spec: MachineSpec, path: Path) -> None:
        place = self._place(path)
        for folder in (place / "work", place / "home"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [sys.executable, "-m", "jobs.hosts.local_machine", str(path.resolve()), "--run", spec.run_id]
        command += ["--task", spec.task_id, f"--limit={spec.limit_seconds}", "--", *self._argv]
        try:
            with (place / "output.log").open("ab") as output:
                subprocess.run(
                    command,
                    env={"PYTHONPATH": str(SOURCE)},
                    cwd=place / "work",
                    input=json.dumps(_environment(spec, place / "home")).encode(),
                    stdout=output,
                    stderr=output,
                    timeout=LAUNCH_SECONDS,
                    check=True,
                )
        except (OSError, subprocess.SubprocessError) as error:
            why = f"see {place / 'output.log'}" if isinstance(error, subprocess.SubprocessError) else error.strerror
            raise HostUnavailable(f"the local machine of run {spec.run_id} did not start: {why}") from error

    def _path(self, machine_id: str) -> Path:
        if not _SAFE.fullmatch(machine_id):
            raise HostRefused(f"{machine_id!r} cannot name a local machine: use letters, digits, - and _")
        return self._directory / f"{machine_id}.json"

    @staticmethod
    def _place(path: Path) -> Path:
        return path.with_suffix("").resolve()


def _environment(spec: MachineSpec, home: Path) -> dict[str, str]:
    """The machine's own four variables and what a program needs to start; nothing else of Porter's environment."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SOURCE),
        **spec.env,
        "HOME": str(home),
    }


def _machine(record: Record) -> Machine:
    return Machine(
        id=machine_name(record.run_id),
        run_id=record.run_id,
        state=MachineState.RUNNING if _alive(record) else MachineState.STOPPED,
        exit_code=record.exit_code,
        created_at=datetime.fromtimestamp(record.created_at, UTC),
    )


def _alive(record: Record) -> bool:
    """A keeper that died without a word (kill -9, reboot) leaves a stopped machine without an exit code."""
    return not record.finished and start_time(record.pid) == record.started


def _end(record: Record) -> None:
    """Kill from the leaves: the keeper goes last, because its orphans would escape to init."""
    until = time.monotonic() + DESTROY_SECONDS
    while _alive(record) and time.monotonic() < until:
        kill_descendants(record.pid)
        time.sleep(0.02)
    if _alive(record):
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGKILL)
