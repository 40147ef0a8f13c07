"""What Porter answers to commands that concern itself: stop, retry, status, help, and those it could not read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.cleaning import code, masked, visible, without_tags
from store.lifecycle import Status
from store.records import Request, Task

REFUSED = "<!-- porter:refused -->"
LOOKS = "<!-- porter:looks -->"

_LIVE = {
    Status.QUEUED: "waiting",
    Status.LAUNCHING: "starting a machine",
    Status.RUNNING: "at work",
    Status.FINISHING: "saving its work",
}


@dataclass(frozen=True)
class Offer:
    """An agent of this deployment, and whether it has the key it needs."""

    agent: str
    is_ready: bool


def marker(request: Request) -> str:
    """By this a repeated job finds the reply it has given already."""
    return f"<!-- porter:request={request.id} -->"


def not_permitted(login: str) -> str:
    """The one polite refusal an issue gets, whoever asks."""
    return (
        f"Thank you, {code(login, 60)}. Porter works for people who may write to this repository; "
        "one of them can ask it to take this on.\n\n" + REFUSED
    )


def only_looks(login: str) -> str:
    """The one reply an issue gets for all viewers that ask there."""
    return (
        f"Thank you, {code(login, 60)}. You are a viewer of this Porter, and viewers start and change nothing; "
        "its admins can change that under Settings, Members.\n\n" + LOOKS
    )


def stopping(tasks: Sequence[Task], *, by: str) -> str:
    """`tasks` are those that were stopped."""
    if not tasks:
        return "Nothing of Porter's is at work here, so there was nothing to stop."
    return f"Stopping {_names(tasks)}, as {code(by, 60)} asked."


def not_begun(by: str) -> str:
    """For feedback that was waiting when somebody said stop."""
    return f"{code(by, 60)} stopped the work here before this was begun. Ask again when it should go on."


def retrying(task: Task) -> str:
    return f"{code(task.agent)} starts again with the inputs it had; its status comment above tells how it goes."


def still_at_work(task: Task, mention: str) -> str:
    return f"{code(task.agent)} is still {_LIVE.get(task.status, 'at work')} here. `@{mention} stop` ends it."


def nothing_to_retry(mention: str, default_agent: str) -> str:
    return f"Porter has done nothing here that could be tried again. `@{mention} {default_agent}` starts a task."


def overview(said: Sequence[str], *, mention: str) -> str:
    """The answer to `status`: what the status comments of these tasks say."""
    if not said:
        return f"Porter has had no task here yet. `@{mention} help` tells what it can do."
    return "\n\n---\n\n".join(said)


def manual(offers: Sequence[Offer], *, default_agent: str, mention: str) -> str:
    """The answer to `help`."""
    return "\n".join(
        [
            f"Begin a line with `@{mention}` and say what is wanted:",
            "",
            f"- `@{mention} [agent] [instructions]` starts an agent on this issue; the result is a pull request. "
            "On a pull request of Porter's, by a comment or a review, it goes on with the work there",
            f"- `@{mention} stop` ends what is at work here, `@{mention} retry` starts the last task again",
            f"- `@{mention} status` tells how it stands",
            f"- `@{mention} approve` and `@{mention} reject` decide on a change that is being held",
            "",
            f"Agents: {', '.join(code(one.agent) for one in offers if one.is_ready) or 'none is ready'}; "
            f"without one it is {code(default_agent)}.",
            *_without_key(offers),
            "Flags on the same line: `--model=`, `--branch=` (where to start from), `--priority=low|normal|high`, "
            "`--timeout=` (minutes), `--draft`, `--no-tests`, `--with-thread` (what people without write "
            "access say too), `--dry-run` (only tells what would run).",
        ]
    )


def _without_key(offers: Sequence[Offer]) -> list[str]:
    names = [code(one.agent) for one in offers if not one.is_ready]
    return [f"Not ready, because no key is set: {', '.join(names)}."] if names else []


def mistaken(explanation: str) -> str:
    """The intake's own words about a command it could not read; they may quote what was typed."""
    return without_tags(masked(visible(explanation))).strip()[:4_000]


def too_many(login: str, most: str, mention: str) -> str:
    """`most`: how many commands one person has in an hour."""
    return (
        f"That was much at once, {code(login, 60)}: Porter takes {most} commands of one person within an hour, so this "
        f"one was not begun. Further ones are passed over without a word; ask again in an hour. `@{mention} stop` "
        "always works."
    )


def unknown_verb(verb: str, mention: str) -> str:
    return f"Porter cannot do {code(verb, 40)} yet. `@{mention} help` tells what it can do."


def _names(tasks: Sequence[Task]) -> str:
    agents = [code(task.agent) for task in tasks]
    return agents[0] if len(agents) == 1 else f"{', '.join(agents[:-1])} and {agents[-1]}"
