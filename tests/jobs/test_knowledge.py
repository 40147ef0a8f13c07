"""What an agent should know of a repository is read by ETag, so that reading it again costs nothing."""

from __future__ import annotations

import pytest

from jobs.github.client import Repository
from jobs.github.errors import GitHubUnavailable
from jobs.github.knowledge import Knowledge
from tests.jobs.stage import Stage


@pytest.fixture
def here(stage: Stage) -> Repository:
    return stage.services.github.repository("acme/widgets", stage.github.installation)


@pytest.fixture
def knowledge(here: Repository) -> Knowledge:
    return Knowledge(here)


def statuses(stage: Stage, path: str) -> list[int]:
    return [call.status for call in stage.github.world.calls if call.path.endswith(path)]


def test_it_knows_the_repository(stage: Stage, knowledge: Knowledge):
    assert knowledge.about().default_branch == "main"
    assert knowledge.readme(ref="main") == "# widgets\n"
    assert knowledge.tree(ref="main") == ["README.md", "data.bin", "src/", "src/main.py"]
    assert knowledge.languages() == ["Python"]
    assert knowledge.file("README.md", ref="main") == "# widgets\n"
    assert knowledge.file("AGENTS.md", ref="main") is None
    assert knowledge.folder("src", ref="main") == ["main.py"]
    assert knowledge.folder(".porter", ref="main") == []


def test_a_branch_with_a_slash_has_a_tree(stage: Stage, knowledge: Knowledge):
    stage.github.branch("feature/x", {"a/b/c.txt": "deep"})
    assert "a/b/" in knowledge.tree(ref="feature/x") and "a/b/c.txt" not in knowledge.tree(ref="feature/x")


def test_it_knows_an_issue_its_comments_and_who_refers_to_it(stage: Stage, knowledge: Knowledge):
    world = stage.github.world
    world.comment(stage.issue, "tom", "me too")
    other = world.add_issue(stage.github.repository, "tom", "Again", f"like #{stage.issue.number}")
    thread = knowledge.thread(stage.issue.number)
    assert thread is not None and thread.title == "The greeting says Helo" and not thread.is_pull
    assert [(remark.author, remark.text) for remark in knowledge.remarks(thread)] == [("tom", "me too")]
    assert knowledge.referring(stage.issue.number) == [other.number]
    assert knowledge.thread(9999) is None


def test_what_is_unchanged_is_not_sent_again(stage: Stage, knowledge: Knowledge):
    assert [knowledge.readme(ref="main") for _ in range(3)] == ["# widgets\n"] * 3
    assert statuses(stage, "/readme") == [200, 304, 304]


def test_what_changed_is_read_anew(stage: Stage, knowledge: Knowledge):
    knowledge.readme(ref="main")
    stage.github.world.push(stage.github.repository, "tom", "main", {"README.md": "# other\n"})
    assert [knowledge.readme(ref="main"), knowledge.readme(ref="main")] == ["# other\n", "# other\n"]
    assert statuses(stage, "/readme") == [200, 200, 304]


def test_every_process_knows_what_one_has_read(stage: Stage, knowledge: Knowledge):
    knowledge.readme(ref="main")
    again = stage.again().github.repository("acme/widgets", stage.github.installation)
    Knowledge(again).readme(ref="main")
    assert statuses(stage, "/readme") == [200, 304]


def test_branches_and_pages_are_not_mixed_up(stage: Stage, knowledge: Knowledge):
    stage.github.branch("b", {"README.md": "# b\n"})
    assert [knowledge.readme(ref=ref) for ref in ("main", "b", "main")] == ["# widgets\n", "# b\n", "# widgets\n"]


def test_of_a_very_long_thread_the_end_is_told(stage: Stage, knowledge: Knowledge):
    for n in range(401):
        stage.github.world.comment(stage.issue, "tom", f"comment {n}")
    thread = knowledge.thread(stage.issue.number)
    assert thread is not None
    said = [remark.text for remark in knowledge.remarks(thread)]
    assert (said[0], said[-1]) == ("comment 200", "comment 400")


def test_when_github_is_away_nothing_kept_pretends_to_be_true(stage: Stage, knowledge: Knowledge):
    knowledge.readme(ref="main")
    stage.github.world.faults.fail_next("GET", "/readme", 502, times=3)
    with pytest.raises(GitHubUnavailable):
        knowledge.readme(ref="main")
