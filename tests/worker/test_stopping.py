"""A runner that is told to stop ends, wherever it is, with what was done so far on its branch. In how many seconds it
does is measured by bench/stopping.py."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, told
from tests.worker.git_server import READ_TOKEN, GitServer, serving
from tests.worker.porter import PUSH_TOKEN, Porter
from worker.contract import JobDocument, Policy

SOON = 60  # seconds, on a computer that does other things as well
NEVER = 999  # seconds
DEAF = "trap '' TERM INT; echo deaf; while :; do sleep 1; done"
LATE = f"echo half > half.txt; {DEAF}"


@pytest.fixture
def server(bare: Bare, porter: Porter) -> Iterator[GitServer]:
    bare.git("config", "http.receivepack", "true")
    with serving(GitServer(bare.path.parent, READ_TOKEN, PUSH_TOKEN)) as server:
        yield server
        porter.released.set()


def shell(job: JobDocument, script: str) -> JobDocument:
    return replace(job, agent=replace(job.agent, argv=["/bin/sh", "-c", script], stream="text"))


def test_what_a_cancelled_agent_had_done_is_on_its_branch(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.cancel_when = "half done"
    machine = start(shell(job, f"echo half > half.txt; echo half done; {DEAF}"))
    machine.until(lambda: "half done" in porter.text)
    machine.wait(SOON)
    assert machine.process.returncode == 0
    assert (machine.result["ending"], machine.result["pushed"]) == ("cancelled", True)
    assert f"kept on the branch {BRANCH}" in machine.result["message"]
    assert bare.show(f"{BRANCH}:half.txt") == "half"
    assert machine.result["head_sha"] == bare.git("rev-parse", BRANCH)


def test_a_cancel_while_the_tests_run_keeps_the_work(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.cancel_when = "deaf"
    machine = start(replace(job, test_command=DEAF))
    machine.wait(SOON)
    assert (machine.result["ending"], machine.result["pushed"], machine.result["tests"]) == ("cancelled", True, None)
    assert "Hello" in bare.show(BRANCH)


def test_a_cancel_before_the_agent_began_pushes_nothing(start: Start, job: JobDocument, porter: Porter, bare: Bare):
    porter.cancel_when = "deaf"
    machine = start(replace(job, setup_commands=[f"echo junk > junk.txt; {DEAF}"]))
    machine.wait(SOON)
    assert machine.result["ending"] == "cancelled"
    assert bare.branches() == ["main"]
    assert "POST /api/callbacks/push-token" not in porter.requests


def test_work_of_a_cancelled_run_that_a_person_must_see_is_neither_pushed_nor_kept(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.cancel_when = "half done"
    machine = start(replace(shell(job, f"echo x >> greet.py; echo half done; {DEAF}"), policy=Policy(["greet.py"])))
    machine.wait(SOON)
    assert (machine.result["ending"], machine.result["pushed"]) == ("cancelled", False)
    assert "look at it first" in machine.result["unkept"] and "greet.py" in machine.result["unkept"]
    assert porter.held is None
    assert bare.branches() == ["main"]


def test_a_cancelled_run_that_gets_no_token_any_more_is_over(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.cancel_when, porter.push_answers = "half done", [410]
    machine = start(shell(job, f"echo half > half.txt; echo half done; {DEAF}"))
    machine.wait(SOON)
    assert machine.process.returncode == 0
    assert bare.branches() == ["main"]


@dataclass(frozen=True)
class Moment:
    """Where a run is when SIGTERM comes; `seen` is what the log or the list of requests holds by then."""

    seen: str
    setup: str = ""
    agent: str = ""
    test: str = ""
    git_hangs_on: str = ""
    porter_hangs_on: str = ""
    ending: str | None = "cancelled"  # None: Porter does not hear of one


MOMENTS = [
    pytest.param(Moment("upload-pack", git_hangs_on="upload-pack"), id="cloning-from-a-server-that-hangs"),
    pytest.param(Moment("deaf", setup=DEAF), id="setup"),
    pytest.param(Moment("deaf", agent=DEAF), id="an-agent-that-ignores-it"),
    pytest.param(
        Moment("away", agent=f"setsid sh -c \"trap '' TERM; sleep {NEVER}\" & echo away; wait"), id="a-child-that-left"
    ),
    pytest.param(Moment("deaf", test=DEAF), id="the-tests"),
    pytest.param(Moment("receive-pack", git_hangs_on="receive-pack"), id="a-push-that-hangs"),
    pytest.param(Moment("/job", porter_hangs_on="/job", ending=None), id="porter-hangs-before-there-is-a-job"),
    pytest.param(Moment("push-token", porter_hangs_on="/push-token"), id="porter-hangs-before-the-push"),
    pytest.param(Moment("task-complete", porter_hangs_on="/task-complete", ending=None), id="porter-hangs-at-the-end"),
    pytest.param(
        Moment("deaf", agent=LATE, git_hangs_on="receive-pack", porter_hangs_on="/task-complete", ending=None),
        id="everything-hangs-one-after-the-other",
    ),
]  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_sigterm_ends_the_machine_wherever_it_is(
    start: Start, job: JobDocument, server: GitServer, porter: Porter, moment: Moment
) -> None:
    def hang() -> None:
        if moment.git_hangs_on and moment.git_hangs_on in server.paths[-1]:
            porter.released.wait(NEVER)

    server.look, porter.hang_on = hang, moment.porter_hangs_on
    job = replace(job, clone_url=f"{server.url}/greeter.git", clone_token=READ_TOKEN)
    job = shell(job, moment.agent) if moment.agent else job
    machine = start(
        replace(job, setup_commands=[moment.setup] if moment.setup else [], test_command=moment.test or None)
    )
    machine.until(lambda: moment.seen in "\n".join((porter.text, *porter.requests, *server.paths)))
    machine.process.send_signal(signal.SIGTERM)
    complaints = machine.wait(SOON)
    assert (porter.result or {}).get("ending") == moment.ending
    assert machine.process.returncode == (0 if moment.ending else 2 if moment.seen == "/job" else 1)
    assert len(complaints.splitlines()) == (0 if moment.ending else 1), complaints


def test_sigterm_saves_the_work_where_there_is_time(start: Start, job: JobDocument, porter: Porter, bare: Bare) -> None:
    machine = start(told(job, "[mock:hang]"))
    machine.until(lambda: "Edit greet.py" in porter.text)
    machine.process.send_signal(signal.SIGTERM)
    machine.wait(SOON)
    assert machine.result["pushed"] == (BRANCH in bare.branches())
    assert machine.result["pushed"] or "no time left" in machine.result["unkept"]
