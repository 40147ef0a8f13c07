"""The runner end to end: a real process, a real Porter on loopback, a real repository."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, git, prompt, told
from tests.worker.porter import Porter
from worker import agents
from worker.contract import JobDocument, Limits


def test_a_job_becomes_a_commit_on_its_branch(start: Start, job: JobDocument, bare: Bare, porter: Porter) -> None:
    machine = start(job)
    machine.wait()
    assert machine.process.returncode == 0
    assert machine.result["ending"] == "changes"
    assert machine.result["pushed"]
    assert machine.result["diff"] == {"files": 1, "additions": 1, "deletions": 1}
    assert machine.result["head_sha"] == bare.git("rev-parse", BRANCH)
    assert machine.result["base_sha"] == bare.git("rev-parse", "main") == bare.git("rev-parse", f"{BRANCH}^")
    assert "Hello, world" in machine.result["summary"]
    assert '+    return "Hello, world"' in bare.show(BRANCH)
    assert bare.git("log", "-1", "--format=%an <%ae> %s", BRANCH) == "Porter <porter@example.invalid> Fix the greeting"
    assert sorted(bare.branches()) == ["main", BRANCH]


def test_porter_hears_of_each_step_in_order(start: Start, job: JobDocument, porter: Porter) -> None:
    machine = start(job)
    machine.wait()
    assert [line["n"] for line in porter.logs] == list(range(1, len(porter.logs) + 1))
    text = porter.text
    marks = ["cloning acme/greeter", "starting mock", "Edit greet.py", "1 file changed, +1 −1", f"pushing {BRANCH}"]
    assert sorted(marks, key=text.index) == marks
    assert porter.reports[0]["seq"] == 1
    assert porter.reports[0]["phase"] == "cloning"
    assert porter.reports[-1]["phase"] == "finishing"
    assert porter.reports[-1]["percent"] == 100
    assert porter.reports[-1]["usage"]["input_tokens"] > 0
    assert porter.requests.index("POST /api/callbacks/push-token") > porter.requests.index("GET /api/runs/run-0042/job")


def test_a_machine_waits_for_a_job_that_is_being_prepared(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.job_answers = [503, 202, 202]
    porter.push_answers = [202, 503, 202]
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "changes"


@pytest.mark.parametrize("status", [401, 404, 410])
def test_without_a_job_the_machine_ends_with_one_line(
    start: Start, job: JobDocument, porter: Porter, status: int
) -> None:
    porter.job_answers = [status]
    machine = start(job)
    complaints = machine.wait()
    assert machine.process.returncode == 2
    assert complaints.strip().splitlines() == [
        f"porter worker: Porter gives this machine no job: {status} the run is over"
    ]


def test_a_run_without_changes_pushes_nothing(start: Start, job: JobDocument, bare: Bare, porter: Porter) -> None:
    machine = start(told(job, "[mock:no-changes]"))
    machine.wait()
    assert machine.result["ending"] == "no_changes"
    assert not machine.result["pushed"]
    assert bare.branches() == ["main"]
    assert "POST /api/callbacks/push-token" not in porter.requests


def test_a_crash_keeps_the_work_and_says_so(start: Start, job: JobDocument, bare: Bare) -> None:
    machine = start(told(job, "[mock:exit=3]"))
    machine.wait()
    assert machine.result["ending"] == "crashed"
    assert machine.result["exit_code"] == 3
    assert machine.result["pushed"]
    assert BRANCH in machine.result["message"]
    assert "Hello" in bare.show(BRANCH)


def test_a_refused_key_is_told_apart(start: Start, job: JobDocument, bare: Bare) -> None:
    machine = start(told(job, "[mock:auth]"))
    machine.wait()
    assert machine.result["ending"] == "auth"
    assert bare.branches() == ["main"]


def test_commits_of_the_agent_are_kept_as_they_are(start: Start, job: JobDocument, bare: Bare) -> None:
    machine = start(told(job, "[mock:commit]"))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert bare.git("log", "--format=%an", f"main..{BRANCH}") == "Mock"


def test_commits_that_do_not_build_on_the_base_are_made_anew(start: Start, job: JobDocument, bare: Bare) -> None:
    rewrite = "git checkout -q --orphan other && echo new > new.txt && git add . && git commit -q -m rewritten"
    machine = start(replace(job, agent=replace(job.agent, argv=["/bin/sh", "-c", rewrite], stream="text")))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert bare.git("rev-parse", f"{BRANCH}^") == bare.git("rev-parse", "main")
    assert bare.git("diff", "--name-only", "main", BRANCH) == "new.txt"
    assert "committed anew" in machine.porter.text


def test_a_destroyed_working_copy_is_no_traceback(start: Start, job: JobDocument) -> None:
    machine = start(replace(job, agent=replace(job.agent, argv=["/bin/sh", "-c", 'rm -rf "$PWD"'], stream="text")))
    machine.wait()
    assert machine.result["ending"] in ("no_changes", "changes")


def test_ignored_files_and_what_the_cli_drops_stay_out(start: Start, job: JobDocument, bare: Bare) -> None:
    write = "echo a > a.txt; echo b > b.secret; echo c > .aider.chat; mkdir __pycache__; echo d > __pycache__/d.pyc"
    recipe = replace(job.agent, argv=["/bin/sh", "-c", write], stream="text", excludes=[".aider*"])
    start(replace(job, agent=recipe)).wait()
    assert bare.git("diff", "--name-only", "main", BRANCH) == "a.txt"


def test_a_follow_up_goes_on_from_the_branch(start: Start, job: JobDocument, bare: Bare, porter: Porter) -> None:
    start(job).wait()
    first = bare.git("rev-parse", BRANCH)
    porter.result, porter.last_seq = None, 0
    machine = start(replace(job, continue_branch=True, prompt=prompt('Replace "greets" with "salutes".')))
    machine.wait()
    assert bare.git("rev-parse", f"{BRANCH}^") == first
    assert machine.result["base_sha"] == bare.git("rev-parse", "main")
    assert machine.result["diff"]["files"] == 2


def test_a_branch_that_moves_while_the_agent_works_keeps_the_work_beside_it(
    start: Start, job: JobDocument, bare: Bare, porter: Porter
) -> None:
    start(job).wait()
    porter.result, porter.last_seq = None, 0
    tree = bare.git("rev-parse", f"{BRANCH}^{{tree}}")
    theirs = bare.git("-c", "user.name=Tom", "-c", "user.email=t@x", "commit-tree", tree, "-p", BRANCH, "-m", "Tom's")
    meanwhile = f"git --git-dir={bare.path} update-ref refs/heads/{BRANCH} {theirs}"  # setup comes behind the clone
    again = replace(job, continue_branch=True, prompt=prompt('Replace "greets" with "salutes".'))
    machine = start(replace(again, setup_commands=[meanwhile]))
    machine.wait()
    assert (machine.result["ending"], machine.result["pushed"]) == ("push_failed", False)
    assert bare.git("rev-parse", BRANCH) == theirs
    [beside] = [name for name in bare.branches() if name.startswith(f"{BRANCH}-")]
    assert f"on the branch {beside}" in machine.result["message"]
    assert "salutes" in bare.show(beside)


def test_setup_comes_before_the_agent_and_a_failure_stops_there(start: Start, job: JobDocument, porter: Porter) -> None:
    machine = start(replace(job, setup_commands=["echo installing", "echo no such package >&2; exit 4", "echo never"]))
    machine.wait()
    assert machine.result["ending"] == "setup_failed"
    assert "status 4" in machine.result["message"]
    assert "no such package" in machine.result["log_tail"]
    assert "starting mock" not in porter.text
    assert "never" not in porter.text.splitlines()


def test_a_setup_command_has_its_own_limit(start: Start, job: JobDocument) -> None:
    machine = start(replace(job, setup_commands=["sleep 60"], limits=Limits(total=30, stall=20, setup=0.5)))
    machine.wait(60)
    assert machine.result["ending"] == "setup_failed"
    assert "longer than 0.5 seconds" in machine.result["message"]


def test_what_cannot_be_cloned_is_told_in_git_words(start: Start, job: JobDocument) -> None:
    machine = start(replace(job, base_branch="develop"))
    machine.wait()
    assert machine.process.returncode == 0
    assert machine.result["ending"] == "clone_failed"
    assert "couldn't find remote ref refs/heads/develop" in machine.result["message"]


def test_a_refused_push_is_told_in_git_words(start: Start, job: JobDocument, bare: Bare) -> None:
    hook = bare.path / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "push_failed"
    assert "hook declined" in machine.result["message"]
    assert not machine.result["pushed"]


def test_an_agent_that_is_not_installed_is_told(start: Start, job: JobDocument) -> None:
    machine = start(replace(job, agent=replace(job.agent, argv=["no-such-agent"])))
    machine.wait()
    assert machine.result["ending"] == "crashed"
    assert "no-such-agent cannot be started" in machine.result["message"]


def test_a_custom_agent_needs_no_code(start: Start, job: JobDocument, bare: Bare) -> None:
    argv = ["/bin/sh", "-c", "echo thinking; cat > prompt.txt; echo done with $0", ["{model}"]]
    custom = agents.from_config({"name": "shelly", "argv": argv})
    machine = start(replace(job, agent=agents.recipe(custom, model="small")))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert machine.result["summary"] == "thinking\ndone with small"
    assert "# Task" in bare.show(f"{BRANCH}:prompt.txt")


def test_a_large_prompt_arrives_whole(start: Start, job: JobDocument, bare: Bare) -> None:
    recipe = replace(job.agent, argv=["/bin/sh", "-c", "sleep 0.2; wc -c > size.txt"], stream="text")
    start(replace(job, agent=recipe, prompt="x" * 400_000)).wait()
    assert bare.show(f"{BRANCH}:size.txt").strip() == "400000"


def test_a_depth_limited_clone_still_gives_a_pushable_branch(start: Start, job: JobDocument, bare: Bare) -> None:
    commits = "for i in $(seq 60); do git -c user.name=A -c user.email=a@b.c commit -q --allow-empty -m $i; done"
    work = bare.path.parent / "work"
    git("clone", "--quiet", str(bare.path), str(work), at=bare.path.parent)
    git("-c", f"alias.fill=!{commits}", "fill", at=work)
    git("push", "--quiet", "origin", "main", at=work)
    machine = start(told(job, "[mock:commit]"))
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert bare.git("rev-list", "--count", BRANCH) == "63"
