"""A conversation outlives its machine: taken from the agent's home, given to the next run, and paid for once."""

from __future__ import annotations

import base64
import json
import os
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, git, told
from tests.worker.porter import Porter
from worker import agents, conversation, workspace
from worker.contract import MAX_SESSION, AgentRecipe, JobDocument, Resume, Session, Usage
from worker.errors import BadSession
from worker.masking import Mask
from worker.workspace import Workspace

RECIPE = AgentRecipe("x", ["x"], "text", resume=Resume(["x", "--resume={session}"], ".x/{directory}/{session}.jsonl"))


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return workspace.make_directories(None)


def written(space: Workspace, content: bytes = b"turn 1\n", session: str = "s1") -> Path:
    directory = "".join(char if char.isalnum() and char.isascii() else "-" for char in str(space.repo))
    at = space.home / ".x" / directory / f"{session}.jsonl"
    at.parent.mkdir(parents=True)
    at.write_bytes(content)
    return at


def unpacked(session: Session) -> bytes:
    return zlib.decompress(base64.b64decode(session.data))


def test_what_was_taken_can_be_restored_in_another_home(space: Workspace) -> None:
    written(space)
    kept = conversation.take(space, RECIPE, "s1", Mask(), usage=Usage(cost_usd=0.5))
    other = workspace.make_directories(None)
    conversation.restore(other, RECIPE, kept, None)
    [file] = other.home.rglob("*.jsonl")
    assert file.read_bytes() == b"turn 1\n"
    again = conversation.take(other, RECIPE, "s1", Mask(), usage=Usage(cost_usd=0.5))
    assert replace(again, path=kept.path) == kept
    assert conversation.filled(["x", "--resume={session}"], kept.id, file) == ["x", "--resume=s1"]


def test_a_file_whose_name_only_the_agent_knows_is_found_and_laid_where_it_was(space: Workspace) -> None:
    recipe = replace(RECIPE, resume=Resume(["x", "{file}"], ".x/*/log-*-{session}.jsonl"))
    at = space.home / ".x" / "11" / "log-7-s1.jsonl"
    at.parent.mkdir(parents=True)
    at.write_bytes(b"turn 1\n")
    kept = conversation.take(space, recipe, "s1", Mask(), usage=Usage())
    assert kept.path == ".x/11/log-7-s1.jsonl"
    other = workspace.make_directories(None)
    assert conversation.restore(other, recipe, kept, None) == other.home / kept.path
    with pytest.raises(BadSession, match="does not look"):
        conversation.restore(other, recipe, replace(kept, path=".x/../log-7-s1.jsonl"), None)


def test_nothing_is_written_through_a_link_that_a_setup_command_left(space: Workspace, tmp_path: Path) -> None:
    (space.home / ".x").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link"):
        conversation.restore(space, RECIPE, Session("s1", base64.b64encode(zlib.compress(b"{}")).decode()), None)


def test_lines_that_its_agent_would_trip_over_are_not_kept(space: Workspace) -> None:
    written(space, b'{"a": 1}\n{"twice": 2}\n  {"twice": 3}\n{"twice": 4}')
    assert RECIPE.resume is not None
    picky = replace(RECIPE, resume=replace(RECIPE.resume, drops=r'\{"twice":'))
    kept = conversation.take(space, picky, "s1", Mask(), usage=Usage())
    assert unpacked(kept) == b'{"a": 1}\n  {"twice": 3}\n'


def test_secrets_that_the_runner_knows_are_hidden_in_it(space: Workspace) -> None:
    written(space, b'{"output": "sk-ant-CANARY0123456789"}\n')
    kept = conversation.take(space, RECIPE, "s1", Mask(["sk-ant-CANARY0123456789"]), usage=Usage())
    assert unpacked(kept) == b'{"output": "***"}\n'


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", "..", "-x", "a" * 300, "a\n", "a b"])
def test_a_name_that_is_none_is_never_made_a_path(space: Workspace, name: str) -> None:
    with pytest.raises(BadSession, match="no name"):
        conversation.take(space, RECIPE, name, Mask(), usage=Usage())
    with pytest.raises(BadSession, match="no name"):
        conversation.restore(space, RECIPE, Session(name, ""), None)


