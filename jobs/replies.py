"""What Porter answers to commands that concern itself: stop, retry, status, help, and those it could not read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.cleaning import code, inert, masked, one_line, visible, without_tags
from store.lifecycle import Outcome, Status
from store.records import Request, Task

REFUSED = "<!-- porter:refused -->"

_STATES = {
    Status.QUEUED: "waiting",
    Status.LAUNCHING: "starting a machine",
    Status.RUNNING: "at work",
    Status.FINISHING: "saving its work",
    Status.FAILED: "failed",
    Status.CANCELLED: "stopped",
    Status.TIMED_OUT: "timed out",
}


def marker(request: Request) -> str:
    """By this a repeated job finds the reply it has given already."""
    return f"<!-- porter:request={request.id} -->"


def not_permitted(login: str) -> str:
    """The one polite refusal an issue gets, whoever asks."""
    return (
        f"Thank you, {code(login, 60)}. Porter works for people who may write to this repository; "
        "one of them can ask it to take this on.\n\n" + REFUSED
    )


def stopping(tasks: Sequence[Task], *, by: str) -> str:
    """`tasks` are those that were stopped."""
    if not tasks:
        return "Nothing of Porter's is at work here, so there was nothing to stop."
    return f"Stopping {_names(tasks)}, as {code(by, 60)} asked."


def retrying(task: Task) -> str:
    return f"{code(task.agent)} starts again with the inputs it had; its status comment above tells how it goes."


def still_at_work(task: Task, mention: str) -> str:
    return f"{code(task.agent)} is still {_STATES.get(task.status, 'at work')} here. `@{mention} stop` ends it."


def nothing_to_retry(mention: str, default_agent: str) -> str:
    return f"Porter has done nothing here that could be tried again. `@{mention} {default_agent}` starts a task."


def overview(tasks: Sequence[Task], *, dashboard_url: str, mention: str) -> str:
    """The answer to `status`: the newest tasks of the issue."""
    if not tasks:
        return f"Porter has had no task here yet. `@{mention} help` tells what it can do."
    lines = [f"- {code(task.agent)}: {_state(task)} · [details]({dashboard_url}/task?id={task.id})" for task in tasks]
    return "\n".join(["The tasks of this issue, newest first:", "", *lines])


def manual(agents: Sequence[str], *, default_agent: str, mention: str) -> str:
    """The answer to `help`."""
    return "\n".join(
        [
            f"Begin a line with `@{mention}` and say what is wanted:",
            "",
            f"- `@{mention} [agent] [instructions]` starts an agent on this issue; the result is a pull request",
            f"- `@{mention} stop` ends what is at work here, `@{mention} retry` starts the last task again",
            f"- `@{mention} status` lists the tasks of this issue",
            "",
            f"Agents: {', '.join(code(name) for name in agents)}; without one it is {code(default_agent)}.",
            "Flags on the same line: `--model=`, `--branch=` (where to start from), `--priority=low|normal|high`, "
            "`--timeout=` (minutes), `--draft`, `--no-tests`.",
        ]
    )


def mistaken(explanation: str) -> str:
    """The intake's own words about a command it could not read; they may quote what was typed."""
    return without_tags(masked(visible(explanation))).strip()[:4_000]


def unknown_verb(verb: str, mention: str) -> str:
    return f"Porter cannot do {code(verb, 40)} yet. `@{mention} help` tells what it can do."


def _state(task: Task) -> str:
    if task.status is Status.SUCCEEDED:
        return f"pull request #{task.pr_number}" if task.outcome is Outcome.PULL_REQUEST else "no changes were needed"
    words = _STATES[task.status]
    if task.status is Status.RUNNING:
        return f"{words}, {task.percent} % ({inert(one_line(task.step, 120)) or 'getting ready'})"
    return f"{words} ({code(task.reason, 40)})" if task.status is Status.FAILED and task.reason else words


def _names(tasks: Sequence[Task]) -> str:
    agents = [code(task.agent) for task in tasks]
    return agents[0] if len(agents) == 1 else f"{', '.join(agents[:-1])} and {agents[-1]}"
