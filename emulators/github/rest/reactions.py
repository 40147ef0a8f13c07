"""Reactions to issues, comments and remarks on lines.

https://docs.github.com/rest/reactions
"""

from __future__ import annotations

from emulators.github import acts
from emulators.github.model import Reaction
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.rest.comments import COMMENT
from emulators.github.rest.issues import ONE, READ, WRITE
from emulators.github.rest.pulls import READ as REVIEW_READ
from emulators.github.rest.pulls import WRITE as REVIEW_WRITE
from emulators.github.rest.reviews import REMARK
from emulators.github.shapes import issues as shape


def list_for_issue(call: Call) -> Reply:
    return _list(call, call.issue().reactions)


def list_for_comment(call: Call) -> Reply:
    return _list(call, call.comment().reactions)


def create_for_issue(call: Call) -> Reply:
    return _create(call, call.issue().reactions)


def create_for_comment(call: Call) -> Reply:
    return _create(call, call.comment().reactions)


def list_for_remark(call: Call) -> Reply:
    return _list(call, call.remark().reactions)


def create_for_remark(call: Call) -> Reply:
    return _create(call, call.remark().reactions)


def _list(call: Call, reactions: list[Reaction]) -> Reply:
    wanted = call.query.get("content")
    found = [one for one in reactions if wanted in (None, one.content)]
    return call.page(found, lambda one: shape.reaction(call.urls, one))


def _create(call: Call, reactions: list[Reaction]) -> Reply:
    """201 when it is new, 200 when this user had reacted so already."""
    content = call.required("content", resource="Reaction")
    made, fresh = acts.react(call.world, reactions, call.actor, content)
    return Reply(201 if fresh else 200, shape.reaction(call.urls, made))


ROUTES = [
    Route("GET", f"{ONE}/reactions", list_for_issue, needs=READ),
    Route("POST", f"{ONE}/reactions", create_for_issue, needs=WRITE),
    Route("GET", f"{COMMENT}/reactions", list_for_comment, needs=READ),
    Route("POST", f"{COMMENT}/reactions", create_for_comment, needs=WRITE),
    Route("GET", f"{REMARK}/reactions", list_for_remark, needs=REVIEW_READ),
    Route("POST", f"{REMARK}/reactions", create_for_remark, needs=REVIEW_WRITE),
]
