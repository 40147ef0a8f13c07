"""What of GitHub's deliveries concerns Porter, and nothing else of them. Pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads. GitHub adds fields every
month: unknown ones are ignored.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from intake.errors import Malformed


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")  # Postgres takes no NUL in a text


Text = Annotated[str, AfterValidator(_storable)]
Id = Annotated[int, Field(ge=0, lt=2**63)]
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,90}(\[bot\])?$")]
FullName = Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]


class _Narrow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(_Narrow):
    login: Login
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot" or self.login.endswith("[bot]")


class Repository(_Narrow):
    id: Id
    full_name: FullName
    private: bool = False
    default_branch: Annotated[Text, Field(max_length=250)] | None = None


class Issue(_Narrow):
    number: Annotated[int, Field(ge=1, lt=2**31)]
    title: Text = ""
    state: str = "open"
    pull_request: dict[str, Any] | None = None


class Comment(_Narrow):
    id: Id
    body: Text | None = None
    user: User | None = None  # null once the account is gone


class Installation(_Narrow):
    id: Id


class IssueComment(_Narrow):
    """A comment on an issue or a pull request."""

    action: Annotated[Text, Field(max_length=64)]
    issue: Issue
    comment: Comment
    repository: Repository
    sender: User
    installation: Installation | None = None

    @property
    def author(self) -> User:
        return self.comment.user or self.sender


class Other(_Narrow):
    """Any other event: read only as far as the list of deliveries shows it."""

    event: str
    action: str | None = None
    repository: str | None = None
    sender: str | None = None


Event = IssueComment | Other


def parse(event: str, body: bytes) -> Event:
    """The delivery's payload. Raises Malformed when it is no JSON object, or not of its event's shape."""
    if event != "issue_comment":
        return _other(event, body)
    try:
        return IssueComment.model_validate_json(body)
    except ValidationError as error:
        raise Malformed(_what_is_wrong(error)) from None  # the cause would quote the payload


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


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"the payload is not JSON of an issue_comment: {where or 'the whole'}: {first['msg']}"[:300]
