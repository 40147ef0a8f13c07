"""History as the JSON its component draws. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from dashboard import present
from dashboard.cards import heading
from dashboard.past import CHOICES, DONE, ENDS, WantedHistory
from dashboard.past_reads import HistoryView
from store.counts import Result, Tally, median, result_of, total
from store.history import MOST, Summary
from store.records import Task

CSV_PATH = "/history.csv"
_NONE = "–"


def drawn(view: HistoryView, wanted: WantedHistory, *, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    """All that the page shows, at `now` in the reader's `zone`."""
    page, choices = view.page, {key: word for key, (word, _) in CHOICES.items()}
    return {
        "filters": {name: getattr(wanted, name) for name in WantedHistory.__dataclass_fields__},
        "results": [{"value": key, "text": word} for key, word in choices.items()],
        "repositories": view.repositories,
        "agents": sorted({*view.agents, *filter(None, [wanted.agent])}),
        "people": view.people,
        "narrow": bool(wanted.filters),
        "today": now.astimezone(UTC).date().isoformat(),
        "stats": stats(view.summary),
        "note": note(view),
        "rows": [row(task, now, zone, github_url) for task in page.tasks],
        "newer": page.newer or "",
        "older": page.older or "",
        "first": not (wanted.after or wanted.before),
        "csv": f"{CSV_PATH}?{urlencode(wanted.filters)}" if wanted.filters else CSV_PATH,
        "empty": None if page.tasks else _empty(wanted),
    }


def note(view: HistoryView) -> str:
    """What the reader does not see, in words."""
    said = []
    if view.searched_to is not None:
        said.append(present.searched(view.searched_to))
    if not view.summary.is_whole:
        said.append(f"These figures are of the newest {MOST:,} tasks that match.")
    return " ".join(said)


def row(task: Task, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    """One task in one line."""
    word, tone = ENDS[result_of(task.status, task.outcome, task.pr_state)]
    if task.is_live:
        word, tone = present.status_word(task), present.TONES[task.status]
    shown = heading(task, github_url, stopping=False)
    names = ("id", "repository", "number", "issue", "title", "agent", "model", "by", "cost", "pr")
    return {name: shown[name] for name in names} | {
        "word": word,
        "tone": tone,
        "when": present.ago(task.created_at, now),
        "exact": present.exact(task.created_at, zone),
        "took": present.elapsed(task, now),
    }


def stats(summary: Summary) -> list[dict[str, str]]:
    """What the whole result came to: a word, a figure, and what the figure is made of."""
    whole = summary.total
    if not whole.tasks:
        return []
    return [
        _stat("Tasks", f"{whole.tasks:,}", _at_work(summary)),
        _success(summary),
        _median(whole),
        _stat("PRs opened", f"{whole.pulls:,}", "one for each task at most"),
        _stat("Merged", f"{whole.merged:,}", f"{share(whole.merged, whole.pulls)} of those PRs" if whole.pulls else ""),
        _stat("Cost", present.money(whole.cost) or "unknown", cost_note(whole)),
        _stat("Tokens", tokens(whole), "read · written"),
        _stat("Machine time", present.duration(whole.machine_seconds), "of all runs"),
    ]


def share(part: int, whole: int) -> str:
    """`83 %`; a rest that is there never rounds to none, nor a gap to all."""
    if not whole:
        return _NONE
    percent = round(100 * part / whole)
    if percent in (0, 100) and 0 < part < whole:
        return "< 1 %" if percent == 0 else "> 99 %"
    return f"{percent} %"


def cost_note(tally: Tally) -> str:
    """Of how many tasks a cost is: who told none counts for nothing, which is not the same as costing nothing."""
    if not tally.known_costs:
        return "no agent told one"
    if tally.known_costs < tally.tasks:
        return f"known of {tally.known_costs:,} of {tally.tasks:,} tasks"
    return "as the agents told it"


def tokens(tally: Tally) -> str:
    """Read and written; a dash when no agent told any."""
    if not tally.input_tokens and not tally.output_tokens:
        return _NONE
    return f"{present.tokens(tally.input_tokens)} · {present.tokens(tally.output_tokens)}"


def success(by_result: dict[Result, Tally]) -> tuple[int, int]:
    """How many were done, of how many that ended by themselves: who was stopped neither succeeded nor failed."""
    done = total(tally for result, tally in by_result.items() if result in DONE).tasks
    lost = total(tally for result, tally in by_result.items() if result in (Result.FAILED, Result.TIMED_OUT)).tasks
    return done, done + lost


def _success(summary: Summary) -> dict[str, str]:
    done, ended = success(dict(summary.by_result))
    return _stat(
        "Success rate", share(done, ended), f"{done:,} of {ended:,} not stopped" if ended else "none ended yet"
    )


def _median(tally: Tally) -> dict[str, str]:
    middle = median(tally.durations)
    return _stat("Median duration", present.duration(middle) if middle is not None else _NONE, "from start to end")


def _at_work(summary: Summary) -> str:
    live = summary.by_result.get(Result.AT_WORK, Tally()).tasks
    return f"{live:,} not ended yet" if live else "all ended"


def _stat(word: str, figure: str, note: str) -> dict[str, str]:
    return {"word": word, "figure": figure, "note": note}


def _empty(wanted: WantedHistory) -> dict[str, str]:
    if wanted.filters or wanted.after or wanted.before:
        return {"title": "Nothing matches", "text": "No task fits these filters.", "action": "clear"}
    return {
        "title": "No tasks yet",
        "text": "Every task that is asked for stays here, with what came of it. Comment on an issue, or begin here.",
        "action": "dispatch",
    }
