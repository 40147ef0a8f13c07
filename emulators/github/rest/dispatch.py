"""From an HTTP request to a handler and back: identity, permission, limits, faults, JSON, ETags."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from emulators.github import auth
from emulators.github.auth import Caller
from emulators.github.connection import cut_line
from emulators.github.errors import Refusal, not_found
from emulators.github.faults import CallRecord, DropReply, Fail, Hang
from emulators.github.model import Repository
from emulators.github.oauth import covered
from emulators.github.rest import (
    apps,
    checks,
    comments,
    comparisons,
    issues,
    pulls,
    reactions,
    repositories,
    reviews,
    search,
)
from emulators.github.rest.call import Call, Reply, Route

if TYPE_CHECKING:
    from emulators.github.world import World

ROUTES: list[Route] = [
    *apps.ROUTES,
    *repositories.ROUTES,
    *issues.ROUTES,
    *comments.ROUTES,
    *reactions.ROUTES,
    *pulls.ROUTES,
    *reviews.ROUTES,
    *comparisons.ROUTES,
    *checks.ROUTES,
    *search.ROUTES,
]
SPANS_SLASHES = {"path", "ref", "branch", "name", "basehead", "tree_sha"}  # parameters whose value may hold a "/"
WRITES = ("POST", "PATCH", "PUT", "DELETE")
PREFIX = "/api"
VERSIONS = ("2022-11-28", "2026-03-10")


def install(app: Flask, world: World) -> None:
    """Serves the REST API under `/api`."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    for route in ROUTES:
        rule = re.sub(r"\{(\w+)\}", lambda m: f"<{'path:' if m[1] in SPANS_SLASHES else ''}{m[1]}>", route.path)
        name = f"{route.method} {route.path}".replace(".", "-")
        api.add_url_rule(rule, name, _view(world, route), methods=[route.method], provide_automatic_options=False)
    api.add_url_rule("/", "root", _nothing(world), methods=["GET", *WRITES])
    api.add_url_rule("/<path:_rest>", "nothing", _nothing(world), methods=["GET", *WRITES])
    app.register_blueprint(api)


def _view(world: World, route: Route) -> Callable[..., Response]:
    def view(**args: str) -> Response:
        return _serve(world, route, args)

    return view


def _nothing(world: World) -> Callable[..., Response]:
    """Whatever no route knows, wrong methods included, is a 404 in JSON."""

    def view(_rest: str = "") -> Response:
        return _serve(world, Route(request.method, "", _refuse, by="anyone"), {})

    return view


def _refuse(_call: Call) -> Reply:
    raise not_found()


def _serve(world: World, route: Route, args: dict[str, str]) -> Response:
    path = request.path.removeprefix(PREFIX)
    fault = world.faults.take(request.method, path)
    if isinstance(fault, Hang):
        world.faults.hold(fault)
    kind = ["anonymous"]
    reply = _fail(fault) if isinstance(fault, Fail) else _answer(world, route, path, args, kind)
    if isinstance(fault, DropReply):
        if fault.cut:
            cut_line(request.environ)
        reply = Reply(502, {"message": "Server Error"})
    query = request.query_string.decode("latin-1")
    answer = _response(reply)
    body = request.get_json(silent=True)
    world.calls.append(CallRecord(request.method, path, query, answer.status_code, kind[0], body))
    return answer


def _fail(fault: Fail) -> Reply:
    body = fault.body if fault.body is not None else {"message": "Server Error", "status": str(fault.status)}
    return Reply(fault.status, body, fault.headers)


def _answer(world: World, route: Route, path: str, args: dict[str, str], kind: list[str]) -> Reply:
    """Does the work. `kind[0]` becomes the kind of caller, for the record."""
    limits: dict[str, str] = {}
    try:
        _civil()
        with world.lock:
            caller = auth.identify(world, request.headers.get("Authorization"))
            kind[0] = caller.kind
            limits = world.limits.headers(caller.name) if path == "/rate_limit" else world.limits.spend(caller.name)
            repository = _allowed(world, route, args, caller)
            accept, root = request.headers.get("Accept", ""), request.host_url.rstrip("/") + PREFIX
            call = Call(world, caller, path, args, request.args, _body(), accept, root, repository)
            if request.method in ("POST", "PATCH", "PUT") and repository is not None:
                world.limits.create(caller.name)
            reply = route.handler(call)
    except Refusal as no:
        return Reply(no.status, no.body(), {**limits, **no.headers})
    return Reply(reply.status, reply.body, {**limits, **reply.headers}, reply.media)


