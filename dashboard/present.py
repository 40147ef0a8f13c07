"""The dashboard's words: times, money, sizes, statuses, reasons. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from store.feed import COUNT_LIMIT
from store.filters import SEARCHED
from store.lifecycle import Outcome, Status
from store.records import Task, Verdict


class Tone(StrEnum):
    """Which colour and icon something wears."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


NEEDS = "needs"  # the pill and the colour of what waits for a person

TONES = {
    Status.QUEUED: Tone.WAITING,
    Status.LAUNCHING: Tone.RUNNING,
    Status.RUNNING: Tone.RUNNING,
    Status.FINISHING: Tone.RUNNING,
    Status.SUCCEEDED: Tone.DONE,
    Status.FAILED: Tone.FAILED,
    Status.TIMED_OUT: Tone.FAILED,
    Status.CANCELLED: Tone.STOPPED,
}

_WORDS = {
    Status.QUEUED: "Waiting",
    Status.LAUNCHING: "Starting",
    Status.RUNNING: "Running",
    Status.FINISHING: "Finishing",
    Status.SUCCEEDED: "Done",
    Status.FAILED: "Failed",
    Status.TIMED_OUT: "Timed out",
    Status.CANCELLED: "Stopped",
}

# What became of a finished task's pull request.
_PULLS = {"open": "To review", "merged": "Merged", "closed": "Rejected"}

# What happened, for a task whose runner left no sentence of its own. The keys are the reasons a task may carry.
_REASONS = {
    "denied": "The agent was not allowed to do what it tried.",
    "auth": "The provider refused the agent's key.",
    "rate_limited": "The provider's rate limit was reached.",
    "overloaded": "The provider was overloaded.",
    "too_long": "The conversation outgrew the model's context.",
    "budget": "The agent reached its budget.",
    "turns": "The agent reached its limit of turns.",
    "stalled": "The agent said nothing for too long and was ended.",
    "timed_out": "The time for this task ran out.",
    "cancelled": "It was stopped.",
    "crashed": "The agent ended unexpectedly.",
    "launch_failed": "No machine could be started.",
    "setup_failed": "A setup command of the repository failed.",
    "clone_failed": "The repository could not be cloned.",
    "push_failed": "The branch could not be pushed.",
    "too_large": "The work had to be seen first and was too large to be kept.",
    "rejected": "The change was rejected.",
}

# What the reader can do about it.
_REMEDIES = {
    "auth": "Replace the key with “porter secret set”, then retry.",
    "rate_limited": "Retry when the limit has reset.",
    "overloaded": "Retry in a few minutes.",
    "too_long": "Ask for a smaller change in a new comment.",
    "timed_out": "Retry with a longer --timeout, or ask for less.",
    "stalled": "Retry; the log shows where it stood still.",
    "crashed": "The end of the log says more.",
    "setup_failed": "The end of the log shows the command; mend it and retry.",
    "push_failed": "Check that Porter's GitHub App may write to the repository, then retry.",
    "launch_failed": "Mend that, then retry.",
}

VERDICTS = {
    Verdict.ACCEPTED: ("Accepted", Tone.DONE),
    Verdict.IGNORED: ("Ignored", Tone.STOPPED),
    Verdict.REFUSED: ("Refused", Tone.FAILED),
    Verdict.DUPLICATE: ("Repeated", Tone.STOPPED),
}


def tone(task: Task) -> Tone:
    """Its colour: green is what ended well, and a rejected pull request did not."""
    rejected = task.status is Status.SUCCEEDED and task.pr_state == "closed"
    return Tone.STOPPED if rejected else TONES[task.status]


def status_word(task: Task) -> str:
    """One word for where the task stands."""
    if task.status is Status.SUCCEEDED and task.outcome is Outcome.NO_CHANGES:
        return "No changes"
    if task.status is Status.SUCCEEDED and task.pr_state in _PULLS:
        return _PULLS[task.pr_state]
    return _WORDS[task.status]


def waiting(ahead: int) -> str:
    """What a queued task waits for, given how many stand before it."""
    if ahead == 0:
        return "Next in line"
    if ahead > COUNT_LIMIT:
        return f"Waiting behind more than {COUNT_LIMIT:,} tasks"
    return f"Waiting behind {ahead:,} {'task' if ahead == 1 else 'tasks'}"


