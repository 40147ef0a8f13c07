"""What ten thousand running machines cost the sweep, and what a full line costs an admission.

    ./run bench sweep [machines, default 10000]

On PostgreSQL when there is one, else on SQLite. CPU is that of this process and of the database's process for it, from
the kernel. The baseline of the same run is what a worker per machine would do at least: read its row once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import text

from jobs import places
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.hosts.port import Machine, MachineSpec, MachineState, machine_name
from jobs.queues import Queues
from jobs.sweep import Sweep
from store import admission, runs, tables
from store.database import Database
from store.lifecycle import Status
from store.line import Obstacle
from store.migrate import upgrade
from store.records import RunKind
from store.vault import Vault
from tests import postgres

_PROMPT = "Fix the greeting. " * 1_000  # 18,000 characters, as prompts are
_ROUNDS = 5
_WAITING = 1_000
_SAMPLE = 2_000
_NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Fleet:
    """Machines that are all well. A host that lists them and does nothing else."""

    machines: list[Machine]
    name: str = "fleet"

    def list(self) -> list[Machine]:
        return self.machines

    def create(self, spec: MachineSpec) -> Machine:
        raise NotImplementedError

    def get(self, machine_id: str) -> Machine | None:
        raise NotImplementedError

    def stop(self, machine_id: str) -> None:
        raise NotImplementedError

    def destroy(self, machine_id: str) -> None:
        raise NotImplementedError


def main() -> None:
    """Print microseconds a machine and the ratios to the baseline."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with _database() as db:
        ids = [f"{number:012x}" for number in range(count + _WAITING)]
        _fill(db, ids[:count], ids[count:])
        services = _services(db, ids[:count], limit=count + 1)
        sweep = Sweep(services)
        sample = ids[: min(count, _SAMPLE)]
        row = _best(db, lambda: [runs.get(db, f"{key}-1") for key in sample]) / len(sample)
        quick, slow = _best(db, sweep.quick) / count, _best(db, sweep.slow) / count
        limits = places.limits_of(services.config)
        admit = _best(db, lambda: [admission.may_start(db, f"{ids[-1]}-1", limits, now=_NOW)])
        print(f"{'PostgreSQL' if db.is_postgres else 'SQLite'}, {count:,} machines at work, {_WAITING:,} runs in line")
        print(f"{'one row, read':<28} {row * 1e6:8.1f} us CPU a machine")
        for name, spent in (("quick pass", quick), ("slow pass", slow)):
            print(f"{name:<28} {spent * 1e6:8.1f} us CPU a machine   {spent / row:6.3f} of that row")
        print(f"{'may the last one start?':<28} {admit * 1e3:8.1f} ms CPU")


def _best(db: Database, act: Callable[[], object]) -> float:
    """CPU seconds of the cheapest round: what a busy neighbour adds is left out."""
    act()
    spent = []
    for _ in range(_ROUNDS):
        before = process_time() + _database_seconds(db)
        act()
        spent.append(process_time() + _database_seconds(db) - before)
    return min(spent)


def _database_seconds(db: Database) -> float:
    """Of the process that serves this one, which keeps one connection; SQLite works in this very process."""
    if not db.is_postgres:
        return 0.0
    with db.read() as connection:
        pid = connection.execute(text("select pg_backend_pid()")).scalar_one()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as folder:
        try:
            with postgres.server() as server, postgres.scratch_database(server) as url:
                upgrade(url)
                database = Database(url)
                yield database
                database.close()
        except postgres.NoPostgres:
            url = f"sqlite:///{folder}/porter.db"
            upgrade(url)
            yield Database(url)


def _fill(db: Database, at_work: list[str], waiting: list[str]) -> None:
    begun = perf_counter()
    with db.write() as connection:
        connection.execute(tables.tasks.insert(), [_task(key, Status.RUNNING) for key in at_work])
        connection.execute(tables.runs.insert(), [_run(key, machine=True) for key in at_work])
        connection.execute(tables.tasks.insert(), [_task(key, Status.QUEUED) for key in waiting])
        connection.execute(tables.runs.insert(), [_run(key, machine=False) for key in waiting])
    if db.is_postgres:
        with db.write() as connection:
            connection.execute(text("analyze"))
    print(f"filled in {perf_counter() - begun:.1f} s")


def _task(key: str, status: Status) -> dict[str, object]:
    number = int(key, 16)
    return {
        "id": key, "created_at": _NOW, "updated_at": _NOW, "started_at": _NOW, "status": status, "run_id": f"{key}-1",
        "source": "comment", "repository": f"acme/repository-{number % 500}", "issue_number": number, "agent": "mock",
        "requested_by": f"person-{number % 300}", "comment_version": 1,
    }  # fmt: skip


def _run(key: str, *, machine: bool) -> dict[str, object]:
    placed = {
        "prompt": _PROMPT, "host": "fleet", "machine_id": machine_name(f"{key}-1"), "launched_at": _NOW,
        "started_at": _NOW, "heartbeat_at": _NOW, "deadline": _NOW.replace(year=_NOW.year + 1),
    }  # fmt: skip
    row = {"id": f"{key}-1", "task_id": key, "number": 1, "kind": RunKind.FIRST, "created_at": _NOW}
    return row | (placed if machine else {"waits_for": Obstacle.DEPLOYMENT})


def _services(db: Database, ids: list[str], *, limit: int) -> Services:
    config = Config(
        PORTER_VAULT_KEYS="none", PORTER_MAX_RUNS=limit, PORTER_MAX_RUNS_PER_USER=limit,
        PORTER_MAX_RUNS_PER_REPOSITORY=limit,
    )  # fmt: skip
    services = Services(config, db, Vault({"v1": b"k" * 32}), Queues(None), lambda: _NOW)
    machines = [Machine(machine_name(f"{key}-1"), f"{key}-1", MachineState.RUNNING) for key in ids]
    services.__dict__["host"] = Fleet(machines)
    return services


if __name__ == "__main__":
    main()
