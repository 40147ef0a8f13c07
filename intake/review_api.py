"""`/api/review`: changes that wait for a person, and the decision on them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from intake import shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Conflict, Unknown
from jobs import held
from jobs.bootstrap import Services
from store import held_changes, tasks
from store.errors import AlreadyDecided, NotHeld
from store.records import HeldChange, Task

LARGEST = 16 * 1024  # bytes
_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 409, 413, 422, 500, 503)
}


def routes(services: Services) -> APIBlueprint:
    """The addresses of held changes."""
    api = APIBlueprint(
        "review", __name__, url_prefix="/api/review", abp_tags=[Tag(name="review")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip

    @api.before_request
    def _who() -> None:
        g.caller = check(services.config, request.method, request.headers)
        request.max_content_length = LARGEST
        if request.method == "POST":
            require_json()

    @api.get("/<task_id>", responses={"200": shapes.HeldShape})
    def read_held(path: shapes.TaskPath) -> Answered:
        """What of a task waits, or waited last: why, the whole diff, the decision."""
        return shapes.held(_found(services, path.task_id))

    @api.post("/approve", responses={"200": shapes.TaskShape})
    def approve(body: shapes.ReviewBody) -> Answered:
        """Push the change that waits, as it was shown, and open its pull request."""
        return shapes.task(_decided(held.approve, services, body, g.caller), None)

    @api.post("/reject", responses={"200": shapes.TaskShape})
    def reject(body: shapes.ReviewBody) -> Answered:
        """End the task without the change."""
        return shapes.task(_decided(held.reject, services, body, g.caller), None)

    return api


def _decided(decide: Callable[..., Task], services: Services, body: shapes.ReviewBody, by: str) -> Task:
    """Raises NotFound; Conflict when nothing waits, or somebody was faster."""
    try:
        return decide(services, body.task_id, by=by)
    except (NotHeld, AlreadyDecided) as late:
        raise Conflict(str(late)) from late


def _found(services: Services, task_id: str) -> HeldChange:
    found = held_changes.shown(services.db, tasks.get(services.db, task_id).run_id)
    if found is None:
        raise Unknown("nothing of this task waits or waited for a person")
    return found
