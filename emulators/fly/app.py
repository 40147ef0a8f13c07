"""The emulated API as a Flask app: who asks, may they, how often, what goes wrong; then the request itself."""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from emulators.fly import routes_apps, routes_machines
from emulators.fly.errors import ApiError
from emulators.fly.faults import Call
from emulators.fly.world import Principal, World

_log = logging.getLogger(__name__)

_APPS, _APP = "/v1/apps", "/v1/apps/<app>"
_MACHINES, _MACHINE = f"{_APP}/machines", f"{_APP}/machines/<machine>"


@dataclass(frozen=True)
class Route:
    """One request of the API. `action` is the word that rates and faults go by."""

    method: str
    rule: str
    action: str
    handler: Callable[..., ResponseReturnValue]


ROUTES = [
    Route("GET", "/v1/tokens/current", "token", routes_apps.current_token),
    Route("GET", _APPS, "list_apps", routes_apps.list_apps),
    Route("POST", _APPS, "create_app", routes_apps.create_app),
    Route("GET", _APP, "get_app", routes_apps.get_app),
    Route("DELETE", _APP, "delete_app", routes_apps.delete_app),
    Route("POST", f"{_APP}/deploy_token", "deploy_token", routes_apps.deploy_token),
    Route("GET", _MACHINES, "list", routes_machines.list_machines),
    Route("POST", _MACHINES, "create", routes_machines.create),
    Route("GET", _MACHINE, "get", routes_machines.get),
    Route("DELETE", _MACHINE, "destroy", routes_machines.destroy),
    Route("POST", f"{_MACHINE}/start", "start", routes_machines.start),
    Route("POST", f"{_MACHINE}/stop", "stop", routes_machines.stop),
    Route("POST", f"{_MACHINE}/signal", "signal", routes_machines.signal),
    Route("GET", f"{_MACHINE}/wait", "wait", routes_machines.wait),
    Route("GET", f"{_MACHINE}/events", "events", routes_machines.events),
    Route("GET", f"{_MACHINE}/metadata", "metadata", routes_machines.read_metadata),
    Route("PATCH", f"{_MACHINE}/metadata", "update_metadata", routes_machines.patch_metadata),
    Route("POST", f"{_MACHINE}/metadata/<key>", "update_metadata", routes_machines.set_metadata),
    Route("DELETE", f"{_MACHINE}/metadata/<key>", "update_metadata", routes_machines.remove_metadata),
    Route("GET", f"{_MACHINE}/lease", "read_lease", routes_machines.read_lease),
    Route("POST", f"{_MACHINE}/lease", "lease", routes_machines.lease),
    Route("DELETE", f"{_MACHINE}/lease", "lease", routes_machines.release_lease),
]
_READS = ("GET",)


def create_app(world: World) -> Flask:
    """The API over one world. Logs one loud line, so that nobody takes it for Fly."""
    _log.warning("THIS IS AN EMULATOR OF FLY: machines are processes of this computer and are not isolated")
    app = Flask("emulators.fly")
    for route in ROUTES:
        endpoint = f"{route.method} {route.rule}"
        app.add_url_rule(route.rule, endpoint, _gate(world, route), methods=[route.method])
    app.register_error_handler(ApiError, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.after_request(lambda response: _record(world, response))
    return app


def _gate(world: World, route: Route) -> Callable[..., ResponseReturnValue]:
    def answer(**path: str) -> ResponseReturnValue:
        g.action = route.action
        target = _target(world, route, path)
        limited_by = path.get("machine") or path.get("app") or target.org
        if world.config.rates and not world.rates.allow(route.action, limited_by):
            raise ApiError(429, "rate limit exceeded")
        g.drop = world.faults.strike(route.action)
        return route.handler(world, target, *([path["key"]] if "key" in path else []))

    return answer


def _target(world: World, route: Route, path: dict[str, str]) -> Any:
    """What the request is about, once it is clear that the token may: the principal, an app or a machine."""
    principal = world.authenticate(_token())
    app = path.get("app")
    if app is None:
        return principal
    _check_app(world, principal, app)
    if "machine" not in path:
        return app
    machine = world.machine(app, path["machine"])
    if route.method not in _READS and route.action != "lease":
        routes_machines.check_lease(machine, world.clock())
    return machine


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme not in ("Bearer", "FlyV1") or not token:
        raise ApiError(401, "unauthorized: send Authorization: Bearer <token>")
    return token.strip()


def _check_app(world: World, principal: Principal, app: str) -> None:
    """Apps of others do not exist for a token; other apps of its own organisation are forbidden."""
    if world.apps.get(app) != principal.org:
        raise ApiError(404, f'Could not find App "{app}"')
    if principal.apps is not None and app not in principal.apps:
        raise ApiError(403, "forbidden: the token is not good for this app")


def _refuse(error: ApiError) -> ResponseReturnValue:
    return jsonify(error.body()), error.status, error.headers


def _refuse_http(error: HTTPException) -> ResponseReturnValue:
    words = "the emulator has no such request" if error.code in (404, 405) else error.description
    return jsonify(error=f"{error.name}: {words}"), error.code or 500


def _record(world: World, response: Response) -> Response:
    """Write the history, and lose the answer when that was asked for."""
    dropped = g.get("drop", False)
    response.headers["fly-request-id"] = f"01{secrets.token_hex(12).upper()}-emu"
    body = request.get_json(force=True, silent=True) if request.get_data() else None
    status = 0 if dropped else response.status_code
    action, query = g.get("action", "unknown"), request.args.to_dict()
    world.calls.append(Call(world.clock(), action, request.method, request.path, query, body, status))
    if dropped:
        _hang_up()
    return response


def _hang_up() -> None:
    """Close the connection under the server. Raises without a socket: then the caller sees this instead of a reply."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionResetError("the emulator drops this reply")
    connection.shutdown(socket.SHUT_RDWR)
