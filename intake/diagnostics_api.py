"""`/api/startup/check` and `/api/auth/diagnostics`: what stands between a comment and a pull request, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from intake import shapes
from intake.access import check
from intake.answers import Answered
from intake.errors import Forbidden
from jobs import preconditions, roles, signing_in
from jobs.bootstrap import Services
from store.members import Role

_ERRORS: dict[Any, Any] = {str(status): shapes.Error for status in (400, 401, 403, 404, 405, 422, 500, 503)}


class CheckShape(BaseModel):
    """One precondition. `ok` null: it could not be told, or was not tried yet; `fix`: the one thing to do."""

    name: str
    title: str
    ok: bool | None
    text: str
    fix: str


class Diagnosis(BaseModel):
    """`ok`: nothing is in the way."""

    ok: bool
    checks: list[CheckShape]


def routes(services: Services) -> APIBlueprint:
    """For the API's token, and for admins who are signed in; embedded, for whoever sits at this computer."""
    api = APIBlueprint(
        "diagnostics", __name__, url_prefix="/api", abp_tags=[Tag(name="diagnostics")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip

    @api.before_request
    def _who() -> None:
        """A cookie is enough here: nothing is changed."""
        session = signing_in.who(services, request.cookies.get(signing_in.COOKIE, ""))
        if services.config.signs_in and session is not None and "Authorization" not in request.headers:
            if roles.of_session(services, session) is not Role.ADMIN:
                raise Forbidden("only admins see this; PORTER_ADMINS names them, and Settings, Members")
            return
        check(services.config, request.method, request.headers)

    @api.get("/startup/check", responses={"200": Diagnosis})
    def startup_check() -> Answered:
        """Every precondition, each with the one thing that mends it. GitHub and the host of machines are asked."""
        return _diagnosis(services)

    @api.get("/auth/diagnostics", responses={"200": Diagnosis})
    def diagnostics() -> Answered:
        """The same, under the address that belongs to signing in."""
        return _diagnosis(services)

    return api


def _diagnosis(services: Services) -> dict[str, Any]:
    checks = preconditions.all_of(services)
    return {"ok": preconditions.is_well(checks), "checks": [asdict(one) for one in checks]}
