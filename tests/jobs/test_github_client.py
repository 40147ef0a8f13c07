"""What Porter says to GitHub, and what it makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from jobs.errors import ConfigurationError
from jobs.github.app import Purpose
from jobs.github.client import GitHub, Repository
from jobs.github.errors import GitHubRefused, GitHubUnavailable, RateLimited
from store import credentials
from tests.emulators.github_stage import key_pair
from tests.jobs.stage import Stage

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def here(stage: Stage) -> Repository:
    return stage.services.github.repository("acme/widgets", stage.github.installation)


def mints(stage: Stage) -> int:
    return sum(1 for call in stage.github.world.calls if call.path.endswith("/access_tokens"))


def test_it_reads_a_repository(stage: Stage, here: Repository):
    assert here.default_branch() == "main"
    assert (here.has_branch("main"), here.has_branch("a/b")) == (True, False)
    assert here.file("README.md", ref="main") == "# widgets\n"
    assert here.file("AGENTS.md", ref="main") is None
    assert here.file("src", ref="main") is None
    assert here.issue(stage.issue.number).title == "The greeting says Helo"
    assert here.find_pull("nowhere") is None


@pytest.mark.parametrize(
    ("login", "permission"), [("maria", "admin"), ("tom", "write"), ("eve", "read"), ("nobody-at-all", "none")]
)
def test_it_asks_what_a_person_may_do(here: Repository, login: str, permission: str):
    assert here.permission(login) == permission


def test_a_token_is_kept_until_five_minutes_before_its_end(stage: Stage, here: Repository):
    here.default_branch()
    stage.wait(54 * 60)
    here.default_branch()
    assert mints(stage) == 1
    stage.wait(2 * 60)
    here.default_branch()
    assert mints(stage) == 2


def test_a_token_is_narrowed_to_its_repository_and_purpose(stage: Stage):
    app = stage.services.github.app
    app.mint(stage.github.installation, "acme/widgets", Purpose.PUSH)
    [call] = [call for call in stage.github.world.calls if call.path.endswith("/access_tokens")]
    assert call.body == {"repositories": ["widgets"], "permissions": {"contents": "write"}}


def test_a_kept_token_that_github_no_longer_takes_is_replaced_once(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.tokens.clear()
    assert here.default_branch() == "main"
    assert mints(stage) == 2


def test_kept_tokens_are_sealed(stage: Stage, here: Repository):
    here.default_branch()
    with stage.services.db.read() as connection:
        rows = connection.exec_driver_sql("select sealed from credentials").all()
    assert rows and all("ghs_" not in row[0] for row in rows)
    owner = f"installation:{stage.github.installation}/acme/widgets"
    kept = credentials.find(stage.services.db, stage.services.vault, owner, "talk", valid_at=stage.clock())
    assert kept is not None and kept.value.startswith("ghs_") and kept.value not in repr(kept)


def test_reads_are_tried_again_and_writes_never(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.faults.fail_next("GET", "/branches/", 502, times=2)
    assert here.has_branch("main")
    stage.github.world.faults.drop_reply_next("POST", "/comments$")
    with pytest.raises(GitHubUnavailable):
        here.create_comment(stage.issue.number, "once")
    assert [one.body for one in stage.issue.comments] == ["once"]


@pytest.mark.parametrize(
    ("status", "headers", "message", "pause"),
    [
        pytest.param(429, {"retry-after": "33"}, "Too many", 33, id="429"),
        pytest.param(403, {"retry-after": "7"}, "You have exceeded a secondary rate limit", 7, id="secondary"),
        pytest.param(403, {}, "You have exceeded a secondary rate limit", 60, id="secondary-without-a-time"),
        pytest.param(403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded", 60, id="primary"),
    ],
)
def test_a_limit_says_how_long_to_wait_and_is_not_asked_again(stage, here, status, headers, message, pause):
    here.default_branch()
    calls = stage.outside.calls
    stage.github.world.faults.fail_next("GET", "/branches/", status, headers=headers, body={"message": message})
    with pytest.raises(RateLimited) as limited:
        here.has_branch("main")
    assert limited.value.retry_after == pause
    assert stage.outside.calls == calls + 1


def test_a_refusal_carries_githubs_words_and_what_to_do(stage: Stage, here: Repository):
    with pytest.raises(GitHubRefused) as refusal:
        here.create_pull(branch="nowhere", base="main", title="t", body="b")
    assert refusal.value.status == 422
    assert "head" in refusal.value.said
    assert refusal.value.request_id
    stage.github.world.faults.fail_next("POST", "/comments$", 403, body={"message": "Resource not accessible"})
    with pytest.raises(GitHubRefused, match="has the permissions"):
        here.create_comment(stage.issue.number, "x")


def test_an_answer_that_is_no_json_counts_as_no_answer(stage: Stage, here: Repository):
    here.default_branch()
    stage.github.world.faults.fail_next("GET", "/branches/", 200, body="<html>", times=3)
    with pytest.raises(GitHubUnavailable):
        here.has_branch("main")


def test_a_line_that_breaks_counts_as_unavailable(stage: Stage):
    def broken(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with httpx.Client(transport=httpx.MockTransport(broken)) as http:
        github = GitHub(
            api_url="http://github.test/api", app_id="1", private_key=key_pair()[0], db=stage.services.db,
            vault=stage.services.vault, clock=stage.clock, http=http,
        )  # fmt: skip
        with pytest.raises(GitHubUnavailable, match="could not be reached"):
            github.app.installation_of("acme/widgets")


def test_a_key_that_is_none_is_refused_in_one_line(stage: Stage):
    with httpx.Client() as http, pytest.raises(ConfigurationError, match="not an RSA key"):
        GitHub(
            api_url="http://github.test/api", app_id="1", private_key="nonsense", db=stage.services.db,
            vault=stage.services.vault, clock=stage.clock, http=http,
        )  # fmt: skip


def test_the_installation_of_a_repository_is_found(stage: Stage):
    app = stage.services.github.app
    assert app.installation_of("acme/widgets") == stage.github.installation
    with pytest.raises(GitHubRefused, match="is installed"):
        app.installation_of("acme/other")


def test_a_comment_is_found_on_a_later_page(stage: Stage, here: Repository):
    for n in range(101):
        stage.github.world.comment(stage.issue, "tom", f"comment {n}")
    made = here.create_comment(stage.issue.number, "hello\n\n<!-- x -->")
    assert here.find_comment(stage.issue.number, "<!-- x -->", since=LONG_AGO).id == made.id
    assert here.find_comment(stage.issue.number, "<!-- y -->", since=LONG_AGO) is None
    later = stage.clock() + timedelta(hours=1)
    assert here.find_comment(stage.issue.number, "<!-- x -->", since=later) is None
