"""What people and Apps say of a pull request's lines. Call under `world.lock`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.github import acts, pulls
from emulators.github.errors import Refusal, invalid
from emulators.github.model import Actor, Issue, Pull, Review, ReviewComment
from emulators.github.pages import diff
from emulators.github.shapes import pulls as pull_shape
from emulators.github.shapes import reviews as shape

if TYPE_CHECKING:
    from emulators.github.world import World

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


@dataclass(frozen=True)
class Draft:
    """A remark before it is made: `line` of the file at `path`, 1-based, on `side` RIGHT (after) or LEFT (before)."""

    path: str
    line: int
    body: str
    side: str = "RIGHT"


def submit(world: World, issue: Issue, it: Pull, actor: Actor, *, event: str, body: str, drafts: list[Draft]) -> Review:
    """A review with its remarks: one event for the review, then one for each remark. `event` is a key of STATES.

    Refusal 422 when there is nothing in it, when it judges the reviewer's own work, or names a line outside the diff.
    """
    if event not in STATES:
        raise _refused("Event is not one of APPROVE, REQUEST_CHANGES, COMMENT")
    if event != "APPROVE" and not body.strip() and not drafts:
        raise _refused("Review body can't be blank")
    if event != "COMMENT" and actor.user is issue.actor.user:
        deed = "approve" if event == "APPROVE" else "request changes on"
        raise _refused(f"Can not {deed} your own pull request")
    if len(body) > acts.MAX_BODY:
        raise _refused(f"Body is too long (maximum is {acts.MAX_BODY} characters)")
    pulls.refresh(issue, it)
    made = Review(world.next_id(), issue, actor, body, STATES[event], it.head_sha, world.clock())
    made.comments = [_remark(world, made, it, draft) for draft in drafts]
    return _told(world, issue, it, made)


def reply(world: World, issue: Issue, it: Pull, actor: Actor, to: ReviewComment, body: str) -> ReviewComment:
    """An answer in a remark's thread; on GitHub it is a small review of its own. Refusal 422 for one to an answer."""
    acts.check_comment(body)
    if to.answers is not None:
        raise invalid("PullRequestReviewComment", "invalid", "in_reply_to")
    now = world.clock()
    made = Review(world.next_id(), issue, actor, "", "COMMENTED", it.head_sha, now)
    one = ReviewComment(
        world.next_id(), made, to.path, to.line, to.side, to.hunk, to.position, body, now, now, answers=to
    )
    made.comments = [one]
    _told(world, issue, it, made)
    return one


def _remark(world: World, review: Review, it: Pull, draft: Draft) -> ReviewComment:
    acts.check_comment(draft.body)
    found = next((one for one in pulls.compared(review.issue, it).changes if one.path == draft.path), None)
    if found is None:
        raise _refused("Path could not be resolved")
    hunk, position = _place(found.patch, draft)
    now = world.clock()
    return ReviewComment(
        world.next_id(), review, draft.path, draft.line, draft.side, hunk, position, draft.body, now, now
    )


def _place(patch: str | None, draft: Draft) -> tuple[str, int]:
    """The hunk down to the line, and how many lines of the diff stand above it. Refusal 422 outside the diff."""
    signs = {"add": "+", "del": "-", "same": " "}
    shown: list[str] = []
    for position, row in enumerate(diff.rows(patch)):
        shown = [row.text] if row.kind == "hunk" else [*shown, signs.get(row.kind, "") + row.text]
        number = row.old if draft.side == "LEFT" else row.new
        if number == draft.line:
            return "\n".join(shown), position
    raise _refused("Line could not be resolved")


def _refused(words: str) -> Refusal:
    """For reviews GitHub's errors are sentences, not objects."""
    return Refusal(422, "Unprocessable Entity", errors=[words])


def _told(world: World, issue: Issue, it: Pull, made: Review) -> Review:
    it.reviews.append(made)
    it.reviewers = [one for one in it.reviewers if one is not made.actor.user]
    issue.updated_at = made.submitted_at
    around = {"pull_request": pull_shape.pull(world.urls, issue, it)}
    payload = {"action": "submitted", "review": shape.review(world.urls, made, told=True), **around}
    world.announce("pull_request_review", issue.repository, made.actor.user, payload)
    for one in made.comments:
        payload = {"action": "created", "comment": shape.remark(world.urls, one), **around}
        world.announce("pull_request_review_comment", issue.repository, made.actor.user, payload)
    return made
