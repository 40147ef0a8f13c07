"""The review of one pull request as the JSON its head draws: what it is, how it stands, what can be decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.cards import heading
from dashboard.lookout import Glimpse
from dashboard.present import NEEDS, Tone
from jobs.errors import ConfigurationError
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.pull_view import Check, NoPull, PullView
from store.records import Task

_STATES = {"open": ("Open", NEEDS), "merged": ("Merged", Tone.DONE), "closed": ("Closed", Tone.STOPPED)}
_BAD = frozenset({"failure", "timed_out", "action_required", "cancelled", "stale"})
_DECISIONS = {
    "approved": ("Approved", Tone.DONE, "Somebody approved it on GitHub."),
    "changes_requested": ("Changes requested", Tone.FAILED, "Somebody asked for changes on GitHub."),
}


@dataclass(frozen=True)
class Stand:
    """Whether it can be merged: the word, its colour, the sentence, and whether the button is there at all."""

    word: str
    tone: str
    text: str
    can_merge: bool = False


def head(task: Task, glimpse: Glimpse[PullView], *, doing: str, now: datetime, zone: tzinfo, github_url: str) -> Any:
    """All but the lines. `doing`: the decision that is being carried out, as a sentence."""
    pull = glimpse.value
    state = pull.state if pull else task.pr_state or "open"
    stand = standing(task, pull)
    return {
        **heading(task, github_url, stopping=False),
        "title": pull.title if pull else task.issue_title or f"Pull request #{task.pr_number}",
        "state": badge(state, pull),
        "task": present.status_word(task) if task.is_live else "",
        "asked": present.ago(task.created_at, now),
        "exact": present.exact(task.created_at, zone),
        "elapsed": present.duration(task.machine_seconds) if task.machine_seconds else "",
        **_size(task, pull),
        "branch": (pull.head if pull else task.branch) or "",
        "base": (pull.base if pull else task.base_branch) or "",
        "head": pull.head_sha if pull else "",
        "summary": task.summary,
        "gates": gates(pull, stand),
        "sentence": stand.text,
        "doing": doing,
        "can": {"merge": stand.can_merge and not doing, "decide": state == "open" and not doing},
        "failing": _failing(pull.checks) if pull else 0,
        "loading": pull is None and glimpse.error is None,
    }


def badge(state: str, pull: PullView | None) -> dict[str, str]:
    """The state of a pull request, in a word and its colour."""
    is_draft = pull is not None and pull.is_draft and state == "open"
    word, tone = ("Draft", Tone.STOPPED) if is_draft else _STATES[state]
    return {"word": word, "tone": tone}


def standing(task: Task, pull: PullView | None) -> Stand:
    """Where the pull request stands, for whoever wants to merge it."""
    if pull is None:
        return Stand("Asking GitHub", Tone.STOPPED, "")
    if pull.state == "merged":
        return Stand("Merged", Tone.DONE, f"It is merged into {pull.base}. Nothing is left to decide.")
    if pull.state == "closed":
        return Stand("Closed", Tone.STOPPED, "It was closed without being merged.")
    if task.is_live:
        return Stand("At work", Tone.RUNNING, "The agent is at work on it again. It can be merged when that run ends.")
    if pull.is_draft:
        return Stand("Draft", Tone.STOPPED, "It is a draft. Mark it as ready for review on GitHub to merge it.")
    return _mergeable(pull)


def _mergeable(pull: PullView) -> Stand:
    match pull.mergeable_state:
        case "dirty":
            words = f"It conflicts with {pull.base}. Request changes, and the agent brings the two together."
            return Stand("Conflicts", Tone.FAILED, words)
        case "blocked":
            words = f"A rule of {pull.base} asks for more, a review or a check for instance."
            return Stand("Blocked by a rule", NEEDS, words, can_merge=True)
        case "behind":
            return Stand("Behind", NEEDS, f"{pull.base} has moved on since the branch was made.", can_merge=True)
        case "unstable":
            return Stand("Mergeable", NEEDS, "It can be merged, but not every check has passed.", can_merge=True)
    if pull.mergeable is None:
        return Stand("Not known yet", Tone.STOPPED, "GitHub is working out whether it can be merged.")
    if not pull.mergeable:
        return Stand("Not mergeable", Tone.FAILED, "GitHub says that it cannot be merged as it stands.")
    return Stand("Mergeable", Tone.DONE, "", can_merge=True)


def gates(pull: PullView | None, stand: Stand) -> list[dict[str, Any]]:
    """The row at the top: checks, mergeable, reviews."""
    if pull is None:
        return []
    word, tone, text = _DECISIONS.get(pull.review_decision or "", ("None yet", Tone.STOPPED, ""))
    return [
        {"name": "Checks", "items": [_check(one) for one in pull.checks], **checks(pull)},
        {"name": "Merge", "word": stand.word, "tone": stand.tone, "text": stand.text, "items": []},
        {"name": "Reviews", "word": word, "tone": tone, "text": text, "items": []},
    ]


def trouble(error: Exception | None, *, has_old: bool) -> str:
    """Why GitHub's side is missing or old, as one sentence; empty when it is there."""
    old = " What you see is from before." if has_old else " What Porter itself knows is here."
    match error:
        case None:
            return ""
        case ConfigurationError() | NoPull():
            return present.sentence(str(error))
        case GitHubRefused():
            return f"{present.sentence(str(error))}{old}"
        case GitHubUnavailable():
            return f"GitHub does not answer just now.{old} This page asks again by itself."
        case _:
            return f"The pull request could not be read; the dashboard's log says why.{old}"


def _size(task: Task, pull: PullView | None) -> dict[str, str]:
    plus, minus, files = (
        (pull.additions, pull.deletions, pull.changed_files)
        if pull
        else (task.additions, task.deletions, task.files_changed)
    )
    if not files:
        return {"plus": "", "minus": "", "files": ""}
    return {"plus": f"+{plus:,}", "minus": f"−{minus:,}", "files": f"{files:,} {'file' if files == 1 else 'files'}"}


def checks(pull: PullView) -> dict[str, str]:
    """What they come to in a word, its colour, and why they are not known."""
    if pull.checks_unknown:
        return {"word": "Not known", "tone": Tone.STOPPED, "text": present.sentence(pull.checks_unknown)}
    bad, going = _failing(pull.checks), sum(one.status != "completed" for one in pull.checks)
    if not pull.checks:
        return {"word": "None", "tone": Tone.STOPPED, "text": "No check ran on this commit."}
    if bad:
        return {"word": f"{bad} of {len(pull.checks)} failed", "tone": Tone.FAILED, "text": ""}
    if going:
        return {"word": f"{going} of {len(pull.checks)} running", "tone": Tone.RUNNING, "text": ""}
    return {"word": f"{len(pull.checks)} passed", "tone": Tone.DONE, "text": ""}


def _failing(checks: Sequence[Check]) -> int:
    return sum(one.conclusion in _BAD for one in checks)


def _check(one: Check) -> dict[str, Any]:
    if one.status != "completed":
        word, tone = ("waiting", Tone.WAITING) if one.status == "queued" else ("running", Tone.RUNNING)
    elif one.conclusion in _BAD:
        word, tone = (one.conclusion or "failed").replace("_", " ").replace("failure", "failed"), Tone.FAILED
    else:
        word, tone = (one.conclusion or "done").replace("success", "passed"), Tone.DONE
    return {"name": one.name, "word": word, "tone": tone, "url": one.url}
