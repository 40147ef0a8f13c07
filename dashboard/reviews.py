"""The list of reviews as the JSON its component draws. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.cards import HELD, heading
from dashboard.data import ReviewList
from dashboard.present import NEEDS, Tone
from dashboard.wanted import SHOWN, WantedReviews
from store.records import Task

_EMPTY = {
    NEEDS: ("Nothing waits for you", "A finished task's pull request shows up here, and so does a change that must be "
            "approved before it is pushed."),
    "open": ("No open pull requests", "Those that Porter opened are listed here until they are merged or closed."),
    "merged": ("Nothing was merged yet", "Pull requests of Porter's that were merged, here or on GitHub."),
    "closed": ("Nothing was rejected", "Pull requests of Porter's that were closed without being merged."),
}  # fmt: skip


def listed(view: ReviewList, wanted: WantedReviews, *, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    """All that the list shows, at `now` in the reader's `zone`."""
    rows = [_held(task, now, zone, github_url) for task in view.held]
    rows += [_pull(task, now, zone, github_url) for task in view.page.tasks]
    title, text = _EMPTY[wanted.show]
    return {
        "pills": [
            {"key": key, "word": word, "count": present.counted(view.counts[key]), "on": wanted.show == key}
            for key, word in SHOWN.items()
        ],
        "repository": wanted.repository,
        "repositories": sorted({*view.repositories, *filter(None, [wanted.repository])}),
        "rows": rows,
        "next": view.page.next_key or "",
        "first": not wanted.after,
        "empty": None if rows else {"title": title, "text": text, "feed": wanted.show == NEEDS},
    }


def _held(task: Task, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    line = {"line": present.sentence(task.message), "kind": "step"}
    return _row(task, now, zone, github_url) | HELD | {"page": "task", "action": "Look at it", **line}


def _pull(task: Task, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    words = {"open": ("Open", NEEDS), "merged": ("Merged", Tone.DONE), "closed": ("Rejected", Tone.STOPPED)}
    word, tone = words[task.pr_state or "open"]
    if task.is_live:
        word, tone = present.status_word(task), present.TONES[task.status]
    line = {"line": present.excerpt(task.summary, 220), "kind": "quote"}
    action = "Review" if task.pr_state == "open" else "Open"
    return _row(task, now, zone, github_url) | {"word": word, "tone": tone, "page": "review", "action": action, **line}


def _row(task: Task, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    then = task.finished_at or task.updated_at
    files = f"{task.files_changed:,} {'file' if task.files_changed == 1 else 'files'}" if task.files_changed else ""
    return {
        **heading(task, github_url, stopping=False),
        "when": present.ago(then, now),
        "exact": present.exact(then, zone),
        "files": files,
    }
