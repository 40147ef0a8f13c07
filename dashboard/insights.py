"""Insights as the JSON its component draws: what a period brought, by day, agent and repository. Pure.

A day without tasks is nought; a day without a pull request has no time to one, which is a gap and not nought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from dashboard import present
from dashboard.histories import cost_note, share, success, tokens
from dashboard.past import PERIODS, WantedInsights
from dashboard.past_reads import InsightsView
from dashboard.present import NEEDS, Tone
from store.counts import Cell, Counted, Result, Tally, median, quantile, total

# What a bar is made of, from its foot up.
PARTS: tuple[tuple[str, str, frozenset[Result]], ...] = (
    ("Merged", Tone.DONE, frozenset({Result.MERGED})),
    ("Open PR", NEEDS, frozenset({Result.OPEN})),
    ("Rejected, or no changes", Tone.STOPPED, frozenset({Result.CLOSED, Result.NO_CHANGES})),
    ("Failed", Tone.FAILED, frozenset({Result.FAILED, Result.TIMED_OUT})),
    ("Stopped", "ended", frozenset({Result.CANCELLED})),
    ("At work", Tone.WAITING, frozenset({Result.AT_WORK})),
)
_STEPS = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400)  # seconds, tops of an axis
_NONE = "–"


def drawn(view: InsightsView, wanted: WantedInsights) -> dict[str, Any]:
    """All that the page shows."""
    whole = total(view.by_day.values())
    days = _days(view)
    return {
        "days": wanted.days,
        "periods": [{"value": str(days), "text": f"{days} days", "on": days == wanted.days} for days in PERIODS],
        "note": f"{_day(days[0])} to {_day(days[-1])}, days in UTC, by the day a task was asked for.",
        "empty": not whole.tasks,
        "outcomes": outcomes(view.by_day, days),
        "times": times(view.by_day, days),
        "agents": _table("agent", view.by_agent, lambda cell: cell.agent),
        "repositories": _table("repository", view.by_repository, lambda cell: cell.repository),
        "cost": {"figure": present.money(whole.cost) or _NONE, "note": cost_note(whole)},
    }


def outcomes(counted: Counted, days: list[date]) -> dict[str, Any]:
    """Tasks by day and outcome, as stacked bars."""
    by_day: dict[date, list[int]] = {day: [0] * len(PARTS) for day in days}
    for cell, tally in counted.items():
        for at, (_, _, results) in enumerate(PARTS):
            if cell.result in results and cell.day in by_day:
                by_day[cell.day][at] += tally.tasks
    top = nice(max(sum(parts) for parts in by_day.values()))
    used = [at for at in range(len(PARTS)) if any(parts[at] for parts in by_day.values())]
    return {
        "title": _outcomes_title(counted),
        "top": top,
        "ticks": [f"{top:,}", f"{top // 2:,}" if top % 2 == 0 else "", "0"],
        "labels": _labels(days),
        "parts": [{"word": PARTS[at][0], "tone": PARTS[at][1]} for at in used],
        "bars": [{"day": _day(day), "parts": [parts[at] for at in used]} for day, parts in by_day.items()],
    }


def times(counted: Counted, days: list[date]) -> dict[str, Any]:
    """The median and the 90th percentile of the time from asking to the pull request, by day, as lines."""
    by_day = {day: total(t for cell, t in counted.items() if cell.day == day).to_pull for day in days}
    points = [(day, median(seconds), quantile(seconds, 0.9), sum(seconds.values())) for day, seconds in by_day.items()]
    highest = max((slow for _, _, slow, _ in points if slow is not None), default=0)
    top = next((step for step in _STEPS if step >= highest), nice(highest))
    middle = median(total(counted.values()).to_pull)
    return {
        "title": f"Half of the pull requests came within {present.duration(middle)}"
        if middle is not None
        else "No pull request was opened in this time",
        "top": top,
        "ticks": [_round(top), _round(top / 2), "0"],
        "labels": _labels(days),
        "points": [
            {"day": _day(day), "median": half, "slow": slow, "pulls": pulls, "words": [_time(half), _time(slow)]}
            for day, half, slow, pulls in points
        ],
    }


def _table(what: str, counted: Counted, name_of: Callable[[Cell], str]) -> dict[str, Any]:
    """One line each, the busiest first."""
    groups: dict[str, dict[Cell, Tally]] = {}
    for cell, tally in counted.items():
        groups.setdefault(name_of(cell), {})[cell] = tally
    sums = sorted(((total(group.values()), name) for name, group in groups.items()), key=lambda s: (-s[0].tasks, s[1]))
    most = max((tally.tasks for tally, _ in sums), default=0)
    return {
        "title": _merge_title(what, [(tally, name) for tally, name in sums]),
        "what": what,
        "rows": [_row(name, tally, groups[name], most) for tally, name in sums],
    }


def _row(name: str, tally: Tally, group: Mapping[Cell, Tally], most: int) -> dict[str, Any]:
    done, ended = success(_by_result(group))
    return {
        "name": name,
        "width": round(100 * tally.tasks / most),
        "tasks": f"{tally.tasks:,}",
        "success": share(done, ended),
        "merged": share(tally.merged, tally.pulls),
        "merged_of": f"{tally.merged:,} of {tally.pulls:,}" if tally.pulls else "no pull request",
        "time": _time(median(tally.to_pull)),
        "cost": present.money(tally.cost) or "unknown",
        "cost_note": cost_note(tally) if tally.known_costs not in (0, tally.tasks) else "",
        "each": _per_merged(tally),
        "tokens": tokens(tally),
    }


def _per_merged(tally: Tally) -> str:
    """What a merged pull request cost, the failures on the way to it included; only if every task told its cost."""
    if not tally.merged or tally.known_costs < tally.tasks:
        return _NONE
    return present.money(tally.cost_usd / tally.merged)


def _by_result(group: Mapping[Cell, Tally]) -> dict[Result, Tally]:
    return {one: total(tally for cell, tally in group.items() if cell.result is one) for one in Result}


def _outcomes_title(counted: Counted) -> str:
    tasks = total(counted.values()).tasks
    done, ended = success(_by_result(counted))
    said = f"{tasks:,} {'task' if tasks == 1 else 'tasks'}"
    return f"{said}, {share(done, ended)} of those that ended were done" if ended else said


def _merge_title(what: str, sums: list[tuple[Tally, str]]) -> str:
    """The one of which most is merged, where there is something to compare; a few pull requests prove nothing."""
    enough = [(tally, name) for tally, name in sums if tally.pulls >= 5]
    if len(enough) < 2:
        return f"By {what}"
    best, name = max(enough, key=lambda one: (one[0].merged / one[0].pulls, one[1]))
    return f"{name} has the most merged: {share(best.merged, best.pulls)} of its pull requests"


def nice(number: int) -> int:
    """A round top for an axis, not below `number`."""
    size = 1
    while True:
        for step in (1, 2, 4, 5, 6, 8):
            if step * size >= number:
                return step * size
        size *= 10


def _labels(days: list[date]) -> list[dict[str, Any]]:
    """A few days under the axis, each with its place in percent."""
    every = max(1, (len(days) + 5) // 6)
    return [
        {"text": _day(day), "at": round(100 * (at + 0.5) / len(days), 2)}
        for at, day in enumerate(days)
        if at % every == 0
    ]


def _days(view: InsightsView) -> list[date]:
    first = view.span.first or view.today
    return [first + timedelta(days=n) for n in range((view.today - first).days + 1)]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


def _time(seconds: int | None) -> str:
    return present.duration(seconds) if seconds is not None else _NONE


def _round(seconds: float) -> str:
    """`10 min`: an axis has no use for the `0 s`."""
    return present.duration(seconds).removesuffix(" 0 s").removesuffix(" 0 min")