def _civil() -> None:
    """https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent-required"""
    if not request.headers.get("User-Agent"):
        raise Refusal(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
            "(https://docs.github.com/rest/overview/resources-in-the-rest-api#user-agent-required).",
        )
    version = request.headers.get("X-GitHub-Api-Version", VERSIONS[0])
    if version not in VERSIONS:
        raise Refusal(400, f"'{version[:40]}' is not a supported API version.")


def _allowed(world: World, route: Route, args: dict[str, str], caller: Caller) -> Repository | None:
    """The repository of the path, if there is one. Refusals in GitHub's order: 401, 404, 403."""
    if route.by == "app" and caller.kind != "app":
        raise Refusal(401, "A JSON web token could not be decoded")
    if route.by in ("installation", "user") and caller.kind != route.by:
        status = 401 if caller.kind == "anonymous" else 403
        raise Refusal(status, "Requires authentication" if status == 401 else "Resource not accessible by integration")
    if "owner" not in args:
        return None
    repository = world.repositories.get(f"{args['owner']}/{args['repo']}".lower())
    if route.by == "app":
        if repository is None:
            raise not_found()
        return repository
    if caller.kind == "app":
        raise Refusal(401, "Bad credentials")
    if repository is None or not caller.sees(repository):
        raise not_found()
    if caller.token and caller.token.app and repository not in covered(world, caller.token.app):
        raise not_found()  # a person's token that an App was given opens nothing where the App is not
    _permitted(route, caller, repository)
    return repository


def _permitted(route: Route, caller: Caller, repository: Repository) -> None:
    match caller.kind:
        case "installation":
            if route.needs and not any(caller.permits(need) for need in route.needs):
                asked = "; ".join(need.replace(":", "=") for need in route.needs)
                headers = {"x-accepted-github-permissions": asked}
                raise Refusal(403, "Resource not accessible by integration", headers=headers)
        case "user":
            login = caller.actor().user.login
            if not repository.may(login, route.role):
                raise Refusal(403, "Must have admin rights to Repository." if route.method != "GET" else "Forbidden")
        case _:
            if route.method != "GET":
                raise Refusal(401, "Requires authentication")


def _body() -> Any:
    """The decoded body; an empty one counts as an empty object. Refusal 400 when it is not JSON."""
    raw = request.get_data()
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as trouble:
        raise Refusal(400, "Problems parsing JSON") from trouble


def _response(reply: Reply) -> Response:
    if reply.body is None:
        answer = Response(status=reply.status)
    elif isinstance(reply.body, str | bytes):
        answer = Response(reply.body, status=reply.status, content_type=reply.media)
    else:
        answer = Response(json.dumps(reply.body), status=reply.status, content_type=reply.media)
    answer.headers.update(reply.headers)
    answer.headers["x-github-request-id"] = uuid.uuid4().hex[:20].upper()
    answer.headers["x-github-media-type"] = "github.v3; format=json"
    answer.headers["x-github-api-version-selected"] = request.headers.get("X-GitHub-Api-Version", "2022-11-28")[:20]
    if request.method == "GET" and reply.status == 200:
        _tag(answer)
    return answer


def _tag(answer: Response) -> None:
    """A weak ETag, and 304 without a body when the client has it already."""
    tag = f'W/"{hashlib.sha256(answer.get_data()).hexdigest()}"'
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
    held = request.headers.get("If-None-Match", "")
    if tag.removeprefix("W/") in held:
        answer.status_code = 304
        answer.set_data(b"")


def speak_json(app: Flask) -> None:
    """Errors under /api are JSON whatever happens; elsewhere they are a plain line. Never a traceback."""

    def failed(trouble: Exception) -> Response | tuple[str, int]:
        status = trouble.code or 500 if isinstance(trouble, HTTPException) else 500
        if status >= 500:
            app.logger.exception("the emulator failed at %s %s", request.method, request.path)
        if request.path.startswith(PREFIX + "/"):
            return _response(Reply(status, {"message": "Server Error" if status >= 500 else "Not Found"}))
        words = trouble.description if isinstance(trouble, HTTPException) else None
        return f"{words or 'The emulator failed; its log says why.'}\n", status

    app.register_error_handler(Exception, failed)
