"""Work that waits for a person, from the machine's end of the wire."""

from __future__ import annotations

import base64

import pytest

from store import held_changes, runs, tables
from tests.intake.conftest import House, Machine
from worker.contract import JobDocument

WORK = base64.b64encode(b"# v2 git bundle").decode()
FINDING = {"rule": "protected_path", "path": "AGENTS.md", "line": None, "words": "This path is protected."}


@pytest.fixture
def machine(house: House) -> Machine:
    return house.launched()


def hold(machine: Machine, seq: int = 1, **changes: object):
    work = {"findings": [FINDING], "base_sha": "b" * 40, "head_sha": "a" * 40, "bundle": WORK} | changes
    return machine.post("held", seq=seq, result={"ending": "changes", "message": "done", "pushed": True}, held=work)


def test_work_that_waits_is_kept_with_its_result_and_the_run_gets_no_push_token(machine: Machine):
    machine.update(1, phase="running")
    machine.house.keep(machine.run_id, "push", "ghs_push")
    assert hold(machine, 2).json == {"accepted": True, "orders": []}

    services = machine.house.services
    kept, run = held_changes.get(services.db, machine.run_id), runs.get(services.db, machine.run_id)
    assert kept is not None
    assert (kept.bundle, kept.findings[0]["path"]) == (b"# v2 git bundle", "AGENTS.md")
    assert (run.phase, run.result["pushed"]) == ("holding", False)
    assert machine.post("push-token").status_code == 410
    assert hold(machine, 3).json["accepted"] is False


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"findings": []}, id="no-reason"),
        pytest.param({"findings": [FINDING] * 51}, id="too-many-reasons"),
        pytest.param({"bundle": "%%%"}, id="not-base64"),
        pytest.param({"bundle": ""}, id="no-bundle"),
        pytest.param({"head_sha": "main"}, id="no-sha"),
    ],
)
def test_malformed_work_is_refused(machine: Machine, changes):
    assert hold(machine, **changes).status_code == 400


def test_work_over_the_limit_is_refused(machine: Machine):
    assert hold(machine, bundle="A" * (31 * 1024 * 1024)).status_code == 413


def test_only_the_runs_own_token_holds_work(house: House):
    mine, other = house.launched(), house.launched()
    mine.token = other.token
    assert hold(mine).status_code == 401


def test_a_job_says_what_may_be_pushed_unseen(house: House):
    machine = house.launched()
    house.keep(machine.run_id, "clone", "ghs_clone")
    inputs = {"protected_paths": {"value": ["infra/**"], "source": "file"}, "max_changed_files": {"value": None}}
    with house.services.db.write() as connection:
        connection.execute(tables.runs.update().where(tables.runs.c.id == machine.run_id).values(inputs=inputs))
    policy = JobDocument.from_json(machine.job().json).policy
    assert (policy.protected_paths, policy.max_changed_files) == (["infra/**"], 300)


def test_work_of_twenty_megabytes_is_kept_whole(machine: Machine):
    work = bytes(range(256)) * 80_000
    answer = hold(machine, bundle=base64.b64encode(work).decode())
    assert answer.json["accepted"]
    kept = held_changes.get(machine.house.services.db, machine.run_id)
    assert kept is not None
    assert kept.bundle == work
