"""`/api/config/fly`: how it stands with Fly; try a token and an app; save them.

The one place where the intake waits for Fly, because a person waits for the answer: with short limits, and two at once.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from intake import shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Conflict, FlyRefused, Invalid, TooMany
from jobs import fly_setup
from jobs.bootstrap import Services
from jobs.fly_setup import Change, FlyInUse, Report
from jobs.fly_verdict import TOKENS, FlyStatus, Mode
from jobs.hosts.fly_place import is_pinned
from jobs.setting_kinds import OF_MACHINES, BadSetting

LARGEST = 32 * 1024  # bytes
_AT_ONCE = 2
_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 502, 503)
}
_STATUS = {FlyStatus.NAME_CONFLICT: HTTPStatus.CONFLICT, FlyStatus.ERROR: HTTPStatus.BAD_GATEWAY}


class FlyBody(BaseModel):
    """What to use. An empty or missing token keeps the stored one; a missing app keeps the one in use, or finds or
    makes one. `mode`: `org` for an organisation's token, `deploy` for an app's; left out, the token tells."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=8192)] = ""
    app: Annotated[str, Field(max_length=200)] = ""
    org: Annotated[str, Field(max_length=100)] | None = None
    mode: Mode | None = None
    regions: Annotated[list[str], Field(max_length=20)] | None = None
    machine_cpu_kind: Literal["shared", "performance"] | None = None
    machine_cpus: Annotated[int, Field(ge=1, le=16)] | None = None
    machine_memory_mb: Annotated[int, Field(ge=256, le=131_072)] | None = None


class TokenShape(BaseModel):
    """Whether there is a token, and where it comes from: `stored` or `environment`. Its value is never shown."""

    configured: bool
    source: Literal["stored", "environment"] | None


class FlyShape(BaseModel):
    """How it stands with Fly. `message` says what is so, `action` what to do next. `to_make`: saving makes the app.
    `in_use`: machines do come from Fly. Memory in MB."""

    status: FlyStatus
    ok: bool
    message: str
    action: str | None
    app: str | None
    app_source: Literal["stored", "environment"] | None
    org: str | None
    mode: Mode | None
    created: bool
    to_make: bool
    token: TokenShape
    in_use: bool
    regions: list[str]
    machine_cpu_kind: str
    machine_cpus: int
    machine_memory_mb: int
    image: str
    image_pinned: bool
    warnings: list[str]


def routes(services: Services) -> APIBlueprint:
    """The addresses of Fly's configuration."""
    api = APIBlueprint(
        "fly", __name__, url_prefix="/api/config/fly", abp_tags=[Tag(name="configuration")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip
    places = BoundedSemaphore(_AT_ONCE)

    @api.before_request
    def _who() -> None:
        g.caller = check(services.config, request.method, request.headers)
        request.max_content_length = LARGEST
        if request.method in ("POST", "PUT"):
            require_json()

    def ask(what: Callable[[], Report]) -> Report:
        if not places.acquire(blocking=False):
            raise TooMany("Fly is being asked already", action="try again in a few seconds")
        try:
            return what()
        except BadSetting as bad:
            raise Invalid(str(bad)) from bad
        except FlyInUse as used:
            raise Conflict(str(used)) from used
        finally:
            places.release()

    @api.get("", responses={"200": FlyShape})
    def read_fly() -> Answered:
        """How it stands with Fly now. Makes nothing and stores nothing."""
        return _shown(ask(lambda: fly_setup.look(services)))

    @api.put("", responses={"200": FlyShape})
    def save_fly(body: FlyBody) -> Answered:
        """Save a token, an app and the size of machines, if Fly accepts them; the app is made if need be. Otherwise
        nothing is stored, and `error` is the status."""
        report = ask(lambda: fly_setup.save(services, _change(body), by=g.caller))
        if not report.verdict.ok:
            raise _refusal(report)
        return _shown(report)

    @api.post("/validate", responses={"200": FlyShape})
    def validate_fly(body: FlyBody) -> Answered:
        """What saving this would find. Makes nothing and stores nothing."""
        return _shown(ask(lambda: fly_setup.try_out(services, _change(body))))

    return api


def _change(body: FlyBody) -> Change:
    given = body.model_dump(exclude_none=True)
    sizes = {name: given[name] for name in OF_MACHINES if name in given}
    return Change(token=body.token, app=body.app, org=body.org, mode=body.mode, sizes=sizes)


def _refusal(report: Report) -> FlyRefused:
    verdict = report.verdict
    status = _STATUS.get(verdict.status, HTTPStatus.UNPROCESSABLE_ENTITY)
    return FlyRefused(verdict.status, status, verdict.message, action=verdict.action, action_url=TOKENS)


def _shown(report: Report) -> dict[str, Any]:
    verdict, place = report.verdict, report.place
    shape = FlyShape(
        status=verdict.status,
        ok=verdict.ok,
        message=verdict.message,
        action=verdict.action,
        app=verdict.app or place.app or None,
        app_source=report.app_source,
        org=verdict.org,
        mode=verdict.mode,
        created=verdict.created,
        to_make=verdict.to_make,
        token=TokenShape(configured=report.token_source is not None, source=report.token_source),
        in_use=report.in_use,
        regions=list(place.regions),
        machine_cpu_kind=place.cpu_kind,
        machine_cpus=place.cpus,
        machine_memory_mb=place.memory_mb,
        image=place.image,
        image_pinned=is_pinned(place.image),
        warnings=report.warnings,
    )
    return shape.model_dump(mode="json")
