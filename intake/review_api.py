"""`/api/review`: changes and pull requests that wait for a person, and the decision on them.

These are the only requests that are answered with GitHub's help: a person waits for them, and no webhook does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from intake import review_shapes, shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Conflict, Forbidden, GitHubAway, Invalid, Unknown
from jobs import held, merging, pull_view
from jobs.bootstrap import Services
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.merging import CannotDecide, NotPermitted
from jobs.pull_view import NoPull
from store import held_changes, tasks
from store.errors import AlreadyDecided, NotHeld
from store.records import HeldChange, Task

LARGEST = 512 * 1024  # bytes
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

    @api.get("/<task_id>/pull", responses={"200": review_shapes.PullShape})
    def read_pull(path: shapes.TaskPath) -> Answered:
        """The pull request as it stands at GitHub: whether it can be merged, its checks, its files."""
        with github_spoke():
            return review_shapes.pull(pull_view.look(services, tasks.get(services.db, path.task_id)))

    @api.post("/merge", responses={"200": review_shapes.MergedShape})
    def merge(body: review_shapes.MergeBody) -> Answered:
        """Merge the commit that was looked at, if it still is the pull request's."""
        with github_spoke():
            how: dict[str, Any] = {"head_sha": body.head_sha, "method": body.method}
            return review_shapes.merged(merging.merge(services, body.task_id, **_whose(body), **how))

    @api.post("/reject", responses={"200": shapes.TaskShape})
    def reject(body: review_shapes.RejectBody) -> Answered:
        """End the task without the change that waits; or close its pull request, with the reason as a comment."""
        if tasks.get(services.db, body.task_id).pr_number is None:
            return shapes.task(_decided(held.reject, services, body, g.caller), None)
        if held_changes.waiting(services.db, body.task_id) is not None:
            return shapes.task(_decided(held.reject, services, body, g.caller), None)
        with github_spoke():
            return shapes.task(merging.reject(services, body.task_id, **_whose(body), reason=body.reason), None)

    @api.post("/request-changes", responses={"200": review_shapes.FollowUpShape})
    def request_changes(body: review_shapes.ChangesBody) -> Answered:
        """Have the agent go on with the pull request."""
        if services.config.is_production and body.requested_by is None:
            raise Invalid("requested_by: name the GitHub login on whose behalf this is")
        with github_spoke():
            one = merging.request_changes(services, body.task_id, **_whose(body), words=body.words)
            return {"id": one.id, "task_id": one.task_id, "requested_by": one.requested_by}

    return api


def _whose(body: review_shapes.Decision) -> dict[str, Any]:
    """Without a login it is the operator's own decision: embedded whoever sits there, else who has the API's token."""
    return {"by": body.requested_by or g.caller, "login": body.requested_by}


def _decided(
    decide: Callable[..., Task], services: Services, body: shapes.ReviewBody | review_shapes.Decision, by: str
) -> Task:
    """Raises NotFound; Conflict when nothing waits, or somebody was faster."""
    try:
        return decide(services, body.task_id, by=by)
    except (NotHeld, AlreadyDecided) as late:
        raise Conflict(str(late)) from late


@contextmanager
def github_spoke() -> Iterator[None]:
    """What GitHub and the deciding say, in the one shape of errors. Raises Forbidden, Conflict, Unknown, GitHubAway."""
    try:
        yield
    except NotPermitted as refusal:
        raise Forbidden(str(refusal)) from refusal
    except NoPull as nothing:
        raise Unknown(str(nothing)) from nothing
    except (CannotDecide, GitHubRefused) as refusal:
        raise Conflict(str(refusal)) from refusal
    except GitHubUnavailable as away:
        raise GitHubAway(str(away), action="try again in a moment") from away


def _found(services: Services, task_id: str) -> HeldChange:
    found = held_changes.shown(services.db, tasks.get(services.db, task_id).run_id)
    if found is None:
        raise Unknown("nothing of this task waits or waited for a person")
    return found
