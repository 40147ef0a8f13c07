"""What Porter writes into a pull request, and the sentences for when there can be none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.cleaning import code, cut, fenced, masked, one_line, quoted, visible
from jobs.comments import Context, agent_name, facts, marker
from jobs.gate import OPERATOR_SOURCES
from store.records import Task

SUMMARY = 10_000  # characters
INSTRUCTIONS = 2_000
TITLE = 120
TAIL = 4_000
_SAFE = 60_000  # characters; GitHub takes 65,536


def title(task: Task) -> str:
    """The issue's title; GitHub reads no mentions or references in a title that would act."""
    return one_line(masked(visible(task.issue_title)), TITLE) or f"Changes by {task.agent}"


def body(task: Task, context: Context, tests: Mapping[str, Any] | None = None) -> str:
    """The closing keyword is the only reference that acts: what the agent wrote is inert. `tests`: what the
    repository's test command said (worker/contract.py: Tests)."""
    closing = f"Closes #{task.issue_number}." if task.issue_number else ""
    # Whoever asks in Porter itself may be the local operator, and GitHub may know somebody else by that name.
    who = code(task.requested_by, 60) if task.source in OPERATOR_SOURCES else f"@{task.requested_by}"
    by = f"{agent_name(task)} made this change because {who} asked for it."
    asked = task.instructions.strip()
    instructions = f"**Asked for**\n\n{quoted(cut(asked, INSTRUCTIONS))}" if asked else ""
    summary = cut(task.summary.strip(), SUMMARY)
    said = f"**What the agent says**\n\n{quoted(summary)}" if summary else ""
    parts = [closing, by, instructions, said, was_run(tests) if tests else ""]
    ending = f"{facts(task, context)}\n\n{marker(task.id)}"
    # Spelling out what is hidden makes text longer; the marker at the end must survive.
    return f"{cut(_joined(*parts), _SAFE - len(ending))}\n\n{ending}"


def was_run(tests: Mapping[str, Any]) -> str:
    """What was run after the agent, and how it ended; its last lines only when it failed."""
    command, exit_code = code(str(tests.get("command") or "?"), 200), tests.get("exit_code")
    if exit_code == 0:
        return f"**What was run**\n\n✅ {command} passed."
    how = "did not finish" if exit_code is None else f"failed with status {exit_code}"
    tail = masked(visible(str(tests.get("tail") or ""))).strip()[-TAIL:]
    shown = f"<details><summary>Its last lines</summary>\n\n{fenced(tail, 'text')}\n\n</details>" if tail else ""
    return _joined(f"**What was run**\n\n❌ {command} {how}; so this is a draft.", shown)


def failed(tests: Mapping[str, Any] | None) -> bool:
    """Whether the tests ran and did not pass."""
    return tests is not None and tests.get("exit_code") != 0


def ready(number: int, *, is_draft: bool, again: bool) -> str:
    """The task's last message when there is a pull request to look at."""
    if again:
        return f"pull request #{number} has new commits"
    return f"pull request #{number} {'is there as a draft' if is_draft else 'is ready for review'}"


def closed_meanwhile(number: int, *, merged: bool) -> str:
    """The pull request of the branch was closed before the work arrived."""
    if merged:
        return f"pull request #{number} was merged before these commits arrived; they are on its branch"
    return f"pull request #{number} was closed meanwhile; the work is on its branch, and reopening it brings it back"


def base_gone(base: str, branch: str) -> str:
    return (
        f"the branch {base} was deleted meanwhile, so there is nothing to open a pull request against; "
        f"the work is kept on {branch}. `retry --branch=` names another branch to start from"
    )


def head_gone(branch: str) -> str:
    return f"the branch {branch} was deleted before a pull request could be opened from it; `retry` does the work again"


def archived(repository: str) -> str:
    return f"{repository} was archived meanwhile and can only be read; unarchive it, then `retry`"


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))
