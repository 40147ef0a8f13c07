"""What of GitHub's deliveries concerns Porter, and nothing else of them. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads. GitHub adds fields every
month: unknown ones are ignored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from intake.errors import Malformed


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")  # Postgres takes no NUL in a text


Text = Annotated[str, AfterValidator(_storable)]
Id = Annotated[int, Field(ge=0, lt=2**63)]
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,90}(\[bot\])?$")]
Number = Annotated[int, Field(ge=1, lt=2**31)]
FullName = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]


class _Narrow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]  # ISO 8601, or seconds since 1970 in older shapes


class User(_Narrow):
    login: Login
    id: Id = 0
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot" or self.login.endswith("[bot]")


class Repository(_Narrow):
    id: Id
    full_name: FullName
    private: bool = False
    default_branch: Annotated[Text, Field(max_length=250)] | None = None


class Label(_Narrow):
    name: Annotated[Text, Field(max_length=200)]


class Issue(_Narrow):
    number: Number
    title: Text = ""
    state: str = "open"
    user: User | None = None
    labels: list[Label] = []
    created_at: Moment | None = None
    updated_at: Moment | None = None
    pull_request: dict[str, Any] | None = None


class Comment(_Narrow):
    id: Id
    body: Text | None = None
    user: User | None = None  # null once the account is gone
    created_at: Moment | None = None


class Pull(_Narrow):
    number: Number
    title: Text = ""
    state: str = "open"
    merged: bool = False
    merged_at: Moment | None = None
    updated_at: Moment | None = None


class Review(_Narrow):
    id: Id
    body: Text | None = None
    state: str = ""
    user: User | None = None
    submitted_at: Moment | None = None


class Remark(Comment):
    """A comment on a line; `pull_request_review_id` is the review it was made with."""

    pull_request_review_id: Id | None = None


class Installation(_Narrow):
    id: Id


class Account(_Narrow):
    login: Annotated[Text, Field(max_length=100)] = ""


class InstallationDetails(Installation):
    account: Account | None = None
    suspended_at: Moment | None = None
    updated_at: Moment | None = None


class Reachable(_Narrow):
    id: Id
    full_name: FullName
    private: bool = False


class _Told(_Narrow):
    """What every event says."""

    action: Annotated[Text, Field(max_length=64)]
    sender: User


class _InRepository(_Told):
    repository: Repository
    installation: Installation | None = None


class IssueComment(_InRepository):
    """A comment on an issue or a pull request."""

    issue: Issue
    comment: Comment

    @property
    def author(self) -> User:
        return self.comment.user or self.sender


class IssueEvent(_InRepository):
    """Something happened to an issue. `label` is the one that was set or taken away."""

    issue: Issue
    label: Label | None = None


class PullEvent(_InRepository):
    """Something happened to a pull request."""

    pull_request: Pull


class ReviewEvent(_InRepository):
    """A pull request was reviewed."""

    review: Review
    pull_request: Pull

    @property
    def author(self) -> User:
        return self.review.user or self.sender


class RemarkEvent(_InRepository):
    """A line of a pull request was commented on."""

    comment: Remark
    pull_request: Pull

    @property
    def author(self) -> User:
        return self.comment.user or self.sender


class InstallationEvent(_Told):
    """Porter was installed, suspended, woken or removed."""

    installation: InstallationDetails
    repositories: list[Reachable] = []


class RepositoriesEvent(_Told):
    """An installation got or lost repositories."""

    installation: InstallationDetails
    repositories_added: list[Reachable] = []
    repositories_removed: list[Reachable] = []


class Other(_Narrow):
    """Any other event: read only as far as the list of deliveries shows it."""

    event: str
    action: str | None = None
    repository: str | None = None
    sender: str | None = None


Read = IssueComment | IssueEvent | PullEvent | ReviewEvent | RemarkEvent | InstallationEvent | RepositoriesEvent
Event = Read | Other

_SHAPES: dict[str, type[Read]] = {
    "issue_comment": IssueComment,
    "issues": IssueEvent,
    "pull_request": PullEvent,
    "pull_request_review": ReviewEvent,
    "pull_request_review_comment": RemarkEvent,
    "installation": InstallationEvent,
    "installation_repositories": RepositoriesEvent,
}


def parse(event: str, body: bytes) -> Event:
    """The delivery's payload. Raises Malformed when it is no JSON object, or not of its event's shape."""
    shape = _SHAPES.get(event)
    if shape is None:
        return _other(event, body)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(_what_is_wrong(event, error)) from None  # the cause would quote the payload


def _other(event: str, body: bytes) -> Other:
    try:
        payload = from_json(body)
    except ValueError:
        raise Malformed("the payload is not JSON") from None
    if not isinstance(payload, dict):
        raise Malformed("the payload is not a JSON object")
    repository, sender = payload.get("repository"), payload.get("sender")
    return Other(
        event=event,
        action=_label(payload.get("action"), 64),
        repository=_label(repository.get("full_name"), 200) if isinstance(repository, dict) else None,
        sender=_label(sender.get("login"), 100) if isinstance(sender, dict) else None,
    )


def _label(value: object, limit: int) -> str | None:
    return _storable(value)[:limit] if isinstance(value, str) else None


def _what_is_wrong(event: str, error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"the payload is not JSON of an event {event}: {where or 'the whole'}: {first['msg']}"[:300]
