"""Every way in which a run of the real Claude Code can end beside a service that refuses, and that nothing is left."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.anthropic import Hang, Model, Nonsense, Text, Tool, serving
from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.endings import MANY_MEGABYTES, PATIENCE, cut_short, kill, left_of, memory_until_the_result, pid_of
from tests.worker.test_claude_code import claude, job, run
from worker.contract import JobDocument, Limits

__all__ = ["claude", "job"]

pytestmark = [pytest.mark.claude, pytest.mark.timeout(PATIENCE + 60)]

NOTES = Tool("Write", {"file_path": "notes.md", "content": "half done\n"})


def test_a_tool_that_it_may_not_use_explains_why_nothing_changed(start: Start, job: JobDocument, claude: Path) -> None:
    with serving(Model([[NOTES], [Text("I was not allowed to write it.")]])) as model:
        machine = run(start, job, claude, model, without=["--dangerously-skip-permissions"])
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "denied", (machine.result, machine.porter.text)
    assert "Write" in machine.result["message"]
    assert machine.result["summary"] == "I was not allowed to write it."


def test_its_limit_of_turns_is_told_and_the_work_so_far_is_kept(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], [Text("There are notes now.")]])) as model:
        machine = run(start, job, claude, model, more=["--max-turns", "1"])
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "turns", (machine.result, machine.porter.text)
    assert bare.show(f"{BRANCH}:notes.md") == "half done"


def test_a_model_that_never_answers_is_waited_for_until_the_limit_of_silence(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, replace(job, limits=Limits(total=PATIENCE, stall=8)), claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "stalled", (machine.result, machine.porter.text)
    # Where the machine is too busy for it to begin in time there is nothing to keep.
    assert machine.result["pushed"] == ("Write notes.md" in machine.porter.text) == (BRANCH in bare.branches())
    assert left_of(machine) == []


def test_a_cli_that_is_killed_has_crashed_and_its_work_is_kept(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], Hang()])) as model:
        machine = run(start, job, claude, model)
        machine.until(lambda: len(model.requests) == 2, PATIENCE)
        kill(machine, "claude -p")
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "SIGKILL" in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert left_of(machine) == []


def test_an_answer_that_is_none_is_an_error_in_its_words(
    start: Start, job: JobDocument, bare: Bare, claude: Path
) -> None:
    with serving(Model([[NOTES], Nonsense()])) as model:
        machine = run(start, job, claude, model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "It said: " in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert model.asked <= 12


def test_a_tool_at_work_dies_with_it(start: Start, job: JobDocument, bare: Bare, claude: Path) -> None:
    waiting = "trap '' TERM INT; (setsid sleep 5432) & echo half done > notes.md; sleep 5432"
    with serving(Model([[Tool("Bash", {"command": waiting, "description": "Wait"})]])) as model:
        machine = run(start, job, claude, model)
        pid_of(machine, "sleep 5432")
        machine.process.send_signal(signal.SIGTERM)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "cancelled", (machine.result, machine.porter.text)
    assert left_of(machine) == []
    assert bare.show(f"{BRANCH}:notes.md") == "half done"


def test_output_that_ends_within_a_line_is_no_good_end(
    start: Start, job: JobDocument, bare: Bare, claude: Path, tmp_path: Path
) -> None:
    with serving(Model([[NOTES], [Text("There are notes now.")]])) as model:
        machine = run(start, job, cut_short(claude, tmp_path / "cut"), model)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "crashed", (machine.result, machine.porter.text)
    assert "without its final event" in machine.result["message"]
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert left_of(machine) == []


def test_fifty_megabytes_of_output_need_little_memory(start: Start, job: JobDocument, bare: Bare, claude: Path) -> None:
    turns = [[Tool("Bash", {"command": MANY_MEGABYTES, "description": "Print"})], [NOTES], [Text("Done.")]]
    with serving(Model(turns)) as model:
        machine = run(start, job, claude, model)
        most = memory_until_the_result(machine)
        machine.wait(PATIENCE)
    assert machine.result["ending"] == "changes", (machine.result, machine.porter.text)
    assert bare.show(f"{BRANCH}:notes.md") == "half done"
    assert 0 < most < 150 * 1024 * 1024
