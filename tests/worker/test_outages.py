"""A Porter that is away, hangs, or loses its connection: nothing is lost but what the log says was dropped."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.porter import Porter
from worker.contract import JobDocument


def printing(job: JobDocument, lines: int) -> JobDocument:
    script = f"echo begun; sleep 0.5; seq -f 'line %.0f' {lines}; echo done > done.txt"
    return replace(job, agent=replace(job.agent, argv=["/bin/sh", "-c", script], stream="text"))


def test_a_connection_that_drops_in_the_middle_of_an_answer_is_made_again(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.cut_answers = 4
    machine = start(job)
    machine.wait()
    assert machine.process.returncode == 0
    assert machine.result["ending"] == "changes"
    assert [report["seq"] for report in porter.reports] == list(range(1, len(porter.reports) + 1))
    assert "Hello" in bare.show(BRANCH)


def test_a_push_token_whose_answer_was_cut_is_asked_for_again(start: Start, job: JobDocument, porter: Porter) -> None:
    answer = porter._push_token

    def cut_once() -> tuple[int, dict[str, object]]:
        if sum("push-token" in request for request in porter.requests) == 1:
            porter.cut_answers = 1
        return answer()

    porter._push_token = cut_once  # type: ignore[method-assign]
    machine = start(job)
    machine.wait()
    assert machine.result["pushed"]


def test_what_is_printed_while_porter_is_away_arrives_in_order_and_what_does_not_fit_is_counted(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    porter.away_once_seen, porter.away_seconds = "begun", 2.0
    machine = start(printing(job, 20_000))
    machine.wait()
    assert machine.result["ending"] == "changes"
    numbers = [line["n"] for line in porter.logs]
    assert numbers == sorted(set(numbers))
    dropped = sum(int(count) for count in re.findall(r"… (\d+) lines dropped here", porter.text))
    gaps = len(re.findall("lines dropped here", porter.text))
    assert dropped > 0
    assert len(porter.logs) - gaps + dropped == numbers[-1]
    assert "line 20000" in porter.text


def test_a_porter_that_hangs_for_too_long_is_given_up_in_one_line(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    porter.hang_on = "/task-complete"
    machine = start(printing(job, 1), PORTER_WORKER_PATIENCE="1")
    complaints = machine.wait()
    assert machine.process.returncode == 1
    assert re.fullmatch("porter worker: Porter (cannot be reached: timed out|did not answer in time)\n", complaints)


def test_a_result_that_porter_refuses_is_one_line_and_exit_status_1(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    porter.complete_answer = 400
    machine = start(job)
    complaints = machine.wait()
    assert machine.process.returncode == 1
    assert complaints == "porter worker: Porter did not take the result: 400 that is no result\n"
