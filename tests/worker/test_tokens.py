"""Where the tokens go: to one address, in a header. Never to argv, disk, the log, or the agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, told
from tests.worker.git_server import READ_TOKEN, GitServer, serving
from tests.worker.porter import PUSH_TOKEN, Porter
from worker.contract import JobDocument
from worker.git import basic_header

FORMS = [form.encode() for token in (READ_TOKEN, PUSH_TOKEN) for form in (token, basic_header(token).split()[-1])]


@pytest.fixture
def server(bare: Bare) -> Iterator[GitServer]:
    bare.git("config", "http.receivepack", "true")
    with serving(GitServer(bare.path.parent, READ_TOKEN, PUSH_TOKEN)) as server:
        yield server


@pytest.fixture
def job_over_http(job: JobDocument, server: GitServer) -> JobDocument:
    return replace(job, clone_url=f"{server.url}/greeter.git", clone_token=READ_TOKEN)


def test_it_reads_with_one_token_and_writes_with_the_other(
    start: Start, job_over_http: JobDocument, server: GitServer, bare: Bare
) -> None:
    machine = start(job_over_http)
    machine.wait()
    assert machine.result["ending"] == "changes", machine.result
    assert "Hello" in bare.show(BRANCH)
    assert not any("ghs_" in path for path in server.paths)


def test_while_git_runs_the_token_is_neither_in_argv_nor_on_disk(
    start: Start, job_over_http: JobDocument, server: GitServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found: list[str] = []
    places: list[Path] = []

    def look() -> None:
        cmdlines = Path("/proc").glob("[0-9]*/cmdline")
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        for path in (*cmdlines, *files):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            found.extend(str(path) for form in FORMS if form in content)

    server.look = look
    machine = start(job_over_http)
    places.append(machine.temporary)
    machine.wait()
    assert machine.result["ending"] == "changes"
    assert len(server.paths) >= 4
    assert found == []


def test_the_agent_finds_no_token_after_a_clone_with_one(
    start: Start, job_over_http: JobDocument, porter: Porter
) -> None:
    job = told(job_over_http, "[mock:search-secrets]")
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "changes"
    said = porter.everything()
    assert not [token for token in (READ_TOKEN, PUSH_TOKEN, porter.token) if token in said]
    assert [line for line in porter.text.splitlines() if "***" in line] == [], "a masked find is a find as well"


def test_a_refused_token_fails_the_clone_without_a_prompt_and_without_naming_it(
    start: Start, job_over_http: JobDocument, porter: Porter
) -> None:
    machine = start(replace(job_over_http, clone_token="ghs_WRONGwrongWRONG0123456789"))
    machine.wait()
    assert machine.result["ending"] == "clone_failed"
    assert "Authentication failed" in machine.result["message"] or "could not read" in machine.result["message"]
    assert "ghs_" not in porter.everything()


def test_a_refused_push_token_fails_the_push(
    start: Start, job_over_http: JobDocument, porter: Porter, bare: Bare
) -> None:
    porter.push_token = READ_TOKEN
    machine = start(job_over_http)
    machine.wait()
    assert machine.result["ending"] == "push_failed"
    assert bare.branches() == ["main"]
    assert "ghs_" not in porter.everything()


def test_a_redirect_is_not_followed(start: Start, job_over_http: JobDocument, server: GitServer, bare: Bare) -> None:
    with serving(GitServer(bare.path.parent, READ_TOKEN, PUSH_TOKEN)) as elsewhere:
        server.redirect_to = elsewhere.url
        machine = start(job_over_http)
        machine.wait()
        assert machine.result["ending"] == "clone_failed"
        assert elsewhere.paths == []
