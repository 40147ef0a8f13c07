"""What a reader decides about a pull request, carried out; the answer is a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard import present
from jobs import merging
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.errors import GitHubUnavailable, RateLimited
from jobs.merging import Method
from store.errors import NotFound

DOING = {
    "merge": "Merging exactly the commit you saw…",
    "reject": "Closing the pull request, with your reason on it…",
    "changes": "Handing your words to the agent…",
}
METHODS: dict[str, Method] = {"merge": "merge", "squash": "squash", "rebase": "rebase"}


@dataclass(frozen=True)
class Decision:
    """`verb`: merge, reject or changes. `head_sha` is what the reader saw, `words` what they wrote, `by` their name,
    `login` the one GitHub is asked about (None: the local operator)."""

    verb: str
    task_id: str
    by: str
    login: str | None
    head_sha: str = ""
    method: Method = "merge"
    words: str = ""


@dataclass(frozen=True)
class Said:
    """What became of a decision."""

    text: str
    is_done: bool


def carry_out(services: Services, decision: Decision) -> Said:
    """Do it, and say what became of it. GitHub may take its time: not for a page's own thread."""
    try:
        return Said(_done(services, decision), is_done=True)
    except NotFound:
        return Said("There is no such task any more.", is_done=False)
    except RateLimited:
        return Said("GitHub asks Porter to slow down, so nothing was done. Try again in a minute.", is_done=False)
    except GitHubUnavailable:
        words = (
            "GitHub did not answer, so it is not known whether it was done. Look at what is shown here, then try again."
        )
        return Said(words, is_done=False)
    except JobError as error:
        return Said(present.sentence(str(error)), is_done=False)


def _done(services: Services, it: Decision) -> str:
    match it.verb:
        case "merge":
            merged = merging.merge(
                services, it.task_id, by=it.by, login=it.login, head_sha=it.head_sha, method=it.method
            )
            return f"Merged pull request #{merged.pr_number} as {merged.sha[:10]}."
        case "reject":
            task = merging.reject(services, it.task_id, by=it.by, login=it.login, reason=it.words)
            stops = " The run at work on it is being stopped; nothing of it is pushed." if task.is_live else ""
            return f"Rejected. The pull request is closed, and your reason is a comment on it.{stops}"
        case _:
            merging.request_changes(services, it.task_id, by=it.by, login=it.login, words=it.words)
            return "Handed to the agent. Its commits come to this pull request."
