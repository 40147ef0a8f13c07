"""A task's page as the JSON its components draw. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from dashboard import inputs, present, review
from dashboard.cards import HELD, heading
from dashboard.data import LogPiece, TaskView
from dashboard.lookout import Glimpse
from jobs.pull_view import PullView
from store.lifecycle import ENDED
from store.records import Event, Run, RunKind, Task

_RUN_KINDS = {RunKind.FIRST: "first run", RunKind.RETRY: "retry", RunKind.FOLLOW_UP: "follow-up"}
_RECENT = timedelta(minutes=5)
_GOOD = frozenset({"succeeded", "pull_request", "pushed", "approved"})
_BAD = frozenset({"failed", "timed_out", "cancelled", "stop_asked", "rejected"})


def head(
    view: TaskView, pull: Glimpse[PullView], *, doing: str, now: datetime, zone: tzinfo, github_url: str
) -> dict[str, Any]:
    """The header: what it is, how it stands, what can be done. `doing`: what is being carried out, as a sentence."""
    task = view.task
    return {
        **heading(task, github_url, stopping=view.stopping),
        **(HELD if view.held and not view.stopping else {}),
        "elapsed": present.elapsed(task, now),
        "percent": task.percent if present.TONES[task.status] is present.Tone.RUNNING and task.percent else None,
        "branch": task.branch or "",
        "asked": present.ago(task.created_at, now),
        "exact": present.exact(task.created_at, zone),
        "run": f"run {len(view.runs)}" if len(view.runs) > 1 else "",
        "now": _now(view),
        "checks": _checks(pull, now),
        "follow": "" if doing else _follow(task),
        "doing": doing,
    }


def lines(view: TaskView, *, zone: tzinfo) -> list[dict[str, Any]]:
    """The story of all runs in one line of time, each sentence with its moment."""
    asked = iter(view.runs)
    told: list[dict[str, Any]] = []
    for event in view.events:
        # Each run begins with somebody asking for it.
        if event.kind == "asked" and len(view.runs) > 1 and (run := next(asked, None)):
            told.append({"key": f"run-{run.id}", "run": f"Run {run.number} · {_RUN_KINDS[run.kind]}"})
        told.append(_sentence(event, zone))
    return told


def log(run_id: str, piece: LogPiece, *, asked: int, live: bool, zone: tzinfo) -> dict[str, Any]:
    """A piece of a run's log. The component keeps what it has, and `asked` tells it which of its questions this is the
    answer to (0: none)."""
    sent = [[line.n, present.clock(line.at, zone), line.level, line.kind, line.text] for line in piece.lines]
    told = {"after": piece.after, "upto": piece.upto, "more": piece.more, "lines": sent}
    return {"run": run_id, "asked": asked, "live": live, **told}


def runs(view: TaskView) -> list[dict[str, str]]:
    """The runs whose log can be read."""
    return [{"id": run.id, "text": f"Run {run.number} · {_RUN_KINDS[run.kind]}"} for run in view.runs]


def details(view: TaskView, pull: Glimpse[PullView], *, tab: str, has_lines: bool, zone: tzinfo) -> dict[str, Any]:
    """Below the log: prompt, inputs, usage, change, pull request. `has_lines`: those of the change are there."""
    task = view.task
    return {
        "tab": tab,
        "prompt": next((run.prompt for run in reversed(view.runs) if run.prompt), ""),
        "inputs": inputs.rows(task, view.runs, zone=zone),
        "usage": [_usage(run) for run in view.runs],
        "total": _total(task, has_told=any(_used(run) for run in view.runs)),
        "changes": _changes(view, pull, has_lines=has_lines),
        "result": _result(task) | _standing(task, pull),
    }


def _changes(view: TaskView, pull: Glimpse[PullView], *, has_lines: bool) -> dict[str, Any]:
    """Why no lines are shown, or that they are on their way. They stand below, in a component of their own."""
    task, text = view.task, review.trouble(pull.error, has_old=has_lines)
    if not view.held and task.pr_number is None:
        text = "What changes is shown here as soon as it is a pull request, or waits for approval."
        if task.status in ENDED:
            text = "There is nothing to show: this task has no pull request."
    return {"text": text, "loading": not text and not has_lines, "shown": has_lines}


def _standing(task: Task, pull: Glimpse[PullView]) -> dict[str, Any]:
    """How the pull request stands at GitHub, as Review says it."""
    if task.pr_number is None:
        return {"state": None, "gates": [], "text": "", "loading": False}
    stand = review.standing(task, pull.value)
    return {
        "state": review.badge(pull.value.state if pull.value else task.pr_state or "open", pull.value),
        "gates": review.gates(pull.value, stand),
        "text": review.trouble(pull.error, has_old=pull.value is not None),
        "loading": pull.value is None and pull.error is None,
    }


def _checks(pull: Glimpse[PullView], now: datetime) -> dict[str, str] | None:
    """What the checks came to, if somebody looked a moment ago: the header asks nobody."""
    if pull.value is None or pull.at is None or now - pull.at > _RECENT or not pull.value.checks:
        return None
    told = review.checks(pull.value)
    return {"word": f"checks: {told['word']}", "tone": told["tone"]}


def _follow(task: Task) -> str:
    """What becomes of more words to the agent; empty while there is nothing to go on with."""
    if task.pr_number is not None and task.pr_state == "open":
        later = " It begins when the present run has ended." if task.is_live else ""
        return f"It is handed to the agent, which goes on with the same branch and the same conversation.{later}"
    if task.pr_number is None and task.status in ENDED:
        return "The task is run again, with these words added to what was asked."
    return ""


def _now(view: TaskView) -> dict[str, str]:
    """The sentence under the header: what it is doing, or how it ended and what to do about it."""
    task = view.task
    if view.stopping:
        return {"text": "Asked to stop; the machine is told with its next report.", "hint": "", "kind": "step"}
    if view.held:
        return {"text": present.sentence(task.message), "hint": "Approve or reject it below.", "kind": "step"}
    match present.TONES[task.status]:
        case present.Tone.WAITING:
            return {"text": present.waiting(view.position), "hint": present.sentence(task.message), "kind": "step"}
        case present.Tone.RUNNING:
            return {"text": task.step, "hint": "", "kind": "step"}
        case present.Tone.DONE:
            return {"text": "", "hint": "", "kind": "step"}
        case present.Tone.FAILED:
            return {"text": present.why(task), "hint": present.remedy(task), "kind": "why"}
        case present.Tone.STOPPED:
            return {"text": present.why(task), "hint": "", "kind": "step"}


def _sentence(event: Event, zone: tzinfo) -> dict[str, Any]:
    tone = "good" if event.kind in _GOOD else "bad" if event.kind in _BAD else ""
    return {
        "key": f"event-{event.id}",
        "at": present.clock(event.at, zone),
        "exact": present.exact(event.at, zone),
        "text": present.sentence(event.text, name=event.actor),
        "tone": tone,
    }


def _usage(run: Run) -> dict[str, str]:
    used = _used(run)
    seconds = (run.result or {}).get("seconds")
    return {
        "run": f"Run {run.number}",
        "machine": " · ".join(part for part in (run.host, run.region, run.machine_id) if part) or "none",
        "time": present.duration(seconds) if seconds else "",
        "input": _count(used, "input_tokens"),
        "output": _count(used, "output_tokens"),
        "cache": _count(used, "cache_read_tokens"),
        "write": _count(used, "cache_write_tokens"),
        "cost": present.money(used.get("cost_usd")),
    }


def _used(run: Run) -> dict[str, Any]:
    """What the run itself has used, as far as its agent told."""
    return run.usage or (run.result or {}).get("usage") or {}


def _total(task: Task, *, has_told: bool) -> dict[str, str]:
    return {
        "run": "Task",
        "machine": "",
        "time": present.duration(task.machine_seconds) if task.machine_seconds else "",
        "input": present.tokens(task.input_tokens) if has_told else "",
        "output": present.tokens(task.output_tokens) if has_told else "",
        "cache": present.tokens(task.cache_read_tokens) if has_told else "",
        "write": present.tokens(task.cache_write_tokens) if has_told else "",
        "cost": present.money(task.cost_usd) or "not told",
    }


def _count(used: dict[str, Any], name: str) -> str:
    return present.tokens(int(used[name])) if used.get(name) is not None else ""


def _result(task: Task) -> dict[str, Any]:
    pull = {"label": f"#{task.pr_number}", "url": task.pr_url} if task.pr_number and task.pr_url else None
    size = f"{task.files_changed} {'file' if task.files_changed == 1 else 'files'}" if task.files_changed else ""
    return {
        "pr": pull,
        "review": f"/review?id={task.id}",
        "branch": task.branch or "",
        "head": (task.head_sha or "")[:10],
        "files": size,
        "plus": f"+{task.additions:,}" if task.files_changed else "",
        "minus": f"−{task.deletions:,}" if task.files_changed else "",
        "summary": task.summary,
    }
