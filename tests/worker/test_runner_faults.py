"""When things go wrong: agents that hang or hide, Porter that goes away, machines that are stopped."""

from __future__ import annotations

import json
import os
import secrets
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, told
from tests.worker.porter import Porter
from worker.agents.mock.antics import ORPHAN_MARK
from worker.contract import JobDocument, Limits

SOON = 60  # seconds, on a computer that does other things as well


def orphans(within: Path) -> list[str]:
    """The mock agent's runaway children that are alive and were started below this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            is_one = ORPHAN_MARK.encode() in words and words[0] == b"sh"
            if is_one and str((entry / "cwd").readlink()).startswith(str(within)):
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_an_agent_without_output_is_stalled_and_its_work_is_kept(start: Start, job: JobDocument, bare: Bare) -> None:
    machine = start(replace(told(job, "[mock:hang]"), limits=Limits(total=60, stall=4, setup=20)))
    machine.wait()
    assert machine.result["ending"] == "stalled"
    assert "silent for 4 seconds" in machine.result["message"]
    assert machine.result["pushed"]
    assert "Hello" in bare.show(BRANCH)


def test_an_agent_that_takes_too_long_is_timed_out_even_if_it_ignores_us(start: Start, job: JobDocument) -> None:
    machine = start(replace(told(job, "[mock:hang] [mock:ignore-term]"), limits=Limits(total=0.5, stall=20, setup=20)))
    machine.wait(SOON)
    assert machine.result["ending"] == "timed_out"
    assert machine.result["exit_code"] == -signal.SIGKILL


def test_cancel_ends_the_whole_tree(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.cancel_when = "starting mock"
    machine = start(told(job, "[mock:orphan] [mock:ignore-term] [mock:hang]"))
    machine.until(lambda: bool(orphans(machine.temporary)))
    machine.wait(SOON)
    assert orphans(machine.temporary) == []
    assert machine.process.returncode == 0
    assert machine.result["ending"] == "cancelled"


def test_children_left_behind_by_a_good_run_are_dead_before_the_push_token_is_asked_for(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    seen_at_push: list[list[str]] = []
    answer = porter._push_token

    def look() -> tuple[int, dict[str, object]]:
        seen_at_push.append(orphans(machine.temporary))
        return answer()

    porter._push_token = look  # type: ignore[method-assign]
    machine = start(told(job, "[mock:orphan]"))
    machine.wait(SOON)
    assert machine.result["ending"] == "changes"
    assert seen_at_push == [[]]


def test_cancel_works_while_setup_runs(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.cancel_when = "setup: sleep"
    machine = start(replace(job, setup_commands=["sleep 60"]))
    machine.wait(SOON)
    assert machine.result["ending"] == "cancelled"


def test_sigterm_cancels_and_reports(start: Start, job: JobDocument, porter: Porter) -> None:
    machine = start(told(job, "[mock:hang]"))
    machine.until(lambda: "Edit greet.py" in porter.text)
    machine.process.send_signal(signal.SIGTERM)
    machine.wait(SOON)
    assert machine.result["ending"] == "cancelled"
    assert "being stopped" in machine.result["message"]


def test_sigterm_ends_the_machine_also_when_porter_is_away(start: Start, job: JobDocument, porter: Porter) -> None:
    machine = start(told(job, "[mock:hang]"))
    machine.until(lambda: "Edit greet.py" in porter.text)
    porter.away = True
    machine.process.send_signal(signal.SIGTERM)
    complaints = machine.wait(SOON)
    assert machine.process.returncode == 1
    assert "Porter answered 503" in complaints


def test_sigterm_ends_the_machine_also_while_it_waits_to_hand_in_its_result(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    porter.away_once_seen, porter.away_seconds = "pushing", 60.0
    machine = start(job)
    machine.until(lambda: porter.away_until > 0)
    machine.process.send_signal(signal.SIGTERM)
    machine.wait(SOON)
    assert machine.process.returncode == 1


def test_sigterm_before_there_is_a_job_ends_the_machine(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.job_answers = [202] * 1000
    machine = start(job)
    machine.until(lambda: bool(porter.requests))
    machine.process.send_signal(signal.SIGTERM)
    machine.wait(SOON)
    assert machine.process.returncode == 2


def test_porter_may_be_away_for_a_while(start: Start, job: JobDocument, porter: Porter, bare: Bare) -> None:
    porter.away_once_seen, porter.away_seconds = "starting mock", 1.5
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert [line["n"] for line in porter.logs] == list(range(1, len(porter.logs) + 1))
    assert f"pushing {BRANCH}" in porter.text


def test_a_report_whose_answer_was_lost_changes_nothing_twice(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.lose_answers = 2
    machine = start(job)
    machine.wait()
    assert [line["n"] for line in porter.logs] == list(range(1, len(porter.logs) + 1))
    assert [report["seq"] for report in porter.reports] == list(range(1, len(porter.reports) + 1))


def test_the_runner_gives_up_when_porter_stays_away(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.away_once_seen, porter.away_seconds = "tick", 60.0
    recipe = replace(job.agent, argv=["/bin/sh", "-c", "while :; do echo tick; sleep 0.2; done"], stream="text")
    machine = start(replace(job, agent=recipe), PORTER_WORKER_PATIENCE="0.4")
    machine.wait(SOON)
    assert machine.process.returncode == 1


def test_a_run_that_is_over_pushes_nothing(start: Start, job: JobDocument, porter: Porter, bare: Bare) -> None:
    porter.push_answers = [202, 410]
    machine = start(job)
    complaints = machine.wait()
    assert machine.process.returncode == 0
    assert "410 the run is over" in complaints
    assert porter.result is None
    assert bare.branches() == ["main"]


def test_a_flood_is_bounded_and_says_what_was_dropped(start: Start, job: JobDocument, porter: Porter) -> None:
    machine = start(told(job, "[mock:flood=60000]"))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert len(porter.logs) < 20_000
    assert "lines dropped here" in porter.text
    assert all(len(report["logs"]) <= 100 for report in porter.reports)


def test_traps_of_the_agent_are_never_sprung(start: Start, job: JobDocument, bare: Bare, tmp_path: Path) -> None:
    marker = tmp_path / "sprung"
    machine = start(told(job, f"[mock:hook={marker}]"))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert "Hello" in bare.show(f"{BRANCH}:greet.py")
    assert not marker.exists(), marker.read_text()


def test_an_agent_finds_none_of_our_secrets(start: Start, job: JobDocument, porter: Porter) -> None:
    key, clone = "sk-ant-CANARYCANARY0123456789", f"ghs_CLONE{secrets.token_hex(12)}"
    machine = start(replace(told(job, "[mock:search-secrets]"), keys={"ANTHROPIC_API_KEY": key}, clone_token=clone))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert "secrets found" in porter.text, "with or without a *no*: the search itself must have run"
    for secret in (porter.push_token, clone, porter.token):
        assert secret not in porter.everything()
    # A masked find would still be a find: nothing that belongs to this machine may have been readable.
    mine = [line for line in porter.text.splitlines() if "***" in line]
    assert mine == []


@pytest.mark.parametrize("script", ["printenv", "printenv | base64 -w0", "printenv | od -An -v -tx1 | tr -d ' \\n'"])
def test_a_key_that_the_agent_prints_is_masked(start: Start, job: JobDocument, porter: Porter, script: str) -> None:
    key = "sk-ant-CANARY/CANARY+0123456789"
    recipe = replace(job.agent, argv=["/bin/sh", "-c", script], stream="text", env={})
    machine = start(replace(job, agent=recipe, keys={"ANTHROPIC_API_KEY": key}))
    machine.wait()
    assert "***" in porter.text
    assert key not in porter.everything()
    assert "CANARY" not in json.dumps(machine.result)


def test_a_key_printed_in_two_halves_is_masked(start: Start, job: JobDocument, porter: Porter) -> None:
    script = "printf 'key: sk-ant-CANA'; sleep 0.3; printf 'RY0123456789 end\\n'"
    recipe = replace(job.agent, argv=["/bin/sh", "-c", script], stream="text")
    machine = start(replace(job, agent=recipe, keys={"ANTHROPIC_API_KEY": "sk-ant-CANARY0123456789"}))
    machine.wait()
    assert "key: *** end" in porter.text
    assert "CANA" not in porter.everything()


def test_a_key_printed_on_two_lines_is_masked(start: Start, job: JobDocument, porter: Porter) -> None:
    script = "echo sk-ant-CANARY; echo 0123456789-CANARY; echo c2stYW50LUNBTkFSWTAxMjM0; echo NTY3ODktQ0FOQVJZ"
    recipe = replace(job.agent, argv=["/bin/sh", "-c", script], stream="text")
    machine = start(replace(job, agent=recipe, keys={"ANTHROPIC_API_KEY": "sk-ant-CANARY0123456789-CANARY"}))
    machine.wait()
    assert porter.text.count("***") >= 4
    assert "CANARY" not in porter.everything() and "Q0FOQVJZ" not in porter.everything()


def test_the_agent_gets_a_clean_environment(start: Start, job: JobDocument, porter: Porter) -> None:
    recipe = replace(
        job.agent, argv=["/bin/sh", "-c", "env | cut -d= -f1 | sort | tr '\\n' ' '"], stream="text", env={"X": "1"}
    )
    start(replace(job, agent=recipe, keys={"SOME_KEY": "value-of-key"}), SECRET_OF_THE_HOST="x").wait()
    assert "HOME LANG PATH PWD SOME_KEY TMPDIR X" in porter.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an agent as another user")
def test_the_agent_runs_as_its_own_user_where_there_is_one(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    work = 'id -un; echo new > new.txt; git add .; git commit -qm "by the agent"; echo more > more.txt'
    script = f"{work}; touch ../../x ../../safe.git/x; true"
    recipe = replace(job.agent, argv=["/bin/sh", "-c", script], stream="text")
    bare.path.parent.chmod(0o755)
    machine = start(replace(job, agent=recipe), PORTER_AGENT_USER="nobody")
    machine.wait()
    assert machine.result["ending"] == "changes", machine.result
    assert "nobody" in machine.result["summary"]
    assert porter.text.count("Permission denied") == 2, "the fetched objects and the work folder are the runner's"
    assert bare.git("diff", "--name-only", "main", BRANCH).split() == ["more.txt", "new.txt"]
    assert bare.git("rev-list", "--count", f"main..{BRANCH}") == "2"
