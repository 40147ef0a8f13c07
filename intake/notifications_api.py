"""`/api/notifications`: where people are told what became of tasks. Addresses and secrets only go in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from intake import shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Invalid, Unknown
from jobs import notifying
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.notify.target import LONGEST
from jobs.notifying import FIRST, LONGEST_SECRET, Added, NewChannel
from store import channels, notices
from store.channels import Channel, Occasion, Way
from store.errors import NotFound
from store.notices import Notice, State

LARGEST = 32 * 1024  # bytes
_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 413, 415, 422, 500, 503)
}
Address = Annotated[str, Field(max_length=LONGEST, description="A URL or an e-mail address. Only its host is shown.")]
Secret = Annotated[str, Field(max_length=LONGEST_SECRET, description="Of a webhook. Left empty, Porter makes one.")]
Events = Annotated[list[Occasion], Field(min_length=1, max_length=10)]


class ChannelPath(BaseModel):
    """Which channel."""

    id: Annotated[str, Field(max_length=32)]


class ChannelBody(BaseModel):
    """A channel to add. `repository`: only its tasks."""

    model_config = ConfigDict(extra="forbid")

    kind: Way
    address: Address
    secret: Secret = ""
    repository: Annotated[str, Field(max_length=200)] = ""
    events: Events = list(FIRST)


class ChangeBody(BaseModel):
    """What is to change; what is not named, or empty, stays."""

    model_config = ConfigDict(extra="forbid")

    address: Address = ""
    secret: Secret = ""
    events: Events | None = None


class DeliveryShape(BaseModel):
    """The notice that was tried last, and how that went. `state`: pending (it is tried again), sent, failed."""

    id: str
    event: Occasion
    state: State
    attempts: int
    tried_at: datetime | None
    next_at: datetime | None
    answer: str


class ChannelShape(BaseModel):
    """A channel. `place` is all of its address that is shown; `secret` is there only in the answer in which Porter made
    it."""

    id: str
    kind: Way
    place: str
    scope: str
    events: list[Occasion]
    created_at: datetime
    created_by: str
    waiting: int
    last: DeliveryShape | None
    secret: str | None = None


class ChannelList(BaseModel):
    """Every channel, the oldest first."""

    channels: list[ChannelShape]


class TrialShape(BaseModel):
    """A test that is on its way; `last` of the channel tells how it went."""

    delivery: str


def routes(services: Services) -> APIBlueprint:
    """The addresses of the notifications."""
    api = APIBlueprint(
        "notifications", __name__, url_prefix="/api/notifications", abp_tags=[Tag(name="notifications")],
        abp_responses=_ERRORS, abp_security=[{"token": []}],
    )  # fmt: skip

    @api.before_request
    def _who() -> None:
        g.caller = check(services.config, request.method, request.headers)
        request.max_content_length = LARGEST
        if request.method in ("POST", "PUT") and not request.path.endswith("/test"):
            require_json()

    @api.get("", responses={"200": ChannelList})
    def list_channels() -> Answered:
        """The channels, and how each one's last delivery went."""
        return _listed(services)

    @api.post("", responses={"201": ChannelShape})
    def add_channel(body: ChannelBody) -> Answered:
        """Add a channel. A secret that Porter makes is in this answer, and never again."""
        told = body.model_dump(mode="json")
        try:
            added = notifying.add(services, NewChannel(**told), by=g.caller)
        except JobError as refused:
            raise Invalid(str(refused)) from refused
        return _with_secret(services, added), 201

    @api.put("/<id>", responses={"200": ChannelShape})
    def change_channel(path: ChannelPath, body: ChangeBody) -> Answered:
        """Another address, another secret, other events."""
        try:
            if body.address or body.secret:
                notifying.replace(services, path.id, address=body.address, secret=body.secret, by=g.caller)
            if body.events is not None:
                notifying.choose(services, path.id, body.events, by=g.caller)
            return _shapes(services, [channels.get(services.db, path.id)])[0]
        except NotFound:
            raise _unknown() from None
        except JobError as refused:
            raise Invalid(str(refused)) from refused

    @api.post("/<id>/secret", responses={"200": ChannelShape})
    def renew_secret(path: ChannelPath) -> Answered:
        """End a webhook's secret and make another, which is in this answer and never again."""
        try:
            return _with_secret(services, notifying.renew(services, path.id, by=g.caller))
        except NotFound:
            raise _unknown() from None
        except JobError as refused:
            raise Invalid(str(refused)) from refused

    @api.post("/<id>/test", responses={"202": TrialShape})
    def send_test(path: ChannelPath) -> Answered:
        """Have a test sent by the way that all else goes."""
        try:
            return {"delivery": notifying.try_out(services, path.id, by=g.caller)}, 202
        except NotFound:
            raise _unknown() from None

    @api.delete("/<id>", responses={"200": ChannelList})
    def remove_channel(path: ChannelPath) -> Answered:
        """Forget a channel, and what still waits to be sent there."""
        if not notifying.remove(services, path.id, by=g.caller):
            raise _unknown()
        return _listed(services)

    return api


def _unknown() -> Unknown:
    return Unknown("there is no such channel")


def _listed(services: Services) -> dict[str, Any]:
    return {"channels": _shapes(services, channels.known(services.db))}


def _with_secret(services: Services, added: Added) -> dict[str, Any]:
    [shown] = _shapes(services, [added.channel])
    return shown | {"secret": added.secret or None}


def _shapes(services: Services, found: Sequence[Channel]) -> list[dict[str, Any]]:
    last, waiting = notices.last(services.db), notices.waiting(services.db)
    return [_shape(one, last.get(one.id), waiting.get(one.id, 0)) for one in found]


def _shape(channel: Channel, last: Notice | None, waiting: int) -> dict[str, Any]:
    known = {name: getattr(channel, name) for name in ("id", "kind", "place", "scope", "created_at", "created_by")}
    events, tried = [Occasion(one) for one in channel.events], _delivery(last) if last else None
    shown = ChannelShape(**known, events=events, waiting=waiting, last=tried)
    return shown.model_dump(mode="json", exclude={"secret"})


def _delivery(notice: Notice) -> DeliveryShape:
    due = notice.due_at if notice.state is State.PENDING else None
    return DeliveryShape(
        id=notice.id, event=notice.event, state=notice.state, attempts=notice.attempts, tried_at=notice.tried_at,
        next_at=due, answer=notice.answer,
    )  # fmt: skip
