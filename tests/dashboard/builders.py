"""Stores with tasks in them, for the dashboard's tests, and a full one to look at by eye.

`python -m tests.dashboard.builders URL [--log-lines N]` fills an empty database.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from store import deliveries, migrate, reports, runs, tables, tasks
from store.database import Database
from store.lifecycle import Status
from store.records import Delivery, LogLine, NewTask, Task, Verdict

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
_COMMENTS: Iterator[int] = count(1)
_SCENES = Path(__file__).parent / "scenes.json"


def make_task(db: Database, *, now: datetime = NOW, status: Status = Status.QUEUED, **values: Any) -> Task:
    """A task that came to stand at `status`; `values` go to the request, or else to the task itself."""
    asked = {"repository": "acme/widgets", "requested_by": "maria", "agent": "claude-code", "source": "comment",
             "issue_number": 412, "issue_title": "Login fails with a plus sign in the address",
             "comment_id": next(_COMMENTS), "comment_line": 1}  # fmt: skip
    later = {name: value for name, value in values.items() if name not in NewTask.__dataclass_fields__}
    asked |= {name: value for name, value in values.items() if name in NewTask.__dataclass_fields__}
    task = tasks.create(db, NewTask(**asked), now=now)
    return advance(db, task, status, now=now, **later)


def advance(db: Database, task: Task, status: Status, *, now: datetime, **values: Any) -> Task:
    """Bring a queued task to `status` the way the jobs do."""
    if status is Status.QUEUED:
        return task
    if status is not Status.CANCELLED or values.get("started_at"):
        _step(
            db,
            task,
            Status.LAUNCHING,
            "launching",
            "a machine is being started on fly in iad",
            now + timedelta(seconds=2),
        )
        _with_machine(db, task, now + timedelta(seconds=4))
    if status is Status.LAUNCHING:
        return _changed(db, task, now, values)
    if status is not Status.CANCELLED or values.get("started_at"):
        up = now + timedelta(seconds=9)
        tell(db, task, now=up, phase="cloning", seq=1)
        tell(db, task, now=up + timedelta(seconds=6), phase="running", seq=2)
    if status is Status.RUNNING:
        return _changed(db, task, now, values)
    ended = values.pop("finished_at", now + timedelta(minutes=4))
    if status in (Status.FINISHING, Status.SUCCEEDED):
        _step(
            db,
            task,
            Status.FINISHING,
            "finishing",
            "the agent is done; its work is being saved",
            ended - timedelta(seconds=8),
        )
    if status is not Status.FINISHING:
        _step(db, task, status, status.value, _closing(status, values), ended)
        _changed(db, task, ended, {"finished_at": ended})
    return _changed(db, task, ended, values)


def tell(
    db: Database, task: Task, *, now: datetime, seq: int, lines: list[LogLine] | None = None, **values: Any
) -> None:
    """A report of the task's machine."""
    reports.accept_update(db, reports.Update(task.run_id, seq, logs=lines or [], **values), now=now)


def log_line(
    task: Task, n: int, text: str, *, level: str = "info", kind: str = "output", at: datetime = NOW
) -> LogLine:
    return LogLine(task.run_id, n, at + timedelta(seconds=n / 4), level, kind, text)


def long_log(db: Database, task: Task, count: int, *, at: datetime = NOW) -> None:
    """A log of `count` lines; every hundredth is an error."""
    words = "line {n} of the log, item {n}: tests/test_login.py::test_a_plus_sign_stays PASSED in 0.41 s"
    levels = ("error" if n % 100 == 0 else "info" for n in range(1, count + 1))
    _written(db, [log_line(task, n, words.format(n=n), level=one, at=at) for n, one in enumerate(levels, 1)])


def _step(db: Database, task: Task, to: Status, kind: str, text: str, now: datetime) -> None:
    with db.write() as connection:
        tasks.move(connection, task.id, to, now=now, kind=kind, text=text)


def _with_machine(db: Database, task: Task, now: datetime) -> None:
    claim = runs.claim(db, task.run_id, now=now)
    assert claim is not None
    prompt = f"You are working on {task.repository}.\n\n# Issue: {task.issue_title}\n\nMake the smallest change."
    runs.write(db, claim, prompt=prompt, host="fly", machine_id="d8901e0f7dd1e8", region="iad", launched_at=now)
    runs.release(db, claim)


def _changed(db: Database, task: Task, now: datetime, values: dict[str, Any]) -> Task:
    if values:
        tasks.change(db, task.id, now=now, **values)
    return tasks.get(db, task.id)


def _closing(status: Status, values: dict[str, Any]) -> str:
    if values.get("pr_number"):
        return f"pull request #{values['pr_number']} was opened"
    return values.get("message") or f"the task is {status.value.replace('_', ' ')}"


def fill(db: Database, now: datetime, *, log_lines: int = 240) -> None:
    """About thirty tasks of every kind, over three days."""
    scenes = json.loads(_SCENES.read_text())
    for index, (minutes, name, values) in enumerate(scenes["tasks"]):
        if "pr_number" in values:
            values["pr_state"] = ("open", "merged", "merged", "closed")[index % 4]
        begun, status = now - timedelta(minutes=minutes), Status(name)
        if "pr_number" in values:
            values["pr_opened_at"] = begun + timedelta(minutes=4)
        task = make_task(db, now=begun, status=status, **({"issue_number": 40 + 7 * index} | values))
        if index == 0:
            usage = {"input_tokens": 48_210, "output_tokens": 9_340, "cache_read_tokens": 391_022, "cost_usd": 0.41}
            step, told = "running tests: 31 of 48 passed", now - timedelta(seconds=3)
            tell(db, task, now=told, seq=3, step=step, percent=58, usage=usage)
        if status not in (Status.QUEUED, Status.LAUNCHING):
            _talk(db, task, scenes["talk"], begun, log_lines if index == 0 else 40)
    for index, (event, action, verdict, reason, sender) in enumerate(scenes["deliveries"]):
        key, received = f"72d3162e-cc78-11e3-81ab-4c9367dc0{index:03}", now - timedelta(minutes=7 * index + 1)
        one = Delivery(key, event, received, Verdict(verdict), reason, None, action, "acme/widgets", sender)
        deliveries.accept(db, one, now=now)


def _talk(db: Database, task: Task, said: list[list[str]], begun: datetime, lines: int) -> None:
    chosen = (said[n % len(said)] for n in range(lines))
    found = [
        log_line(task, n, text, level=level, kind=kind, at=begun) for n, (level, kind, text) in enumerate(chosen, 1)
    ]
    _written(db, found)


def _written(db: Database, lines: list[LogLine]) -> None:
    with db.write() as connection:
        connection.execute(tables.log_lines.insert(), [asdict(line) for line in lines])


if __name__ == "__main__":
    url = sys.argv[1]
    migrate.upgrade(url)
    amount = int(sys.argv[3]) if len(sys.argv) > 3 else 240
    fill(Database(url), datetime.now(UTC), log_lines=amount)
