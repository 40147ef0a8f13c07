"""What the Operations page says, without a browser."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from dashboard import operations_reads, operations_rows
from dashboard.operations import TABS, Wanted, page
from dashboard.operations_reads import SweepView
from jobs.health import Check
from jobs.hosts.port import Machine, MachineState
from jobs.queue_view import FailedJob, QueuesView, QueueView, WorkerView
from jobs.sweep_record import Pass, Record
from store.audit import Note
from store.database import Database
from store.lifecycle import Status
from store.records import Delivery, Verdict
from tests.dashboard.builders import NOW, make_task

COUNTS = {"executing": 0, "finished": 3, "failed": 1, "scheduled": 0, "deferred": 0}
HERE = {"now": NOW, "zone": UTC}


@pytest.mark.parametrize(("told", "read"), [
    pytest.param({}, Wanted(), id="nothing"),
    pytest.param({"tab": "nope", "q": "x"}, Wanted(), id="unknown-tab"),
    pytest.param({"tab": "audit", "q": " maria ", "verdict": "refused"}, Wanted("audit", q="maria"), id="other-filter"),
    pytest.param({"tab": "deliveries", "verdict": "refused"}, Wanted("deliveries", "refused"), id="verdict"),
    pytest.param({"tab": "deliveries", "verdict": "<b>"}, Wanted("deliveries"), id="made-up-verdict"),
])  # fmt: skip
def test_the_address_says_what_to_show(told, read):
    assert Wanted.read(told) == read
    assert Wanted.read(read.params()) == read


@pytest.mark.parametrize("tab", TABS)
def test_who_is_no_admin_sees_deliveries_whatever_the_address_says(tab):
    wanted = Wanted.read({"tab": tab}, is_admin=False)
    assert wanted.tab == "deliveries"
    assert page(wanted, [], is_admin=False)["tabs"] == []


def test_queues_workers_and_failed_jobs():
    worker = WorkerView("w-1", "vm", 7, "busy", ["control"], "finish-r", NOW, NOW, 1, 0)
    job = FailedJob("finish-x", "control", "finish x", NOW, "NotFound: there is no run x")
    view = QueuesView([QueueView("control", 2, COUNTS, 1)], [worker], [job], suspended=True)
    queues, workers, failed = operations_rows.queues(view, **HERE)
    assert queues["table"]["rows"] == [["control", "2", "0", "1", "1", "0", "0", "3"]]
    assert workers["rows"][0]["note"] == "Working on finish-r"
    assert "rq resume" in workers["hint"]
    assert failed["rows"][0]["note"] == "NotFound: there is no run x"
    assert [one["said"]["do"] for one in failed["rows"][0]["acts"]] == ["requeue", "forget"]


def test_without_a_worker_it_says_what_to_start():
    groups = operations_rows.queues(QueuesView([], [], [], suspended=False), **HERE)
    assert "porter worker" in groups[1]["empty"]


def test_machines_are_at_work_stray_or_missing(db: Database):
    here, lost = (make_task(db, status=Status.RUNNING, issue_title=title) for title in ("here", "lost"))
    listed = [Machine("m-1", here.run_id, MachineState.RUNNING), Machine("m-2", "nobody", MachineState.RUNNING)]
    view = operations_reads.machines(db, "fly", listed)
    strays, missing, known = operations_rows.machines(view, **HERE)
    assert [row["tasks"] for row in known["rows"]] == [[here.id]]
    assert [row["tasks"] for row in missing["rows"]] == [[lost.id]]
    assert [(row["title"], row["word"]) for row in strays["rows"]] == [("m-2", "Stray")]


def test_machines_of_another_host_are_not_missed(db: Database):
    make_task(db, status=Status.RUNNING)
    assert operations_reads.machines(db, "docker", []).missing == []


@pytest.mark.parametrize(("verdict", "key", "days", "can"), [
    pytest.param(Verdict.REFUSED, "g", 0, True, id="refused"),
    pytest.param(Verdict.IGNORED, "missed:g:1", 0, True, id="never-arrived"),
    pytest.param(Verdict.IGNORED, "g", 4, False, id="too-old"),
    pytest.param(Verdict.ACCEPTED, "g", 0, False, id="accepted"),
    pytest.param(Verdict.DUPLICATE, "g", 0, False, id="repeated"),
    pytest.param(Verdict.IGNORED, "again-1:g", 0, False, id="set-aside"),
])  # fmt: skip
def test_what_can_be_redelivered_has_a_button_that_says_what_it_does(verdict, key, days, can):
    one = Delivery(key, "issue_comment", NOW - timedelta(days=days), verdict, "why not", None, "created")
    acts = operations_rows.deliveries([one], **HERE, is_admin=True, narrow=False)["rows"][0]["acts"]
    assert ["one press, one redelivery" in act["hint"] for act in acts] == ([True] if can else [])
    assert operations_rows.deliveries([one], **HERE, is_admin=False, narrow=False)["rows"][0]["acts"] == []


@pytest.mark.parametrize(("record", "leader", "word"), [
    pytest.param(None, None, "Away", id="never"),
    pytest.param(Record(NOW, "a:1", 0.02, "", []), "a:1", "Well", id="well"),
    pytest.param(Record(NOW - timedelta(minutes=5), "a:1", 0.02, "", []), None, "Away", id="late"),
    pytest.param(Record(NOW, "a:1", 0.02, "Fly does not answer", []), "a:1", "Hindered", id="hindered"),
])  # fmt: skip
def test_the_sweep_is_well_hindered_or_away(record, leader, word):
    assert operations_rows.sweep(SweepView(record, leader), **HERE)[0]["rows"][0]["word"] == word


def test_what_the_sweep_did_is_a_sentence():
    record = Record(NOW, "a:1", 0.02, "", [Pass(NOW, {"launch job": 2, "stray machine": 1, "forgot log lines": 1200})])
    [line] = operations_rows.sweep(SweepView(record, "a:1"), **HERE)[1]["rows"]
    assert line["title"] == "2 launch jobs enqueued, 1 stray machine destroyed, 1,200 log lines forgotten"


def test_what_is_broken_stands_first_with_what_mends_it():
    checks = [Check("a", "A", True, "Fine."), Check("b", "B", False, "Broken.", "Mend it.")]
    rows = operations_rows.health(checks, ["Machines"])["rows"]
    assert [row["word"] for row in rows] == ["Broken", "Well", "Asking"]
    assert rows[0]["meta"] == ["Mend it."]


def test_the_audit_log_says_who_did_what_to_what():
    note = Note(7, NOW, "maria", "secret_replaced", "global/ANTHROPIC_API_KEY", "")
    [row] = operations_rows.audit([note], **HERE, narrow=False)["rows"]
    assert (row["word"], row["title"], row["meta"]) == ("Secret replaced", "global/ANTHROPIC_API_KEY", ["by maria"])
