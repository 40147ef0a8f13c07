"""The requests about tokens and apps: https://fly.io/docs/machines/api/apps-resource/."""

from __future__ import annotations

import re

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.fly.errors import ApiError
from emulators.fly.reading import json_body
from emulators.fly.validation import seconds
from emulators.fly.world import Principal, World, token_info

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")
TWENTY_YEARS = "175200h"


def current_token(_: World, principal: Principal) -> ResponseReturnValue:
    return jsonify(token_info(principal))


def list_apps(world: World, principal: Principal) -> ResponseReturnValue:
    org = request.args.get("org_slug")
    if not org:
        raise ApiError(400, "invalid_argument: org_slug is required")
    _own(principal, org)
    apps = [_describe(world, name) for name, owner in world.apps.items() if owner == org]
    return jsonify(total_apps=len(apps), apps=apps)


def create_app(world: World, principal: Principal) -> ResponseReturnValue:
    """The same key and name again is the same app, not a conflict."""
    body = json_body()
    name, org, key = body.get("name"), body.get("org_slug"), body.get("idempotency_key")
    if not isinstance(name, str) or not isinstance(org, str):
        raise ApiError(400, "invalid_argument: name and org_slug must be strings")
    _own(principal, org)
    if not _NAME.fullmatch(name):
        raise ApiError(422, "Validation failed: Name under 63 chars using numbers, lowercase letters and dashes")
    with world.changed:
        if key is None or world.app_keys.get(key) != name:
            if name in world.apps or key in world.app_keys:
                raise ApiError(422, "Validation failed: Name has already been taken", "name_taken")
            world.apps[name] = org
        if key is not None:
            world.app_keys[key] = name
    return jsonify(id=name, created_at=int(world.clock() * 1000)), 201


def get_app(world: World, app: str) -> ResponseReturnValue:
    return jsonify(_describe(world, app))


def delete_app(world: World, app: str) -> ResponseReturnValue:
    for machine in world.machines(app):
        world.life(machine).destroy()
    with world.changed:
        del world.apps[app]
    return Response(status=202)


def deploy_token(world: World, app: str) -> ResponseReturnValue:
    """A token for one app; without an expiry it is good for twenty years, as on Fly."""
    expiry = seconds(json_body().get("expiry") or TWENTY_YEARS)
    return jsonify(token=world.deploy_token(app, expiry))


def _describe(world: World, app: str) -> dict[str, object]:
    org = {"name": world.apps[app], "slug": world.apps[app]}
    count = len(world.machines(app))
    status = "deployed" if count else "pending"
    return {"id": app, "name": app, "status": status, "organization": org, "machine_count": count, "network": "default"}


def _own(principal: Principal, org: str) -> None:
    if principal.apps is not None or principal.org != org:
        raise ApiError(403, f"forbidden: the token may not act for organization {org!r}")
