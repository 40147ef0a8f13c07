"""What a judgement is made of, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from intake.commands import Vocabulary
from intake.events import Event, InstallationEvent, Other, RepositoriesEvent, User
from store.heard import News
from store.records import Delivery, NewFollowUp, NewRequest, NewTask, Repository, Task, Verdict
from store.senders import Asked


@dataclass(frozen=True)
class Heard:
    """A verified delivery: GitHub's id for it, when it came, what it says."""

    id: str
    event: str
    at: datetime
    payload: Event


@dataclass(frozen=True)
class House:
    """What a judgement depends on besides the delivery. `own_login` is the App's own; `allowed_bots` are users' ids;
    `commands_per_hour` is the most of one sender."""

    mention: str
    agents: Vocabulary
    default_agent: str
    own_login: str = "porter[bot]"
    allowed_bots: frozenset[int] = field(default_factory=frozenset)
    commands_per_hour: int = 30

    def is_nobody(self, user: User) -> bool:
        """Bots are, but for those allowed by their number: a login that looks like a friend's proves nothing."""
        return user.is_bot and (user.id not in self.allowed_bots or user.login.lower() == self.own_login.lower())


@dataclass(frozen=True)
class Around:
    """What is known of the place a delivery comes from, and of its sender. `of_pull` is the task whose pull request it
    is about; `asked` is what the sender asked for within the hour."""

    of_pull: Task | None = None
    default_agent: str | None = None
    auto_assign: bool = False
    skip_labels: frozenset[str] = frozenset()
    asked: Asked = field(default_factory=Asked)


@dataclass(frozen=True)
class Judgement:
    """What to store of a delivery, and what to make of it. `nothing`: the reason to give if it comes to nothing."""

    delivery: Delivery
    tasks: Sequence[NewTask] = ()
    requests: Sequence[NewRequest] = ()
    follow_ups: Sequence[NewFollowUp] = ()
    news: Sequence[News] = ()
    repository: Repository | None = None
    nothing: str | None = None


def delivered(heard: Heard, verdict: Verdict, reason: str, *, content_key: str | None = None) -> Delivery:
    """The line that is kept of a delivery."""
    said = heard.payload
    match said:
        case Other():
            action, repository, sender = said.action, said.repository, said.sender
        case InstallationEvent() | RepositoriesEvent():
            action, repository, sender = said.action, None, said.sender.login
        case _:
            action, repository, sender = said.action, said.repository.full_name, said.sender.login
    return Delivery(
        heard.id,
        heard.event,
        heard.at,
        verdict,
        reason,
        content_key,
        action=action,
        repository=repository,
        sender=sender,
    )


def ignored(heard: Heard, reason: str) -> Judgement:
    """Nothing is done, and the reason says why."""
    return Judgement(delivered(heard, Verdict.IGNORED, reason))


def seen_in(heard: Heard) -> Repository | None:
    """What the delivery told of its repository."""
    said = heard.payload
    if isinstance(said, Other | InstallationEvent | RepositoriesEvent):
        return None
    return Repository(
        full_name=said.repository.full_name,
        github_id=said.repository.id,
        installation_id=said.installation.id if said.installation else None,
        default_branch=said.repository.default_branch,
        private=said.repository.private,
    )
