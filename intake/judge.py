"""What a delivery asks for, and the verdict on it. Pure.

Every delivery gets a verdict and a reason that a person can read: "why did nothing happen" is answered from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.commands import Command, CommandError, Control, Item, Verb, Vocabulary, parse
from intake.events import Event, IssueComment, Other
from intake.flags import Value
from intake.markdown import is_mentioned
from store.records import Delivery, NewRequest, NewTask, Priority, Repository, Verdict

LONGEST_COMMENT = 262_144  # characters; GitHub itself stops at 65,536
MARKER = "<!-- porter:"  # ends every comment that Porter writes

_NOT_BUILT = ("dry-run", "with-thread")  # refused, so that nobody relies on a flag that does nothing
_QUIET = {
    "edited": "edited comments are not read; write the command in a new one",
    "deleted": "a deleted comment asks for nothing",
}


@dataclass(frozen=True)
class Heard:
    """A verified delivery: GitHub's id for it, when it came, what it says."""

    id: str
    event: str
    at: datetime
    payload: Event


@dataclass(frozen=True)
class Judgement:
    """What to store of a delivery, and what to make of it."""

    delivery: Delivery
    tasks: Sequence[NewTask] = ()
    requests: Sequence[NewRequest] = ()
    repository: Repository | None = None


@dataclass(frozen=True)
class House:
    """What a judgement depends on besides the delivery."""

    mention: str
    agents: Vocabulary
    default_agent: str


def judge(heard: Heard, house: House) -> Judgement:
    """The verdict on a delivery, with the tasks and requests that it makes."""
    match heard.payload:
        case Other(event="ping"):
            return _ignored(heard, "GitHub's ping: the address and the secret are right")
        case Other(event=event):
            return _ignored(heard, f"event {event} is not one that Porter acts on")
        case IssueComment() as said:
            why = _why_ignored(said, house)
            return _ignored(heard, why) if why else _commanded(heard, said, house)


def refused(delivery_id: str, event: str, reason: str, *, at: datetime) -> Delivery:
    """The line that is kept of a signed delivery that cannot be read."""
    return Delivery(delivery_id, event, at, Verdict.REFUSED, reason)


def _why_ignored(said: IssueComment, house: House) -> str | None:
    body = said.comment.body or ""
    if said.action != "created":
        return _QUIET.get(said.action, f"action {said.action} is not one that Porter acts on")
    if said.author.is_bot or said.sender.is_bot:
        return "sent by a bot"
    if MARKER in body:
        return "written by Porter itself"
    if not is_mentioned(body, house.mention):
        return f"no @{house.mention} command in it"
    if len(body) > LONGEST_COMMENT:
        return f"the comment is longer than {LONGEST_COMMENT:,} characters"
    if said.installation is None:
        return "it names no installation: a repository's own hook sent it, not Porter's GitHub App"
    return None


def _commanded(heard: Heard, said: IssueComment, house: House) -> Judgement:
    items = parse(said.comment.body or "", mention=house.mention, agents=house.agents)
    if not items:
        where = "in a sentence, a quote or code; a command begins its line"
        return _ignored(heard, f"@{house.mention} stands only {where}")
    tasks: list[NewTask] = []
    requests: list[NewRequest] = []
    mistakes: list[CommandError] = []
    for item in (_checked(item, said) for item in items):
        match item:
            case Command():
                tasks.append(_task(item, said, house))
            case Control():
                requests.append(_request(item, said))
            case CommandError():
                mistakes.append(item)
    done = [*requests, *([_answer(mistakes, said)] if mistakes else [])]
    return Judgement(_delivery(heard, said, tasks, requests, mistakes), tasks, done, _repository(said))


def _checked(item: Item, said: IssueComment) -> Item:
    """The item, or why it cannot be done here."""
    match item:
        case Command(line=line) if said.issue.pull_request is not None:
            return CommandError(line, "Porter does not work on pull requests yet. Comment on the issue instead.")
        case Command(line=line) if said.issue.state == "closed":
            return CommandError(line, "This issue is closed. Reopen it and comment again.")
        case Command(line=line, flags=flags) | Control(line=line, flags=flags) if missing := _not_built(flags):
            return CommandError(line, f"`--{missing}` is not built yet. Nothing was started.")
        case Control(line=line, verb=(Verb.APPROVE | Verb.REJECT)):
            return CommandError(line, "No change is being held here, so there is nothing to approve or reject.")
        case Control(line=line, verb=verb, flags=flags) if flags and verb is not Verb.RETRY:
            return CommandError(line, f"`{verb}` takes no flags. Nothing was done.")
        case _:
            return item