def test_links_that_the_agent_laid_are_not_followed(space: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the runner")
    at = written(space)
    at.unlink()
    at.symlink_to(secret)
    with pytest.raises(BadSession, match="link"):
        conversation.take(space, RECIPE, "s1", Mask(), usage=Usage())
    at.unlink()
    os.link(secret, at)
    with pytest.raises(BadSession, match="plain file"):
        conversation.take(space, RECIPE, "s1", Mask(), usage=Usage())
    at.unlink()
    os.mkfifo(at)
    with pytest.raises(BadSession, match="plain file"):
        conversation.take(space, RECIPE, "s1", Mask(), usage=Usage())
    at.unlink()
    at.parent.rmdir()
    at.parent.symlink_to(tmp_path)
    (tmp_path / at.name).write_text("of the runner")
    with pytest.raises(BadSession, match="link"):
        conversation.take(space, RECIPE, "s1", Mask(), usage=Usage())


def test_a_conversation_that_is_too_long_is_not_kept(space: Workspace) -> None:
    written(space, os.urandom(MAX_SESSION))
    with pytest.raises(BadSession, match="too long"):
        conversation.take(space, RECIPE, "s1", Mask(), usage=Usage())


@pytest.mark.parametrize("data", ["not base64!", base64.b64encode(b"not zlib").decode()])
def test_what_cannot_be_unpacked_is_said_so(space: Workspace, data: str) -> None:
    with pytest.raises(BadSession, match="cannot be read"):
        conversation.restore(space, RECIPE, Session("s1", data), None)


def test_a_small_parcel_that_unpacks_to_a_huge_one_is_refused(space: Workspace) -> None:
    bomb = base64.b64encode(zlib.compress(bytes(conversation.MOST_BYTES + 1))).decode()
    with pytest.raises(BadSession, match="longer"):
        conversation.restore(space, RECIPE, Session("s1", bomb), None)


# --- the runner with the mock agent ----------------------------------------------------------------------------------


def followed_up(job: JobDocument, porter: Porter, directive: str) -> JobDocument:
    assert porter.session is not None
    porter.last_seq = 0
    return replace(told(job, directive), continue_branch=True, session=Session.from_json(porter.session))


def test_a_follow_up_goes_on_with_the_conversation_and_on_the_branch(
    start: Start, job: JobDocument, bare: Bare, porter: Porter
) -> None:
    start(told(job, "[mock:cost=0.5]")).wait()
    first, head = porter.result, bare.git("rev-parse", BRANCH)
    assert first and first["usage"]["cost_usd"] == 0.5
    again = followed_up(job, porter, '[mock:cost=0.25] Then replace "world" with "moon".')

    machine = start(replace(again, last_head=head))
    machine.wait()

    assert "This is turn 2 of our conversation." in porter.text
    assert machine.result["ending"] == "changes"
    assert machine.result["usage"]["cost_usd"] == 0.25
    assert machine.result["diff"]["files"] == 2  # the whole branch: greet.py, and README.md now
    assert porter.session and porter.session["usage"]["cost_usd"] == 0.75
    assert bare.git("rev-parse", f"{BRANCH}^") == head
    assert "has moved" not in porter.text


def test_a_conversation_the_agent_does_not_know_is_begun_anew(start: Start, job: JobDocument, porter: Porter) -> None:
    elsewhere = Resume([*job.agent.argv, "--resume", "elsewhere"], ".porter-mock/{session}.json")
    lost = Session("lost", base64.b64encode(zlib.compress(b"{}")).decode())
    strange = replace(job, session=lost, agent=replace(job.agent, resume=elsewhere))
    machine = start(strange)
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert "begins a new one" in porter.text


def test_a_porter_that_takes_no_conversation_spoils_no_run(start: Start, job: JobDocument, porter: Porter) -> None:
    porter.session_answer = 413
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert "cannot be kept for a follow-up" in porter.text


def test_a_branch_that_moved_is_gone_on_with_from_its_present_head(
    start: Start, job: JobDocument, bare: Bare, porter: Porter, tmp_path: Path
) -> None:
    start(job).wait()
    ours = bare.git("rev-parse", BRANCH)
    git("clone", "--quiet", "-b", BRANCH, bare.url, "theirs", at=tmp_path)
    (tmp_path / "theirs" / "more.txt").write_text("by a person\n")
    git("add", ".", at=tmp_path / "theirs")
    git("commit", "--quiet", "-m", "Add more", at=tmp_path / "theirs")
    git("push", "--quiet", "origin", BRANCH, at=tmp_path / "theirs")
    theirs = bare.git("rev-parse", BRANCH)

    again = followed_up(job, porter, 'Then replace "world" with "moon".')
    start(replace(again, last_head=ours, prompt=again.prompt.replace('Replace "Helo" with "Hello". ', ""))).wait()

    assert "the branch has moved since Porter left it" in porter.text
    assert bare.git("rev-parse", f"{BRANCH}^") == theirs
    assert bare.show(f"{BRANCH}:more.txt") == "by a person"


def test_an_agent_can_merge_a_base_that_has_moved_on(
    start: Start, job: JobDocument, bare: Bare, porter: Porter, tmp_path: Path
) -> None:
    start(job).wait()
    git("clone", "--quiet", bare.url, "theirs", at=tmp_path)
    (tmp_path / "theirs" / "greet.py").write_text('def greet():\n    return "Hallo, world"\n')
    git("commit", "--quiet", "--all", "-m", "Speak German", at=tmp_path / "theirs")
    git("push", "--quiet", "origin", "main", at=tmp_path / "theirs")
    script = "git merge --quiet -X ours --no-edit origin/main && echo merged"
    porter.last_seq = 0
    agent = replace(job.agent, argv=["/bin/sh", "-c", script], stream="text", resume=None)

    machine = start(replace(job, agent=agent, continue_branch=True))
    machine.wait()

    assert machine.result["ending"] == "changes", porter.text
    assert bare.git("merge-base", "main", BRANCH) == bare.git("rev-parse", "main")
    assert "Hello, world" in bare.show(f"{BRANCH}:greet.py")
    assert machine.result["diff"]["files"] == 1


def test_the_job_document_carries_a_conversation_over_json(job: JobDocument) -> None:
    sent = replace(job, session=Session("s1", "abc", ".x/s1.json", Usage(cost_usd=0.5)), last_head="a" * 40)
    assert JobDocument.from_json(json.loads(json.dumps(sent.to_json()))) == sent
    assert sent.agent.resume == agents.recipe(agents.AGENTS["mock"]).resume
