"""One shape for every error, and a request id in every answer."""

from __future__ import annotations

import json
import logging
import re
import uuid
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, jsonify, request
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from intake.errors import Conflict, DatabaseAway, IntakeError, Malformed, NotReady, Unknown
from jobs.errors import JobError
from store.errors import IllegalMove, NotFound, VaultError

log = logging.getLogger(__name__)

# Not Flask's own alias: flask-openapi3 evaluates annotations, and that one names what only type checkers import.
Answered = Response | dict[str, Any] | tuple[Any, int] | tuple[Any, int, dict[str, str]]

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADER = "X-Request-Id"


def request_id() -> str:
    """The caller's own id for this request, if it is fit to be logged; else a new one."""
    if "request_id" not in g:
        given = request.headers.get(_HEADER, "")
        g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
    return str(g.request_id)


def install(app: Flask) -> None:
    """Give the app its error answers and its headers."""
    app.after_request(_headers)
    app.register_error_handler(IntakeError, _answer)
    app.register_error_handler(NotFound, lambda error: _answer(Unknown(f"there is no such {error.kind}")))
    app.register_error_handler(IllegalMove, lambda error: _answer(Conflict(str(error))))
    for away in (OperationalError, InterfaceError, InternalError, PoolTimeout):
        app.register_error_handler(away, _database_away)
    for unready in (VaultError, JobError):
        app.register_error_handler(unready, _not_ready)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def invalid(error: ValidationError) -> Response:
    """The answer to a request whose fields do not fit; the input is not repeated in it."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{'.'.join(str(part) for part in fault['loc']) or 'the body'}: {fault['msg']}" for fault in faults[:5]]
    return _shape(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "; ".join(said))


def require_json() -> None:
    """Raises Malformed for a body that is not a JSON object."""
    body = request.get_data()
    if not body:
        return
    try:
        if not isinstance(json.loads(body), dict):
            raise Malformed("the body is not a JSON object")
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None
    if not request.is_json:
        raise Malformed("the body is JSON, but the header Content-Type is not application/json")


def _headers(response: Response) -> Response:
    response.headers[_HEADER] = request_id()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _answer(error: IntakeError) -> Response:
    return _shape(error.status, error.code, error.message, error.action, error.action_url)


def _database_away(error: Exception) -> Response:
    extra = {"action": "database_away", "request": request_id(), "error": type(error).__name__}
    log.error("the database cannot be reached", extra=extra)
    return _answer(DatabaseAway("Porter cannot reach its database; nothing was done", action="try again in a moment"))


def _not_ready(error: Exception) -> Response:
    extra = {"action": "not_ready", "request": request_id(), "error": type(error).__name__}
    log.error("a request cannot be served the way Porter is configured", extra=extra)
    return _answer(NotReady(str(error), action="see docs/configuration.md"))


def _http(error: HTTPException) -> Response:
    if isinstance(error.response, Response):  # aborted with an answer that is already in shape
        return error.response
    status = HTTPStatus(error.code or 500)
    code = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large"}.get(status, status.phrase.lower().replace(" ", "_"))
    response = _shape(status, code, _SAID.get(status, status.description or status.phrase))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    extra = {"action": "unexpected", "request": request_id(), "path": request.path}
    log.error("a request failed unexpectedly", exc_info=error, extra=extra)
    said = f"Something went wrong inside Porter; its log tells what, under request {request_id()}"
    return _shape(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", said)


def _shape(
    status: HTTPStatus, code: str, message: str, action: str | None = None, action_url: str | None = None
) -> Response:
    body = {"error": code, "message": message, "action": action, "actionUrl": action_url}
    response = jsonify({name: value for name, value in body.items() if value is not None})
    response.status_code = status
    return response


_SAID = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than this address takes",
}