def _not_built(flags: Mapping[str, Value]) -> str | None:
    return next((name for name in _NOT_BUILT if flags.get(name)), None)


def _task(command: Command, said: IssueComment, house: House) -> NewTask:
    inputs = _inputs(command.flags)
    return NewTask(
        repository=said.repository.full_name,
        requested_by=said.author.login,
        agent=command.agent or house.default_agent,
        source="comment",
        installation_id=said.installation.id if said.installation else None,
        issue_number=said.issue.number,
        issue_title=said.issue.title,
        comment_id=said.comment.id,
        comment_line=command.line,
        model=inputs.pop("model", None),
        priority=Priority(inputs.pop("priority", Priority.NORMAL)),
        base_branch=inputs.pop("base_branch", None),
        instructions=command.instructions,
        flags=inputs,
    )


def _inputs(flags: Mapping[str, Value]) -> dict[str, Any]:
    """Flags by the names that tasks store them under."""
    names = {"branch": "base_branch", "timeout": "timeout_seconds"}
    return {names.get(name, name.replace("-", "_")): value for name, value in flags.items()}


def _request(control: Control, said: IssueComment) -> NewRequest:
    argument, flags = control.agent or "", _inputs(control.flags)
    return _asked(said, control.line, verb=str(control.verb), argument=argument, flags=flags)


def _answer(mistakes: Sequence[CommandError], said: IssueComment) -> NewRequest:
    """One reply for all the mistakes of a comment; what is wrong with several of them is said once."""
    told = list(dict.fromkeys(mistake.message for mistake in mistakes))
    text = told[0] if len(told) == 1 else "\n".join(f"- {message}" for message in told)
    return _asked(said, mistakes[0].line, verb="mistake", argument=text, flags={})


def _asked(said: IssueComment, line: int, *, verb: str, argument: str, flags: dict[str, Any]) -> NewRequest:
    return NewRequest(
        repository=said.repository.full_name,
        issue_number=said.issue.number,
        sender=said.author.login,
        verb=verb,
        argument=argument,
        flags=flags,
        installation_id=said.installation.id if said.installation else None,
        comment_id=said.comment.id,
        comment_line=line,
    )


def _delivery(
    heard: Heard,
    said: IssueComment,
    tasks: Sequence[NewTask],
    requests: Sequence[NewRequest],
    mistakes: Sequence[CommandError],
) -> Delivery:
    counts = ((len(tasks), "task"), (len(requests), "request"), (len(mistakes), "mistake"))
    parts = [f"{count} {what}{'s' if count > 1 else ''}" for count, what in counts if count]
    first = f": {mistakes[0].message}" if mistakes and not tasks and not requests else ""
    return Delivery(
        id=heard.id,
        event=heard.event,
        received_at=heard.at,
        verdict=Verdict.ACCEPTED if tasks or requests else Verdict.REFUSED,
        reason=", ".join(parts) + first,
        content_key=f"{said.repository.id}:{said.comment.id}:{said.action}",
        action=said.action,
        repository=said.repository.full_name,
        sender=said.author.login,
    )


def _ignored(heard: Heard, reason: str) -> Judgement:
    said = heard.payload
    if isinstance(said, Other):
        action, repository, sender = said.action, said.repository, said.sender
    else:
        action, repository, sender = said.action, said.repository.full_name, said.sender.login
    delivery = Delivery(
        heard.id, heard.event, heard.at, Verdict.IGNORED, reason, action=action, repository=repository, sender=sender
    )
    return Judgement(delivery)


def _repository(said: IssueComment) -> Repository:
    return Repository(
        full_name=said.repository.full_name,
        github_id=said.repository.id,
        installation_id=said.installation.id if said.installation else None,
        default_branch=said.repository.default_branch,
        private=said.repository.private,
    )
