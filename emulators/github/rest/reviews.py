"""Reviews of pull requests, and remarks on their lines.

https://docs.github.com/rest/pulls/reviews, https://docs.github.com/rest/pulls/comments
"""

from __future__ import annotations

from typing import Any

from emulators.github import reviews as deeds
from emulators.github.errors import Refusal, invalid
from emulators.github.rest.call import Call, Reply, Route, shown
from emulators.github.rest.pulls import ONE, PULLS, READ, WRITE
from emulators.github.shapes import reviews as shape

REVIEW = f"{ONE}/reviews/{{review_id}}"
REMARK = f"{PULLS}/comments/{{comment_id}}"


def list_reviews(call: Call) -> Reply:
    return call.page(call.pull()[1].reviews, lambda one: shape.review(call.urls, one))


def create_review(call: Call) -> Reply:
    """Submitted at once: what GitHub calls a pending review is not played."""
    issue, it = call.pull()
    event = call.field("event", str)
    if event is None:
        raise Refusal(422, "The emulator submits reviews at once: give an `event`.")
    body, drafts = call.field("body", str) or "", [_draft(one) for one in call.field("comments", list) or []]
    made = deeds.submit(call.world, issue, it, call.actor, event=event, body=body, drafts=drafts)
    return Reply(200, shape.review(call.urls, made))


def get_review(call: Call) -> Reply:
    return Reply(200, shape.review(call.urls, call.review()))


def list_of_review(call: Call) -> Reply:
    return call.page(call.review().comments, lambda one: shape.remark(call.urls, one))


def list_remarks(call: Call) -> Reply:
    return call.page(call.pull()[1].remarks, lambda one: shape.remark(call.urls, one))


def create_remark(call: Call) -> Reply:
    """A lone remark, which on GitHub is a review without words that holds it."""
    issue, it = call.pull()
    if call.field("commit_id", str, resource="PullRequestReviewComment") != it.head_sha:
        raise invalid("PullRequestReviewComment", "invalid", "commit_id")
    drafts = [_draft(call.fields())]
    try:
        made = deeds.submit(call.world, issue, it, call.actor, event="COMMENT", body="", drafts=drafts)
    except Refusal as no:  # the same refusal, in the other shape that this address has
        raise invalid("PullRequestReviewComment", "custom", None, "; ".join(map(str, no.errors))) from no
    return _created(call, made.comments[0])


def reply(call: Call) -> Reply:
    issue, it = call.pull()
    to = call.remark()
    if to.review.issue is not issue:
        raise Refusal(404, "Not Found")
    body = call.required("body", resource="PullRequestReviewComment")
    return _created(call, deeds.reply(call.world, issue, it, call.actor, to, body))


def get_remark(call: Call) -> Reply:
    return Reply(200, shape.remark(call.urls, call.remark()))


def _created(call: Call, made: Any) -> Reply:
    answer = shape.remark(call.urls, made)
    return Reply(201, answer, {"Location": answer["url"]})


def _draft(fields: Any) -> deeds.Draft:
    """Refusal 422 when a field is missing or of another type."""
    path, line, body = (fields.get(name) if isinstance(fields, dict) else None for name in ("path", "line", "body"))
    if not (isinstance(path, str) and isinstance(line, int) and isinstance(body, str)):
        raise Refusal(422, f"Invalid request.\n\n{shown(fields)} needs a path, a line and a body.")
    side = fields.get("side", "RIGHT")
    if side not in ("LEFT", "RIGHT"):
        raise invalid("PullRequestReviewComment", "invalid", "side")
    return deeds.Draft(path, line, body, side)


ROUTES = [
    Route("GET", f"{ONE}/reviews", list_reviews, needs=READ),
    Route("POST", f"{ONE}/reviews", create_review, needs=WRITE),
    Route("GET", REVIEW, get_review, needs=READ),
    Route("GET", f"{REVIEW}/comments", list_of_review, needs=READ),
    Route("GET", f"{ONE}/comments", list_remarks, needs=READ),
    Route("POST", f"{ONE}/comments", create_remark, needs=WRITE),
    Route("POST", f"{ONE}/comments/{{comment_id}}/replies", reply, needs=WRITE),
    Route("GET", REMARK, get_remark, needs=READ),
]
