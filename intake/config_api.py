"""`/api/config`: settings and what counts; `/api/config/credentials`: keys by name, whose values only go in."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from intake import shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Invalid, Unknown
from jobs import changing, settings
from jobs.bootstrap import Services
from jobs.changing import For
from jobs.errors import JobError
from jobs.roster import Roster
from jobs.settings import Layers
from store import settings as kept
from store import vault

LARGEST = 128 * 1024  # bytes
_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 413, 415, 422, 500, 503)
}
Scope = Annotated[str, Field(max_length=260, description="`global`, `repo:OWNER/NAME` or `user:LOGIN`.")]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class ScopeQuery(BaseModel):
    """For whom."""

    scope: Scope = "global"


class ConfigBody(BaseModel):
    """Settings to set and settings to remove: all of it, or, if one does not fit, nothing."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = "global"
    values: Annotated[dict[Name, JsonValue], Field(max_length=50)] = {}
    remove: Annotated[list[Name], Field(max_length=50)] = []


class ValueShape(BaseModel):
    """A value that counts, and its source: file, repository, user, global, built-in."""

    value: JsonValue
    source: str


class ConfigShape(BaseModel):
    """`values`: what is set in the scope itself. `effective`: what a run there works with, but for flags and the
    repository's file."""

    scope: str
    values: dict[str, JsonValue]
    effective: dict[str, ValueShape]


class CredentialShape(BaseModel):
    """A secret that is configured. Its value is never shown. `agents` take it."""

    scope: str
    name: str
    updated_at: datetime
    updated_by: str
    agents: list[str]


class CredentialList(BaseModel):
    """Every secret; `missing` are names that agents take and for which there is none for everyone."""

    credentials: list[CredentialShape]
    missing: list[str]


class CredentialBody(BaseModel):
    """A secret to add or replace. An empty value changes nothing."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope = "global"
    name: Name
    value: Annotated[str, Field(max_length=changing.LONGEST)]


class CredentialPath(BaseModel):
    """Which secret."""

    name: Name


def routes(services: Services, roster: Roster) -> APIBlueprint:
    """The addresses of the configuration."""
    api = APIBlueprint(
        "config", __name__, url_prefix="/api/config", abp_tags=[Tag(name="configuration")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip

    @api.before_request
    def _who() -> None:
        g.caller = check(services.config, request.method, request.headers)
        request.max_content_length = LARGEST
        if request.method == "PUT":
            require_json()

    @api.get("", responses={"200": ConfigShape})
    def read_config(query: ScopeQuery) -> Answered:
        """What is set in a scope, and what counts there."""
        return _shown(services, _whom(query.scope))

    @api.put("", responses={"200": ConfigShape})
    def save_config(body: ConfigBody) -> Answered:
        """Set and remove settings of one scope."""
        whom = _whom(body.scope)
        try:
            for name, value in body.values.items():
                changing.fitting(services, whom, name, value)
            for name, value in body.values.items():
                changing.put(services, whom, name, value, by=g.caller)
        except JobError as refused:
            raise Invalid(str(refused)) from refused
        for name in body.remove:
            changing.unset(services, whom, name, by=g.caller)
        return _shown(services, whom)

    @api.get("/credentials", responses={"200": CredentialList})
    def list_credentials() -> Answered:
        """Which secrets are configured, by whom and when; never a value."""
        return _credentials(services, roster)

    @api.put("/credentials", responses={"200": CredentialList})
    def save_credential(body: CredentialBody) -> Answered:
        """Add or replace a secret."""
        try:
            changing.put_secret(services, _whom(body.scope), body.name, body.value, by=g.caller)
        except JobError as refused:
            raise Invalid(str(refused)) from refused
        return _credentials(services, roster)

    @api.delete("/credentials/<name>", responses={"200": CredentialList})
    def remove_credential(path: CredentialPath, query: ScopeQuery) -> Answered:
        """Forget a secret."""
        if not changing.remove_secret(services, _whom(query.scope), path.name, by=g.caller):
            raise Unknown("there is no such secret in that scope")
        return _credentials(services, roster)

    return api


def _whom(scope: str) -> For:
    try:
        return For.read(scope)
    except JobError as refused:
        raise Invalid(str(refused)) from refused


def _shown(services: Services, whom: For) -> dict[str, Any]:
    """A scope as it is now; Porter's own notes of a repository's file are no settings of people's."""
    own, everyone = kept.of_scope(services.db, whom.scope), kept.of_scope(services.db, kept.GLOBAL)
    layers = Layers(
        repository=own if whom.kind == "repo" else {}, user=own if whom.kind == "user" else {}, everyone=everyone
    )
    return {
        "scope": whom.scope,
        "values": {name: value for name, value in own.items() if not name.startswith("file_")},
        "effective": settings.resolve(layers, services.config).to_json(),
    }


def _credentials(services: Services, roster: Roster) -> dict[str, Any]:
    known = vault.known(services.db)
    users = {
        name: [one.name for one in roster.all() if name in one.keys] for agent in roster.all() for name in agent.keys
    }
    there = {one.name for one in known if one.owner == kept.GLOBAL}
    shown = [
        CredentialShape(
            scope=one.owner, name=one.name, updated_at=one.updated_at, updated_by=one.updated_by,
            agents=users.get(one.name, []),
        ).model_dump(mode="json")
        for one in known
        if one.owner != kept.PORTER  # what Porter keeps for itself
    ]  # fmt: skip
    return {"credentials": shown, "missing": sorted(users.keys() - there)}