def why(task: Task) -> str:
    """Why a task did not end well, as a sentence."""
    name, stopped, _ = task.message.partition(" stopped it")  # a login is not a word to capitalise
    said = sentence(task.message, name=name if stopped else "")
    return said or _REASONS.get(task.reason or "", "It ended without saying why.")


def remedy(task: Task) -> str:
    """What the reader can do about it; empty when there is nothing to add."""
    return _REMEDIES.get(task.reason or "", "")


def sentence(text: str, *, name: str = "") -> str:
    """`text` with a capital and a full stop, unless it has its own. A `name` it begins with stays as it is."""
    text = text.strip()
    if not text:
        return ""
    first = text if name and text.startswith(name) else text[0].upper() + text[1:]
    return first if first[-1] in ".!?…:" else f"{first}."


def plain(text: str) -> str:
    """`text` without Markdown's marks around code, which a page would show as they are."""
    return re.sub(r"`([^`\n]+)`", r"“\1”", text)


def ago(then: datetime, now: datetime) -> str:
    """How long ago, coarse enough to be read at a glance."""
    seconds = (now - then).total_seconds()
    if seconds < 45:
        return "just now"
    for limit, size, unit in ((3600, 60, "min"), (86_400, 3600, "h"), (7 * 86_400, 86_400, "d")):
        if seconds < limit - size / 2:
            return f"{max(1, round(seconds / size))} {unit} ago"
    return f"{then.day} {then:%b}" if then.year == now.year else f"{then.day} {then:%b %Y}"


def exact(then: datetime, zone: tzinfo) -> str:
    """The moment to the second in the reader's zone, for the hover."""
    return f"{then.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def clock(then: datetime, zone: tzinfo) -> str:
    """The time of day to the second."""
    return f"{then.astimezone(zone):%H:%M:%S}"


def day(then: datetime, now: datetime, zone: tzinfo) -> str:
    """The heading a moment stands under in the feed."""
    there, today = then.astimezone(zone).date(), now.astimezone(zone).date()
    if there == today:
        return "Today"
    if there == today - timedelta(days=1):
        return "Yesterday"
    return f"{there:%A} {there.day} {there:%B}" + ("" if there.year == today.year else f" {there.year}")


def duration(seconds: float) -> str:
    """`2 min 14 s`; seconds are dropped from an hour on."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def elapsed(task: Task, now: datetime) -> str:
    """How long the task has been, or was, at work; empty before it started."""
    if task.started_at is None:
        return ""
    return duration(((task.finished_at or now) - task.started_at).total_seconds())


def money(dollars: float | None) -> str:
    """US dollars as the agent told them; empty when it told nothing."""
    if dollars is None:
        return ""
    if 0 < dollars < 0.01:
        return "< $0.01"
    return f"${dollars:,.2f}"


def tokens(count: int) -> str:
    """`812`, `14.2 k`, `3.1 M`."""
    if count < 1000:
        return str(count)
    if count < 999_950:
        return f"{count / 1000:.1f} k"
    return f"{count / 1_000_000:.1f} M"


def counted(count: int) -> str:
    """A count as far as it was counted."""
    return f"{COUNT_LIMIT:,}+" if count > COUNT_LIMIT else f"{count:,}"


def counted_lines(count: int) -> str:
    """`1 line`, `12,040 lines`."""
    return f"{count:,} {'line' if count == 1 else 'lines'}"


def away(since: datetime, zone: tzinfo, *, has_old: bool) -> str:
    """What a page says while the database is away."""
    old = "What you see is from before." if has_old else "Nothing is lost."
    return f"The database has not answered since {clock(since, zone)}. {old} This page tries again by itself."


def excerpt(text: str, limit: int = 180) -> str:
    """The first paragraph of `text` in one line of at most `limit` characters."""
    first = " ".join(text.strip().split("\n\n", 1)[0].split())
    return first if len(first) <= limit else first[: limit - 1].rstrip() + "…"


def searched(back_to: datetime) -> str:
    """How far a search in titles went, when that was not the whole way."""
    how = "choose an earlier last day to search older ones"
    return f"The newest {SEARCHED:,} titles were searched, back to {back_to:%Y-%m-%d}; {how}."
