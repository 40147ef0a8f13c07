"""`--dry-run` tells what would run and why, and starts nothing."""

from __future__ import annotations

from typing import Any

from jobs.answer import answer
from store import requests, tasks
from store.records import NewRequest
from tests.jobs.stage import Stage


def asked(stage: Stage, agent: str = "mock", **flags: Any) -> str:
    comment = stage.github.world.comment(stage.issue, "maria", "@porter mock --dry-run fix it")
    new = NewRequest(
        "acme/widgets", stage.issue.number, "maria", "dry_run", agent, {"instructions": "fix it"} | flags,
        installation_id=stage.github.installation, comment_id=comment.id, comment_line=1,
    )  # fmt: skip
    request_id = requests.new(stage.services.db, new, now=stage.clock())
    assert request_id is not None
    answer(stage.services, request_id)
    return stage.replies()[-1].body


def test_it_tells_what_would_run_and_where_each_value_comes_from(stage: Stage):
    said = asked(stage, timeout_seconds=300, draft=True)
    assert "Nothing was started" in said
    assert "| Agent | `mock` | flag |" in said
    assert "| Time limit | 5 min 0 s | flag |" in said
    assert "| Starts from | `main` | built-in |" in said
    assert "| Draft | yes | flag |" in said
    assert "characters" in said
    assert "would fail" not in said


def test_it_starts_nothing(stage: Stage):
    asked(stage)
    assert tasks.on_issue(stage.services.db, "acme/widgets", stage.issue.number) == []
    assert stage.host.machines == {}


def test_it_tells_of_an_agent_without_a_key(stage: Stage):
    assert "It would fail: Claude Code has no key" in asked(stage, "claude-code")


def test_it_tells_of_a_branch_that_is_not_there(stage: Stage):
    assert "there is no branch nowhere to start from" in asked(stage, base_branch="nowhere")


def test_a_model_cannot_break_out_of_its_cell(stage: Stage):
    said = asked(stage, model="a|b`c")
    assert "| Model | `a&#124;b'c` | flag |" in said
