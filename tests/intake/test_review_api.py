"""Deciding on a held change through the REST API."""

from __future__ import annotations

import pytest

from store import held_changes, runs, tasks
from store.lifecycle import Status
from tests.builders import claimed
from tests.intake.conftest import House, Machine
from tests.intake.test_held import FINDING, hold

LOCAL = {"Host": "127.0.0.1"}


@pytest.fixture
def waiting(house: House) -> Machine:
    """A machine whose work waits."""
    machine = house.launched()
    hold(machine)
    claim = claimed(house.services.db, machine.run_id, now=house.clock())
    held_changes.inspected(house.services.db, claim, "+a line", [FINDING], now=house.clock(), why="it waits")
    runs.release(house.services.db, claim)
    return machine


def post(house: House, verb: str, task_id: str):
    return house.client.post(f"/api/review/{verb}", json={"task_id": task_id}, headers=LOCAL)


def test_what_waits_can_be_read_with_its_diff_and_without_its_bundle(house: House, waiting: Machine):
    seen = house.client.get(f"/api/review/{waiting.task_id}", headers=LOCAL).json
    assert (seen["diff"], seen["decision"], seen["findings"]) == ("+a line", None, [FINDING])
    assert "bundle" not in seen


def test_an_approval_is_taken_once(house: House, waiting: Machine):
    answer = post(house, "approve", waiting.task_id)
    assert (answer.status_code, answer.json["status"]) == (200, "finishing")
    assert runs.get(house.services.db, waiting.run_id).phase == "approved"
    late = post(house, "reject", waiting.task_id)
    assert (late.status_code, late.json["error"]) == (409, "conflict")
    assert "operator has approved" in late.json["message"]


def test_a_rejection_ends_the_task(house: House, waiting: Machine):
    answer = post(house, "reject", waiting.task_id)
    assert (answer.status_code, answer.json["reason"]) == (200, "rejected")
    assert tasks.get(house.services.db, waiting.task_id).status is Status.FAILED


def test_where_nothing_waits_there_is_nothing_to_decide(house: House):
    machine = house.launched()
    assert post(house, "approve", machine.task_id).status_code == 409
    assert post(house, "approve", "abc").status_code == 404
    assert house.client.get(f"/api/review/{machine.task_id}", headers=LOCAL).status_code == 404


@pytest.mark.parametrize("body", [{}, {"task_id": ""}, {"task_id": "abc", "force": True}])
def test_a_malformed_decision_is_refused(house: House, body):
    assert house.client.post("/api/review/approve", json=body, headers=LOCAL).status_code == 422


def test_another_site_decides_nothing(house: House, waiting: Machine):
    headers = LOCAL | {"Origin": "http://evil.example"}
    answer = house.client.post("/api/review/approve", json={"task_id": waiting.task_id}, headers=headers)
    assert answer.status_code == 403
    assert runs.get(house.services.db, waiting.run_id).phase == "held"
