"""What is done about an open run, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.decide import End, Finish, Launch, Relaunch, Sight, Wait, decide
from jobs.hosts.port import Machine, MachineState
from jobs.reasons import Reason
from store.lifecycle import Status
from store.records import Priority, Run, RunKind, Task

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
_ANY: dict[str, Any] = dict.fromkeys(Task.__dataclass_fields__)
TASK = Task(**(_ANY | {"id": "t", "run_id": "t-1", "status": Status.RUNNING, "flags": {}, "priority": Priority.NORMAL}))
_ANY_RUN: dict[str, Any] = dict.fromkeys(Run.__dataclass_fields__)
RUN = Run(
    **(
        _ANY_RUN
        | {
            "id": "t-1",
            "kind": RunKind.FIRST,
            "machine_id": "m",
            "launched_at": NOW,
            "created_at": NOW,
            "report_seq": 3,
        }
        | {"heartbeat_at": NOW, "deadline": NOW + timedelta(hours=1)}
    )
)
UP = Machine("m", "t-1", MachineState.RUNNING)
BOOTING = Machine("m", "t-1", MachineState.STARTING)
NEW = {"machine_id": None, "heartbeat_at": None, "launched_at": None, "report_seq": 0}
UNTOLD = {"heartbeat_at": NOW - timedelta(seconds=31)}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def stopped(code: int | None = None, *, oom: bool = False) -> Machine:
    return Machine("m", "t-1", MachineState.STOPPED, exit_code=code, oom_killed=oom)


@pytest.mark.parametrize(
    ("status", "run", "seen", "expected"),
    [
        pytest.param("queued", NEW, Sight.NOT_LOOKED, Launch, id="queued"),
        pytest.param("queued", NEW | {"due_at": ago(seconds=-5)}, Sight.NOT_LOOKED, Wait, id="put-off"),
        pytest.param("queued", NEW | {"due_at": ago(seconds=5)}, Sight.NOT_LOOKED, Launch, id="due-again"),
        pytest.param("queued", NEW | {"lease_until": ago(seconds=-5)}, Sight.NOT_LOOKED, Wait, id="being-launched"),
        pytest.param("launching", NEW | {"lease_until": ago(seconds=5)}, Sight.NOT_LOOKED, Launch, id="launcher-died"),
        pytest.param("running", {}, Sight.NOT_LOOKED, Wait, id="at-work"),
        pytest.param("running", {}, UP, Wait, id="at-work-and-seen"),
        pytest.param("running", NEW, Sight.NOT_LOOKED, Wait, id="reports-without-a-recorded-machine"),
        pytest.param("finishing", {"result": {"ending": "changes"}}, stopped(0), Finish, id="result"),
        pytest.param(
            "finishing", {"result": {"ending": "changes"}, "due_at": ago(seconds=-9)}, UP, Wait, id="result-put-off"
        ),
        pytest.param("running", {"finished_at": NOW}, stopped(1), Wait, id="over"),
        pytest.param("running", UNTOLD | {"cancel_requested_at": ago(seconds=7)}, UP, Wait, id="not-heard-yet"),
        pytest.param("running", UNTOLD | {"cancel_requested_at": ago(seconds=8)}, UP, "cancelled", id="unheard"),
        pytest.param("running", {"cancel_requested_at": ago(seconds=29)}, UP, Wait, id="cancel-heard-and-saving"),
        pytest.param("running", {"cancel_requested_at": ago(seconds=30)}, UP, "cancelled", id="cancel-after-grace"),
        pytest.param("running", {"cancel_requested_at": NOW}, stopped(143), "cancelled", id="cancel-machine-ended"),
        pytest.param("launching", NEW | {"cancel_requested_at": NOW}, Sight.NOT_LOOKED, "cancelled", id="cancel-early"),
        pytest.param("running", {}, stopped(1), "crashed", id="exited"),
        pytest.param("running", {}, stopped(137, oom=True), "out_of_memory", id="out-of-memory"),
        pytest.param("running", {}, Machine("m", "t-1", MachineState.GONE), "crashed", id="gone"),
        pytest.param("running", {"launched_at": ago(seconds=29)}, Sight.MISSING, Wait, id="missing-but-new"),
        pytest.param("running", {"launched_at": ago(seconds=31)}, Sight.MISSING, "crashed", id="missing"),
        pytest.param("launching", {"report_seq": 0, "heartbeat_at": None}, stopped(1), Relaunch, id="died-at-boot"),
        pytest.param("running", {"deadline": ago(seconds=1)}, UP, "timed_out", id="deadline"),
        pytest.param("running", {"heartbeat_at": ago(minutes=10)}, UP, Wait, id="quiet-while-porter-was-away"),
        pytest.param("running", {"heartbeat_at": ago(minutes=12)}, UP, "stalled", id="silent"),
        pytest.param(
            "launching", {"heartbeat_at": None, "report_seq": 0, "launched_at": ago(minutes=6)}, UP, "no_contact",
            id="never-reached-porter",
        ),
        pytest.param(
            "launching", {"heartbeat_at": None, "report_seq": 0, "launched_at": ago(minutes=6)}, BOOTING, Relaunch,
            id="never-came-up",
        ),
    ],
)  # fmt: skip
def test_decide(status: str, run: dict[str, Any], seen: Machine | Sight, expected: type | str):
    decision = decide(replace(TASK, status=Status(status)), replace(RUN, **run), seen, now=NOW)
    if isinstance(expected, str):
        assert isinstance(decision, End) and decision.reason == Reason(expected)
        assert decision.message
    else:
        assert isinstance(decision, expected)


def test_a_run_gets_a_second_machine_once():
    run = replace(RUN, report_seq=0, heartbeat_at=None)
    assert isinstance(decide(TASK, run, stopped(1), now=NOW), Relaunch)
    assert isinstance(decide(TASK, run, stopped(1), now=NOW, relaunched=True), End)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (stopped(3), "exit code 3"),
        (stopped(137), "killed"),
        (stopped(None), "the machine ended before"),
        (stopped(137, oom=True), "PORTER_MACHINE_MEMORY_MB"),
    ],
)
def test_the_words_say_how_the_machine_died(machine: Machine, words: str):
    decision = decide(TASK, RUN, machine, now=NOW)
    assert isinstance(decision, End) and words in decision.message


HANDED_IN = {
    "result": {"ending": "changes"},
    "destroyed_at": NOW,
    "deadline": ago(days=30),
    "heartbeat_at": ago(days=30),
}


@pytest.mark.parametrize(
    ("run", "seen", "expected"),
    [
        pytest.param({"phase": "holding"}, Sight.NOT_LOOKED, Finish, id="not-looked-into-yet"),
        pytest.param({"phase": "held"}, Sight.NOT_LOOKED, Wait, id="waits-for-a-person"),
        pytest.param({"phase": "held"}, Sight.MISSING, Wait, id="waits-and-its-machine-is-gone"),
        pytest.param({"phase": "held", "destroyed_at": None}, UP, Finish, id="its-machine-is-left"),
        pytest.param({"phase": "held", "cancel_requested_at": ago(seconds=1)}, Sight.MISSING, Finish, id="stopped"),
        pytest.param({"phase": "approved", "due_at": ago(seconds=1)}, Sight.MISSING, Finish, id="approved"),
    ],
)
def test_a_held_run_is_left_alone_until_there_is_something_to_do(run, seen, expected):
    task = replace(TASK, status=Status.FINISHING)
    assert type(decide(task, replace(RUN, **(HANDED_IN | run)), seen, now=NOW)) is expected
