"""Every state of the status comment and every reply, as files to read: `tests/jobs/snapshots/*.md`.

`PORTER_SNAPSHOTS=write pytest tests/jobs/test_snapshots.py` writes them anew; then read the difference.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs import comments, replies
from jobs.comments import Context
from jobs.replies import Offer
from store.lifecycle import Outcome, Status
from store.records import Task
from tests.jobs.test_comments import HERE, NOW, SPENT, TASK

FOLDER = Path(__file__).parent / "snapshots"
DONE: dict[str, Any] = {
    "status": Status.SUCCEEDED, "outcome": Outcome.PULL_REQUEST, "pr_number": 7, "files_changed": 2, "additions": 31,
    "deletions": 4, "summary": "The greeting says **Hello** now.\n\n- changed `greeter.py`\n- added a test",
    "message": "pull request #7 is ready for review",
} | SPENT  # fmt: skip
FINDINGS = [
    {"rule": "protected_path", "path": ".github/workflows/ci.yml", "line": None, "words": "workflows are protected"},
    {"rule": "secret", "path": "greeter.py", "line": 12, "words": "it looks like a token of GitHub's"},
]
TAIL = ["$ pytest -q", "E   AssertionError: Helo", "~~~~ token ghs_" + "a" * 30, "1 failed in 0.3s"]


def said(context: Context = HERE, **changes: Any) -> Callable[[], str]:
    return lambda: comments.status(replace(TASK, **changes), context, now=NOW + timedelta(seconds=65))


def task(**changes: Any) -> Task:
    return replace(TASK, **changes)


WORDS: dict[str, Callable[[], str]] = {
    "queued": said(replace(HERE, position=3), status=Status.QUEUED),
    "queued-next": said(replace(HERE, position=0), status=Status.QUEUED),
    "queued-put-off": said(status=Status.QUEUED, message="Fly is away; trying again in 8 s"),
    "launching": said(status=Status.LAUNCHING, model="opus"),
    "running-getting-ready": said(status=Status.RUNNING),
    "running": said(status=Status.RUNNING, step="reading @maria's `greeter.py`", percent=30, **SPENT),
    "finishing": said(status=Status.FINISHING, step="pushing", percent=95, **SPENT),
    "held": said(replace(HERE, held=FINDINGS), status=Status.FINISHING, files_changed=2, additions=9, deletions=1),
    "done": said(**DONE),
    "done-as-a-draft": said(**DONE | {"message": f"pull request #7 is there {comments.DRAFT}"}),
    "done-merged": said(**DONE, pr_state="merged"),
    "done-closed": said(**DONE, pr_state="closed"),
    "no-changes": said(status=Status.SUCCEEDED, outcome=Outcome.NO_CHANGES, summary="It says Hello already.", **SPENT),
    "failed": said(
        replace(HERE, log_tail=TAIL), status=Status.FAILED, reason="auth", message="401 from the provider",
        head_sha="a1", **SPENT,
    ),
    "failed-before-a-machine": said(status=Status.FAILED, reason="launch_failed", message="there is no branch devel"),
    "failed-in-setup": said(
        replace(HERE, log_tail=TAIL), status=Status.FAILED, reason="setup_failed", message="`make deps` exited with 2"
    ),
    "rejected": said(status=Status.FAILED, reason="rejected", message="tom rejected the change", **SPENT),
    "cancelled": said(status=Status.CANCELLED, reason="cancelled", message="tom stopped it"),
    "timed-out": said(replace(HERE, log_tail=TAIL), status=Status.TIMED_OUT, message="it took 90 s", **SPENT),
    "reply-not-permitted": lambda: replies.not_permitted("eve"),
    "reply-stopping": lambda: replies.stopping([task(), task(agent="codex")], by="tom"),
    "reply-nothing-to-stop": lambda: replies.stopping([], by="tom"),
    "reply-retrying": lambda: replies.retrying(task()),
    "reply-still-at-work": lambda: replies.still_at_work(task(), "porter"),
    "reply-nothing-to-retry": lambda: replies.nothing_to_retry("porter", "mock"),
    "reply-status": lambda: replies.overview(
        [comments.words(task(id=name, **change), HERE, now=NOW) for name, change in (("a", {}), ("b", DONE))],
        mention="porter",
    ),
    "reply-status-of-nothing": lambda: replies.overview([], mention="porter"),
    "reply-help": lambda: replies.manual(
        [Offer("claude-code", True), Offer("codex", False), Offer("mock", True)],
        default_agent="claude-code", mention="porter",
    ),
    "reply-mistaken": lambda: replies.mistaken("There is no agent `codx`. Did you mean `@porter codex`?"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_the_words_are_those_of_the_snapshot(name: str):
    file, words = FOLDER / f"{name}.md", WORDS[name]() + "\n"
    if os.environ.get("PORTER_SNAPSHOTS") == "write":
        file.write_text(words)
    assert words == file.read_text()


def test_every_snapshot_has_its_words():
    assert {file.stem for file in FOLDER.glob("*.md")} == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_they_have_one_emoji_at_most_and_no_secret(name: str):
    words = WORDS[name]()
    assert sum(unicodedata.category(char) == "So" and char not in "▰▱" for char in words) <= 1 or name == "reply-status"
    assert "ghs_" not in words


def test_every_status_has_a_snapshot():
    marker = comments.marker(TASK.id)
    stated = {words().endswith(marker) for name, words in WORDS.items() if not name.startswith("reply-")}
    assert stated == {True}
    assert {status.value.replace("_", "-") for status in Status} - {"succeeded"} <= set(WORDS)
