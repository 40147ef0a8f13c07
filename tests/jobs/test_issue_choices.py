"""Issues to pick from: by number, by words, open ones only."""

from __future__ import annotations

import pytest

from jobs.dispatching import issues_of
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from tests.jobs.stage import Stage

HERE = "acme/widgets"


@pytest.fixture(autouse=True)
def _some(stage: Stage) -> None:
    world, repository = stage.github.world, stage.github.repository
    world.add_issue(repository, "maria", "Say good night", "After **22:00** in the evening.", ["enhancement"])
    world.add_issue(repository, "eve", "Old news").state = "closed"
    stage.github.branch("topic")
    asked = {"title": "A night pull request", "head": "topic", "base": "main"}
    stage.github.api.post(f"/repos/{HERE}/pulls", headers=stage.github.token(), json=asked)


def numbers(stage: Stage, query: str = "") -> list[int]:
    return [one.number for one in issues_of(stage.services, HERE, query)]


def listed(stage: Stage) -> list[int]:
    """GitHub's answers to the question for the list."""
    asked = [call for call in stage.github.world.calls if call.path.endswith("/issues") and call.method == "GET"]
    return [call.status for call in asked]


def test_all_open_issues_come_first_the_one_that_changed_last(stage: Stage) -> None:
    stage.wait(60)
    stage.github.world.comment(stage.issue, "tom", "me too")
    assert numbers(stage) == [1, 2]
    [_, night] = issues_of(stage.services, HERE)
    assert (night.title, night.state, night.labels) == ("Say good night", "open", ["enhancement"])
    assert night.preview.startswith("After **22:00**") and night.url.endswith("/issues/2")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("2", [2], id="number"),
        pytest.param("#3", [3], id="a-closed-one-by-its-number"),
        pytest.param("NIGHT good", [2], id="words"),
        pytest.param("enhancement", [2], id="label"),
        pytest.param("nothing of the kind", [], id="nothing"),
        pytest.param("99", [], id="no-such-number"),
        pytest.param("4", [], id="a-pull-request"),
    ],
)
def test_a_query_finds(stage: Stage, query: str, expected: list[int]) -> None:
    assert numbers(stage, query) == expected


def test_typing_on_asks_github_once_in_half_a_minute(stage: Stage) -> None:
    for query in ("", "n", "ni", "night"):
        numbers(stage, query)
    assert listed(stage) == [200]
    stage.wait(31)
    for _ in range(2):  # what still holds is fresh again
        numbers(stage)
    assert listed(stage) == [200, 304]


def test_what_is_older_than_the_lists_the_search_finds(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.issue_choices.PAGE", 1)
    monkeypatch.setattr("jobs.issue_choices.PAGES", 1)
    assert numbers(stage, "greeting") == [1]
    assert numbers(stage, 'evening"') == [2]
    assert numbers(stage, "repo:other/x") == []


def test_what_github_does_not_tell_is_told(stage: Stage) -> None:
    stage.github.world.faults.fail_next("GET", "/issues$", 502, times=9)
    with pytest.raises(GitHubUnavailable):
        numbers(stage)
    with pytest.raises(GitHubRefused, match="installation on acme/none"):
        issues_of(stage.services, "acme/none")
