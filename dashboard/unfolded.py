"""What a card of the feed shows below when the reader opens it in place: the last of its story, and figures. Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from dashboard import present, story
from dashboard.data import TaskView
from store.records import Priority, Task

MOST = 10  # cards open at once; the one opened first is closed for another
_STEPS = 5
_ON_THE_CARD = 180  # characters: what is longer is cut off there, and whole here


def unfolded(view: TaskView, *, zone: tzinfo) -> dict[str, Any]:
    """The newest steps in order, the words that the card cuts off, and what else there is to know at a glance."""
    steps = [line for line in story.lines(view, zone=zone) if "text" in line]
    words = (view.task.summary or view.task.message).strip()
    whole = len(words) > _ON_THE_CARD or "\n" in words
    return {"steps": steps[-_STEPS:], "words": words if whole else "", "facts": _facts(view.task, len(view.runs))}


def _facts(task: Task, runs: int) -> list[list[str]]:
    tokens = task.input_tokens + task.output_tokens
    found = {
        "Branch": task.branch or "",
        "From": task.base_branch or "",
        "Priority": "" if task.priority is Priority.NORMAL else task.priority.value,
        "Files": f"{task.files_changed:,}" if task.files_changed else "",
        "Tokens": f"{present.tokens(task.input_tokens)} read, {present.tokens(task.output_tokens)} written"
        if tokens
        else "",
        "Runs": f"{runs}" if runs > 1 else "",
    }
    return [[word, text] for word, text in found.items() if text]
