"""A task's page as the JSON its components draw. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from dashboard import inputs, present
from dashboard.cards import HELD, heading
from dashboard.data import LogPiece, TaskView
from store.records import Event, Run, RunKind, Task

_RUN_KINDS = {RunKind.FIRST: "first run", RunKind.RETRY: "retry", RunKind.FOLLOW_UP: "follow-up"}
_GOOD = frozenset({"succeeded", "pull_request", "pushed", "approved"})
_BAD = frozenset({"failed", "timed_out", "cancelled", "stop_asked", "rejected"})


def head(view: TaskView, *, now: datetime, zone: tzinfo, github_url: str) -> dict[str, Any]:
    """The header: what it is, how it stands, what can be done."""
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


def details(view: TaskView, *, zone: tzinfo) -> dict[str, Any]:
    """Below the log: prompt, inputs, usage, pull request."""
    task = view.task
    return {
        "prompt": next((run.prompt for run in reversed(view.runs) if run.prompt), ""),
        "inputs": inputs.rows(task, view.runs, zone=zone),
        "usage": [_usage(run) for run in view.runs],
        "total": _total(task),
        "result": _result(task),
    }


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
    used = run.usage or (run.result or {}).get("usage") or {}
    seconds = (run.result or {}).get("seconds")
    return {
        "run": f"Run {run.number}",
        "machine": " · ".join(part for part in (run.host, run.region, run.machine_id) if part) or "none",
        "time": present.duration(seconds) if seconds else "",
        "input": _count(used, "input_tokens"),
        "output": _count(used, "output_tokens"),
        "cache": _count(used, "cache_read_tokens"),
        "cost": present.money(used.get("cost_usd")),
    }


def _total(task: Task) -> dict[str, str]:
    return {
        "run": "Task",
        "machine": "",
        "time": present.duration(task.machine_seconds) if task.machine_seconds else "",
        "input": present.tokens(task.input_tokens),
        "output": present.tokens(task.output_tokens),
        "cache": present.tokens(task.cache_read_tokens),
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
