"""The feed as the JSON its component draws. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from dashboard import present
from dashboard.data import FeedView, Typed
from dashboard.present import Tone
from dashboard.wanted import PILLS, Wanted
from store.lifecycle import ENDED, LIVE, Outcome, Status
from store.records import Task

HELD = {"word": "Held", "tone": Tone.WAITING}  # a change that waits for a person


def feed(
    view: FeedView,
    wanted: Wanted,
    *,
    now: datetime,
    zone: tzinfo,
    github_url: str,
    mention: str,
    typed: Typed | None = None,
    opened: Mapping[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """All that the feed shows, at `now` in the reader's `zone`. `typed`: what a type-ahead was asked, and offers;
    `opened`: what the cards show below that are open, by task."""
    cards = [
        (present.day(task.created_at, now, zone),
         card(task, view, now, zone, github_url) | {"opened": (opened or {}).get(task.id)})
        for task in view.tasks
    ]  # fmt: skip
    return {
        "pills": pills(view.counts, view.needs, wanted),
        "wanted": asdict(wanted),
        "agents": sorted({*view.agents, *filter(None, [wanted.agent])}),
        "typed": asdict(typed) if typed else None,
        "narrow": wanted.is_narrow,
        "days": [
            {"day": day, "cards": [made for _, made in group]}
            for day, group in groupby(cards, key=lambda pair: pair[0])
        ],
        "more": view.more,
        "empty": None if view.tasks else _empty(wanted, mention, view.searched_to),
    }


def pills(counts: Mapping[Status, int], needs: int, wanted: Wanted) -> list[dict[str, Any]]:
    """The status pills with their counts; *Stopped* only when something was."""
    sums = {key: sum(counts.get(status, 0) for status in statuses) for key, (_, statuses) in PILLS.items()}
    sums[present.NEEDS] = needs
    shown: list[dict[str, Any]] = [_pill("", "All", sum(sums.values()), wanted)]
    for key, (word, _) in PILLS.items():
        if key != Tone.STOPPED or sums[key] or wanted.status == key:
            shown.append(_pill(key, word, sums[key], wanted))
    return shown


def card(task: Task, view: FeedView, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    """One task at one glance: what, where, who, how far, what it cost, what next."""
    stopping = task.id in view.stopping
    return {
        **heading(task, github_url, stopping=stopping),
        "when": present.ago(task.finished_at or task.created_at, now),
        "exact": present.exact(task.finished_at or task.created_at, zone),
        "elapsed": present.elapsed(task, now),
        "percent": task.percent if task.status is Status.RUNNING and task.percent else None,
        **_line(task, view.positions.get(task.id, 0), stopping),
        **(HELD if task.id in view.held and not stopping else {}),
    }


def heading(task: Task, github_url: str, *, stopping: bool) -> dict[str, Any]:
    """What the feed's card and the task's page both say of a task."""
    issue = f"{github_url}/{task.repository}/issues/{task.issue_number}" if task.issue_number else None
    return {
        "id": task.id,
        "tone": present.tone(task),
        "word": "Stopping" if stopping else present.status_word(task),
        "repository": task.repository,
        "number": f"#{task.issue_number}" if task.issue_number else "",
        "issue": issue,
        "title": title(task),
        "agent": task.agent,
        "model": task.model or "",
        "by": task.requested_by,
        "cost": present.money(task.cost_usd),
        "pr": {"label": f"PR #{task.pr_number}", "url": task.pr_url} if task.pr_number and task.pr_url else None,
        "review": bool(task.pr_number),
        "plus": f"+{task.additions:,}" if task.files_changed else "",
        "minus": f"−{task.deletions:,}" if task.files_changed else "",
        "stop": task.status in LIVE and not stopping,
        "retry": task.status in ENDED and task.status is not Status.SUCCEEDED,
        "key": task.status is Status.FAILED and task.reason == "auth",
    }


def title(task: Task) -> str:
    """What the task is about, in a line."""
    return task.issue_title or present.excerpt(task.instructions, 80) or "Untitled task"


def _line(task: Task, ahead: int, stopping: bool) -> dict[str, str]:
    """The card's last line: the latest step, the agent's words, or why it failed and what mends it."""
    if stopping:
        return {"line": "Asked to stop; the machine is told with its next report.", "kind": "step", "hint": ""}
    match present.TONES[task.status]:
        case Tone.WAITING:
            return {"line": present.waiting(ahead), "kind": "step", "hint": present.sentence(task.message)}
        case Tone.RUNNING:
            return {"line": _waits(task) or task.step or starting(task.status), "kind": "step", "hint": ""}
        case Tone.DONE:
            return {"line": present.excerpt(task.summary), "kind": "quote", "hint": _nothing_to_change(task)}
        case Tone.FAILED:
            return {"line": present.excerpt(present.why(task)), "kind": "why", "hint": present.remedy(task)}
        case Tone.STOPPED:
            return {"line": present.excerpt(present.why(task)), "kind": "step", "hint": ""}


def _waits(task: Task) -> str:
    """A change that waits for a person says so in its message; nothing else does at this point."""
    return present.sentence(task.message) if task.status is Status.FINISHING else ""


def starting(status: Status) -> str:
    """What goes on before the first step is told, and after the last."""
    match status:
        case Status.LAUNCHING:
            return "Starting a machine"
        case Status.FINISHING:
            return "Saving the work"
        case _:
            return "At work"


def _nothing_to_change(task: Task) -> str:
    return "The agent found nothing to change." if task.outcome is Outcome.NO_CHANGES else ""


def _pill(key: str, word: str, count: int, wanted: Wanted) -> dict[str, Any]:
    return {"key": key, "word": word, "count": present.counted(count), "on": wanted.status == key}


def _empty(wanted: Wanted, mention: str, searched_to: datetime | None) -> dict[str, str]:
    if wanted.is_narrow:
        said = "No task fits these filters."
        if searched_to is not None:
            said += f" {present.searched(searched_to)}"
        return {"title": "Nothing matches", "text": said, "code": "", "action": "clear"}
    return {
        "title": "No tasks yet",
        "text": "Tasks show up here the moment somebody asks for one. Comment on an issue of a connected repository, "
        "or dispatch one from here:",
        "code": f"@{mention} fix this, please",
        "action": "dispatch",
    }
