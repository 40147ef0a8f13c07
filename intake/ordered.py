"""What the commands in somebody's words become, wherever on GitHub they stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from intake.commands import Command, CommandError, Control, Item, Verb
from intake.events import User
from intake.flags import Value
from intake.judgement import Around, House
from store.records import NewFollowUp, NewRequest, NewTask, Priority

_WITH_FLAGS = (Verb.RETRY,)
_NO_BRANCH = "`--branch` has no use here: work on a pull request goes on on the branch it has. Nothing was started."


@dataclass(frozen=True)
class Said:
    """Somebody's words. `key` names them once and for ever; `comment_id` only where reactions and tasks can name it;
    `remark_id` of a comment on a line, for its reaction."""

    body: str
    author: User
    repository: str
    installation_id: int | None
    number: int
    title: str
    key: str
    at: datetime
    is_pull: bool = False
    is_closed: bool = False
    comment_id: int | None = None
    remark_id: int | None = None


@dataclass
class Orders:
    """What the words ask for."""

    tasks: list[NewTask] = field(default_factory=list)
    follow_ups: list[NewFollowUp] = field(default_factory=list)
    requests: list[NewRequest] = field(default_factory=list)
    mistakes: list[CommandError] = field(default_factory=list)

    @property
    def is_accepted(self) -> bool:
        return bool(self.tasks or self.requests or self.follow_ups)

    def counted(self) -> str:
        """In words, for the list of deliveries; when all of it is mistaken, with the first mistake."""
        counts = (
            (len(self.tasks), "task"),
            (len(self.follow_ups), "follow-up"),
            (len(self.requests), "request"),
            (len(self.mistakes), "mistake"),
        )
        parts = [f"{count} {what}{'s' if count > 1 else ''}" for count, what in counts if count]
        return ", ".join(parts) + ("" if self.is_accepted else f": {self.mistakes[0].message}")

    def to_answer(self, said: Said) -> list[NewRequest]:
        """The requests, and one reply for all the mistakes; what is wrong with several of them is said once."""
        if not self.mistakes:
            return self.requests
        told = list(dict.fromkeys(mistake.message for mistake in self.mistakes))
        text = told[0] if len(told) == 1 else "\n".join(f"- {message}" for message in told)
        return [*self.requests, request(said, self.mistakes[0].line, "mistake", text)]


def ordered(items: Sequence[Item], said: Said, house: House, around: Around) -> Orders:
    """Each command as what it makes here; what cannot be done here becomes a mistake."""
    made = Orders()
    for item in (_checked(item, said, around) for item in items):
        match item:
            case Command(flags=flags) if flags.get("dry-run"):
                made.requests.append(_dry_run(item, said))
            case Command() if said.is_pull:
                made.follow_ups.append(follow_up(said, around, item, key=f"{said.key}:{item.line}"))
            case Command():
                made.tasks.append(_task(item, said, house, around))
            case Control(line=line, verb=verb, agent=agent, flags=flags):
                made.requests.append(request(said, line, str(verb), agent or "", _inputs(flags)))
            case CommandError():
                made.mistakes.append(item)
    return made


def follow_up(said: Said, around: Around, command: Command | None, *, key: str) -> NewFollowUp:
    """Feedback on the pull request of `around`. An agent that was named does it; else the task's own goes on."""
    if around.of_pull is None:
        raise ValueError("only a pull request of Porter's has follow-ups")
    flags = _inputs(command.flags) if command else {}
    if command and command.agent:
        flags["agent"] = command.agent
    words = command.instructions if command else ""
    return NewFollowUp(around.of_pull.id, key, said.author.login, words, flags, place=said.remark_id or 0)


def request(said: Said, line: int, verb: str, argument: str = "", flags: dict[str, Any] | None = None) -> NewRequest:
    """Something that Porter itself is to answer."""
    return NewRequest(
        repository=said.repository,
        issue_number=said.number,
        sender=said.author.login,
        verb=verb,
        argument=argument,
        flags=flags or {},
        installation_id=said.installation_id,
        comment_id=said.comment_id,
        comment_line=line,
        remark_id=said.remark_id,
    )


def _checked(item: Item, said: Said, around: Around) -> Item:
    """The item, or why it cannot be done here."""
    match item:
        case Command(line=line, flags=flags):
            why = _why_not_pull(said, around, flags) if said.is_pull else _why_not_issue(said)
            return CommandError(line, why) if why else item
        case Control(line=line, verb=verb, flags=flags) if flags and verb not in _WITH_FLAGS:
            return CommandError(line, f"`{verb}` takes no flags. Nothing was done.")
        case Control(line=line, flags=flags) if why := _why_not_again(said, flags):
            return CommandError(line, why)
        case _:
            return item


def _why_not_issue(said: Said) -> str | None:
    return "This issue is closed. Reopen it and comment again." if said.is_closed else None


def _why_not_pull(said: Said, around: Around, flags: Mapping[str, Value]) -> str | None:
    if around.of_pull is None:
        return (
            "Porter goes on only with pull requests that it opened itself, and this is not one of them. "
            "Comment on an issue instead."
        )
    if said.is_closed:
        merged = around.of_pull.pr_state == "merged"
        return (
            "This pull request is merged. Open an issue for what is left to do."
            if merged
            else "This pull request is closed. Reopen it and comment again."
        )
    if "branch" in flags:
        return _NO_BRANCH
    if flags.get("dry-run"):
        return "`--dry-run` tells what would run on an issue; ask for it there. Nothing was started."
    return None


def _why_not_again(said: Said, flags: Mapping[str, Value]) -> str | None:
    """Why a retry with these flags cannot be."""
    if flags.get("dry-run"):
        return "`--dry-run` tells what a new command would run; `retry` runs the same again. Nothing was started."
    return _NO_BRANCH if said.is_pull and "branch" in flags else None


def _task(command: Command, said: Said, house: House, around: Around) -> NewTask:
    inputs = _inputs(command.flags)
    if command.agent:
        inputs["agent"] = command.agent  # said by the person, so that no setting overrides it
    return NewTask(
        repository=said.repository,
        requested_by=said.author.login,
        agent=command.agent or around.default_agent or house.default_agent,
        source="comment",
        installation_id=said.installation_id,
        issue_number=said.number,
        issue_title=said.title,
        comment_id=said.comment_id,
        comment_line=command.line,
        asked_at=said.at,
        model=inputs.pop("model", None),
        priority=Priority(inputs.pop("priority", Priority.NORMAL)),
        base_branch=inputs.pop("base_branch", None),
        instructions=command.instructions,
        flags=inputs,
    )


def _dry_run(command: Command, said: Said) -> NewRequest:
    inputs = _inputs(command.flags) | {"instructions": command.instructions}
    return request(said, command.line, "dry_run", command.agent or "", inputs)


def _inputs(flags: Mapping[str, Value]) -> dict[str, Any]:
    """Flags by the names that tasks store them under. That it is no dry run goes without saying."""
    names = {"branch": "base_branch", "timeout": "timeout_seconds"}
    said = {name: value for name, value in flags.items() if name != "dry-run"}
    return {names.get(name, name.replace("-", "_")): value for name, value in said.items()}
