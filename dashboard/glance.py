"""The top of the feed as JSON: what runs, what waits for the reader, what failed and why, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard import cards, present
from dashboard.glance_reads import GlanceView
from dashboard.present import NEEDS, Tone
from dashboard.wanted import PILLS
from store.lifecycle import Status
from store.records import Task
from store.spending import Spent

_LONG_AGO = timedelta(hours=20)


def drawn(view: GlanceView, counts: Mapping[Status, int], needs: int, *, now: datetime) -> list[dict[str, Any]]:
    """Four answers: a word, a figure, and a line or two of what it is about. `counts` and `needs` as in the feed."""
    runs = sum(counts.get(status, 0) for status in PILLS[Tone.RUNNING][1])
    return [
        _part(Tone.RUNNING, "Running", present.counted(runs), [_running(task) for task in view.running],
              empty=_in_line(counts.get(Status.QUEUED, 0))),
        _part(NEEDS, "Needs you", present.counted(needs), [_needs(task) for task in view.needs],
              empty="Nothing waits for a decision."),
        _part(Tone.FAILED, "Failed today", present.counted(view.failed_today),
              [_failed(task, now) for task in view.failed], empty="No task has failed."),
        _part("spent", "Cost today", _cost(view.today), [
            _spent("week", f"{_cost(view.week).capitalize()} in seven days", view.week),
            _spent("today", f"{_cost(view.today).capitalize()} today", view.today),
        ]),
    ]  # fmt: skip


def _part(key: str, word: str, figure: str, lines: list[dict[str, str]], *, empty: str = "") -> dict[str, Any]:
    return {"key": str(key), "word": word, "figure": figure, "lines": lines, "empty": "" if lines else empty}


def _line(key: str, page: str, title: str, note: str) -> dict[str, str]:
    """One that leads to a task, by its id, on `page`; or to the page itself."""
    return {"key": key, "page": page, "title": title, "note": note}


def _running(task: Task) -> dict[str, str]:
    far = f"{task.percent} %" if task.percent else ""
    note = " · ".join(filter(None, (far, task.step or cards.starting(task.status))))
    return _line(task.id, "task", cards.title(task), note)


def _needs(task: Task) -> dict[str, str]:
    page, what = ("review", f"PR #{task.pr_number}") if task.pr_number else ("task", "A change to approve")
    return _line(task.id, page, cards.title(task), f"{what} · {task.repository}")


def _failed(task: Task, now: datetime) -> dict[str, str]:
    """With the time before it when it is not of today's."""
    then = task.finished_at or task.created_at
    when = f"{present.ago(then, now)}: " if now - then > _LONG_AGO else ""
    return _line(task.id, "task", cards.title(task), when + present.excerpt(present.why(task)))


def _in_line(waiting: int) -> str:
    if not waiting:
        return "Nothing is at work."
    return f"Nothing yet; {present.counted(waiting)} {'waits' if waiting == 1 else 'wait'} in line."


def _tasks(spent: Spent) -> str:
    return f"{present.counted(spent.tasks)} {'task' if spent.tasks == 1 else 'tasks'}"


def _spent(key: str, title: str, spent: Spent) -> dict[str, str]:
    """Of how many tasks a cost is: those that told none may have cost something all the same."""
    told = f", {spent.known:,} told a cost" if spent.known < spent.tasks else ""
    return _line(key, "insights", title, f"{_tasks(spent)}{told}")


def _cost(spent: Spent) -> str:
    """What is not known is not nought; and a sum of the newest ones alone says so."""
    if spent.tasks and not spent.known:
        return "unknown"
    return f"{'' if spent.is_whole else 'over '}{present.money(spent.cost_usd)}"
