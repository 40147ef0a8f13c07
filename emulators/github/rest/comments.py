"""Comments on issues and pull requests.

https://docs.github.com/rest/issues/comments
"""

from __future__ import annotations

from datetime import datetime

from emulators.github import acts
from emulators.github.errors import Refusal
from emulators.github.model import Comment
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.rest.issues import ISSUES, ONE, READ, WRITE
from emulators.github.shapes import issues as shape

COMMENT = f"{ISSUES}/comments/{{comment_id}}"


def list_comments(call: Call) -> Reply:
    """Oldest first; `since` keeps those changed at or after that time."""
    found, since = call.issue().comments, call.query.get("since")
    if since:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError as trouble:
            raise Refusal(422, "Invalid request.\n\n'since' is not a date.") from trouble
        aware = moment if moment.tzinfo else moment.astimezone()
        found = [one for one in found if one.updated_at >= aware]
    return call.page(found, lambda one: shape.comment(call.urls, one))


def create_comment(call: Call) -> Reply:
    body = call.required("body", resource="IssueComment")
    made = acts.comment(call.world, call.issue(), call.actor, body)
    answer = shape.comment(call.urls, made)
    return Reply(201, answer, {"Location": answer["url"]})


def get_comment(call: Call) -> Reply:
    return Reply(200, shape.comment(call.urls, call.comment()))


def edit_comment(call: Call) -> Reply:
    body, one = call.required("body", resource="IssueComment"), _own(call)
    acts.edit_comment(call.world, one, call.actor, body)
    return Reply(200, shape.comment(call.urls, one))


def delete_comment(call: Call) -> Reply:
    acts.delete_comment(call.world, _own(call), call.actor)
    return Reply(204)


def _own(call: Call) -> Comment:
    """Apps may change any comment; people theirs, or any when they may write."""
    one, who = call.comment(), call.actor
    if who.app is None and who.user is not one.actor.user and not call.repository.may(who.user.login, "write"):
        raise Refusal(403, "Must have admin rights to Repository.")
    return one


ROUTES = [
    Route("GET", f"{ONE}/comments", list_comments, needs=READ),
    Route("POST", f"{ONE}/comments", create_comment, needs=WRITE),
    Route("GET", COMMENT, get_comment, needs=READ),
    Route("PATCH", COMMENT, edit_comment, needs=WRITE),
    Route("DELETE", COMMENT, delete_comment, needs=WRITE),
]
