"""Reports of a machine count once, in order, and never after the end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from store import events, logs, reports, runs, tasks
from store.errors import NotFound
from store.lifecycle import Status
from store.records import LogLine, Task
from store.reports import Answer, Update
from store.stopping import SAVING
from tests.builders import NOW, make_task, move
from tests.racing import failures, race

COUNTED = Answer(accepted=True, stop=False)
REFUSED = Answer(accepted=False, stop=False)
REFUSED_AND_STOPPED = Answer(accepted=False, stop=True)
RESULT = {"ending": "changes", "message": "done"}


@pytest.fixture
def task(db) -> Task:
    return make_task(db, status=Status.LAUNCHING)


def _line(run_id: str, n: int, text: str = "hello") -> LogLine:
    return LogLine(run_id, n, NOW, "info", "text", text)


def _update(db, task: Task, seq: int, **fields: Any) -> Answer:
    return reports.accept_update(db, Update(task.run_id, seq, **fields), now=NOW)


def _result(db, task: Task, seq: int, **fields: Any) -> Answer:
    return reports.accept_result(db, task.run_id, seq, RESULT | fields, now=NOW)


def test_the_first_report_moves_the_task_to_running(db, task):
    assert _update(db, task, 1, phase="cloning") == COUNTED
    seen = tasks.get(db, task.id)
    assert (seen.status, seen.started_at) == (Status.RUNNING, NOW)
    run = runs.get(db, task.run_id)
    assert (run.phase, run.started_at, run.heartbeat_at, run.report_seq) == ("cloning", NOW, NOW, 1)


def test_a_report_brings_logs_progress_and_usage(db, task):
    usage = {"input_tokens": 5, "cost_usd": 0.25}
    _update(db, task, 1, phase="running", logs=[_line(task.run_id, 1)], step="reads", percent=140, usage=usage)
    seen = tasks.get(db, task.id)
    assert (seen.step, seen.percent, seen.input_tokens, seen.cost_usd) == ("reads", 100, 5, 0.25)
    assert [line.text for line in logs.of_run(db, task.run_id)] == ["hello"]


def test_a_repeated_report_changes_nothing(db, task):
    _update(db, task, 1, phase="cloning", logs=[_line(task.run_id, 1)])
    before = (tasks.get(db, task.id), runs.get(db, task.run_id), events.of_task(db, task.id))
    assert _update(db, task, 1, phase="running", logs=[_line(task.run_id, 2)]) == REFUSED
    assert (tasks.get(db, task.id), runs.get(db, task.run_id), events.of_task(db, task.id)) == before
    assert logs.count(db, task.run_id) == 1


def test_a_report_that_was_overtaken_changes_nothing(db, task):
    _update(db, task, 3, step="third")
    assert _update(db, task, 2, step="second") == REFUSED
    assert tasks.get(db, task.id).step == "third"


def test_of_four_copies_at_once_one_counts(db, task):
    copies = race(*[partial(_update, db, task, 1, phase="cloning", logs=[_line(task.run_id, 1)])] * 4)
    assert failures(copies) == []
    assert copies.count(COUNTED) == 1
    assert [event.kind for event in events.of_task(db, task.id)].count("cloning") == 1


def test_a_line_that_comes_again_under_a_new_report_is_kept_once(db, task):
    _update(db, task, 1, logs=[_line(task.run_id, 1, "as first told")])
    assert _update(db, task, 2, logs=[_line(task.run_id, 1, "again"), _line(task.run_id, 2)]) == COUNTED
    assert [line.text for line in logs.of_run(db, task.run_id)] == ["as first told", "hello"]


def test_a_late_report_changes_nothing_and_tells_the_machine_to_stop(db, task):
    move(db, task.id, Status.TIMED_OUT)
    before = tasks.get(db, task.id)
    assert _update(db, task, 1, phase="running", step="still here") == REFUSED_AND_STOPPED
    assert _result(db, task, 2) == REFUSED_AND_STOPPED
    assert reports.begin_finishing(db, task.run_id, now=NOW) == REFUSED_AND_STOPPED
    assert tasks.get(db, task.id) == before


def test_after_a_cancel_reports_still_count_and_carry_the_order_to_stop(db, task):
    tasks.cancel(db, task.id, by="maria", now=NOW)
    assert _update(db, task, 1, phase="cloning") == Answer(accepted=True, stop=True)
    assert _update(db, task, 1) == REFUSED_AND_STOPPED


def test_after_a_cancel_the_work_so_far_may_be_pushed_for_a_while(db, task):
    _update(db, task, 1, phase="running")
    tasks.cancel(db, task.id, by="maria", now=NOW)
    in_time, late = NOW + SAVING - timedelta(seconds=1), NOW + SAVING
    assert reports.begin_finishing(db, task.run_id, now=late) == REFUSED_AND_STOPPED
    assert tasks.get(db, task.id).status is Status.RUNNING
    assert reports.begin_finishing(db, task.run_id, now=in_time) == Answer(accepted=True, stop=True)
    assert tasks.get(db, task.id).status is Status.FINISHING


def test_nothing_is_pushed_behind_the_last_word_of_a_cancelled_run(db, task):
    _update(db, task, 1, phase="running")
    tasks.cancel(db, task.id, by="maria", now=NOW)
    _result(db, task, 2, ending="cancelled")
    assert reports.begin_finishing(db, task.run_id, now=NOW) == REFUSED_AND_STOPPED


def test_after_a_cancel_the_result_is_still_taken_in(db, task):
    _update(db, task, 1, phase="running")
    tasks.cancel(db, task.id, by="maria", now=NOW)
    assert _result(db, task, 2, ending="cancelled").accepted
    assert runs.get(db, task.run_id).result == RESULT | {"ending": "cancelled"}


def test_a_report_of_the_last_run_does_not_touch_the_new_one(db, task):
    move(db, task.id, Status.FAILED)
    again = tasks.restart(db, task.id, by="maria", now=NOW)
    assert _update(db, task, 9, phase="running", step="old") == REFUSED_AND_STOPPED
    assert tasks.get(db, task.id) == again
    assert runs.get(db, again.run_id).report_seq == 0


def test_a_report_of_one_task_leaves_others_alone(db, task):
    other = make_task(db, status=Status.LAUNCHING)
    _update(db, task, 1, phase="running", step="mine")
    assert tasks.get(db, other.id) == other


@pytest.mark.parametrize("phase", [None, "dreaming", "finishing"])
def test_an_odd_phase_is_no_error(db, task, phase):
    assert _update(db, task, 1, phase=phase) == COUNTED


def test_a_report_without_a_phase_is_a_sign_of_life(db, task):
    _update(db, task, 1)
    assert runs.get(db, task.run_id).heartbeat_at == NOW


def test_the_request_to_push_begins_the_finish_however_often_it_comes(db, task):
    _update(db, task, 1, phase="running")
    assert [reports.begin_finishing(db, task.run_id, now=NOW) for _ in range(2)] == [COUNTED, COUNTED]
    assert tasks.get(db, task.id).status is Status.FINISHING
    assert [event.kind for event in events.of_task(db, task.id)].count("finishing") == 1


def test_the_result_is_kept_and_the_run_is_due(db, task):
    _update(db, task, 1, phase="running")
    assert _result(db, task, 2) == COUNTED
    run = runs.get(db, task.run_id)
    assert (run.result, run.due_at, run.phase) == (RESULT, NOW, "reported")
    assert tasks.get(db, task.id).status is Status.FINISHING


def test_a_result_that_overtook_every_report_counts_and_the_rest_do_not(db, task):
    assert _result(db, task, 5) == COUNTED
    assert _update(db, task, 1, phase="cloning") == REFUSED
    assert _update(db, task, 6, phase="running") == REFUSED
    assert tasks.get(db, task.id).status is Status.FINISHING


def test_of_two_results_the_first_counts(db, task):
    assert _result(db, task, 2) == COUNTED
    assert _result(db, task, 3, message="no, this") == REFUSED
    assert runs.get(db, task.run_id).result == RESULT


def test_of_four_results_at_once_one_counts(db, task):
    answers = race(*[partial(_result, db, task, seq, message=str(seq)) for seq in (2, 3, 4, 5)])
    assert failures(answers) == []
    assert answers.count(COUNTED) == 1
    winner = str(answers.index(COUNTED) + 2)
    assert runs.get(db, task.run_id).result == RESULT | {"message": winner}


def test_a_report_and_the_end_of_the_task_at_once_do_not_block_each_other(db):
    for _ in range(5):
        task = make_task(db, status=Status.RUNNING)
        results = race(
            partial(_update, db, task, 1, phase="running", step="works", logs=[_line(task.run_id, 1)]),
            partial(move, db, task.id, Status.TIMED_OUT),
            partial(_result, db, task, 2),
        )
        assert failures(results) == []
        assert tasks.get(db, task.id).status is Status.TIMED_OUT


def test_a_launch_put_off_whose_machine_came_up_after_all_runs(db, task):
    move(db, task.id, Status.QUEUED)
    assert _update(db, task, 1, phase="cloning") == COUNTED
    assert tasks.get(db, task.id).status is Status.RUNNING


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 a pair", "\x1b[31mred"], ids=["nul", "surrogate", "ansi"])
def test_whatever_an_agent_prints_can_be_kept(db, task, text):
    answer = _update(db, task, 1, phase="running", logs=[_line(task.run_id, 1, text)], step=text)
    assert answer == COUNTED
    assert _result(db, task, 2, summary=text, log_tail=[text]) == COUNTED
    assert logs.tail(db, task.run_id)[0].text.encode()
    assert len(runs.get(db, task.run_id).result["summary"]) == len(text)


def test_a_report_of_an_unknown_run_is_refused(db):
    with pytest.raises(NotFound):
        reports.accept_update(db, Update("r-0", 1), now=NOW)


def test_logs_are_read_in_pages_and_from_the_end(db, task):
    _update(db, task, 1, logs=[_line(task.run_id, n, str(n)) for n in range(1, 8)])
    assert [line.n for line in logs.of_run(db, task.run_id, after=2, limit=3)] == [3, 4, 5]
    assert [line.n for line in logs.tail(db, task.run_id, limit=2)] == [6, 7]
    assert logs.count(db, task.run_id) == 7


def test_a_heartbeat_that_repeats_what_is_known_makes_no_new_version(db):
    task = make_task(db, status=Status.RUNNING)
    told = {"step": "reading", "percent": 10, "usage": {"input_tokens": 3}}
    reports.accept_update(db, Update(task.run_id, 50, **told), now=NOW)
    known = tasks.get(db, task.id)
    assert reports.accept_update(db, Update(task.run_id, 51, **told), now=NOW) == COUNTED
    assert tasks.get(db, task.id).version == known.version
    reports.accept_update(db, Update(task.run_id, 52, step="writing"), now=NOW)
    assert tasks.get(db, task.id).version == known.version + 1
