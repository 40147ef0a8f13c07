"""What Porter says of a person's decision about a pull request: on GitHub, and to that person. Pure."""

from __future__ import annotations

import hashlib

from jobs.cleaning import code, cut, masked, quoted, visible
from jobs.github.pull_requests import Standing
from store.records import Task

_REASON = 4_000  # characters
_WHY = {
    "dirty": "it conflicts with its base. Ask for changes: the agent merges the base in and resolves them",
    "blocked": "a rule of the branch is in the way: a review or a check that is required",
    "behind": "its base has moved on, and a rule of the branch wants it up to date. Update it on GitHub",
    "unstable": "a check has failed",
    "draft": "it is a draft",
}


def rejected(task: Task, reason: str, *, by: str, marker: str, stopped: bool = False) -> str:
    """The comment on a pull request that is turned down. `stopped`: while a run was at work on it."""
    head = f"❌ {code(by, 60)} rejected this in Porter, so it is closed without merging."
    said = quoted(cut(masked(visible(reason)).strip(), _REASON)) if reason.strip() else ""
    run = "The run that was at work on it is stopped; nothing of it is pushed. " if stopped else ""
    then = f"{run}The branch {code(task.branch or '', 250)} is left as it is."
    return "\n\n".join(filter(None, [head, said, then, marker]))


def being_pushed(number: int) -> str:
    return (
        f"the agent's work on pull request #{number} is being pushed at this moment; it was told to stop. Look at what "
        "arrives, then reject again"
    )


def reject_marker(task: Task, head_sha: str, reason: str) -> str:
    """By this a repeated rejection finds the comment it has made."""
    digest = hashlib.sha256(f"{head_sha}\n{reason.strip()}".encode()).hexdigest()[:12]
    return f"<!-- porter:rejected={task.id}:{digest} -->"


def not_permitted(login: str, repository: str) -> str:
    return f"{login} may not write to {repository}, says GitHub; only people who may can decide on its pull requests"


def only_looks(login: str) -> str:
    return f"{login} is a viewer of this Porter, and viewers decide nothing; an admin can change that"


def moved(standing: Standing) -> str:
    return (
        f"the branch {standing.head} moved on and is at {standing.head_sha[:7]} now, which is not what you looked at; "
        "look again"
    )


def is_draft(number: int) -> str:
    """REST has no call for it: https://docs.github.com/graphql/reference/mutations#markpullrequestreadyforreview"""
    return f"pull request #{number} is a draft; mark it ready for review on GitHub, then merge it"


def is_over(standing: Standing) -> str:
    how = "was merged already" if standing.merged else "is closed"
    return f"pull request #{standing.number} {how}, so there is nothing to decide"


def not_mergeable(standing: Standing, said: str) -> str:
    """`said` is GitHub's own sentence."""
    why = _WHY.get(standing.mergeable_state, "")
    told = f"GitHub says: {said.rstrip('.')}"
    return f"pull request #{standing.number} cannot be merged now: {why}. ({told})" if why else f"{told}. Look again"


def unclear(number: int) -> str:
    return (
        f"GitHub's answer was lost, and pull request #{number} is not merged so far; look again in a moment before you "
        "repeat it"
    )
