"""Reviews and remarks on lines as JSON. Pure."""

from __future__ import annotations

from emulators.github.model import Review, ReviewComment
from emulators.github.shapes import Json, Urls, issues, node_id, people, repositories, stamp


def review(urls: Urls, one: Review, *, told: bool = False) -> Json:
    """`told`: as a webhook has it, where the state is in small letters and an empty body is null."""
    pull = _pull_url(urls, one)
    html = f"{issues.page(urls, one.issue)}#pullrequestreview-{one.id}"
    return {
        "id": one.id,
        "node_id": node_id("PRR", one.id),
        "user": people.user(urls, one.actor.user),
        "body": (one.body or None) if told else one.body,
        "state": one.state.lower() if told else one.state,
        "html_url": html,
        "pull_request_url": pull,
        "author_association": people.association(one.issue.repository, one.actor.user),
        "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
        "submitted_at": stamp(one.submitted_at),
        "commit_id": one.commit_id,
    }


def remark(urls: Urls, one: ReviewComment) -> Json:
    of = one.review
    here = f"{repositories.url(urls, of.issue.repository)}/pulls/comments/{one.id}"
    pull, html = _pull_url(urls, of), f"{issues.page(urls, of.issue)}#discussion_r{one.id}"
    shape: Json = {
        "url": here,
        "pull_request_review_id": of.id,
        "id": one.id,
        "node_id": node_id("PRRC", one.id),
        "diff_hunk": one.hunk,
        "path": one.path,
        "position": one.position,
        "original_position": one.position,
        "commit_id": of.commit_id,
        "original_commit_id": of.commit_id,
        "user": people.user(urls, of.actor.user),
        "body": one.body,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "html_url": html,
        "pull_request_url": pull,
        "author_association": people.association(of.issue.repository, of.actor.user),
        "_links": {"self": {"href": here}, "html": {"href": html}, "pull_request": {"href": pull}},
        "reactions": issues.rollup(f"{here}/reactions", one.reactions),
        "start_line": None,
        "original_start_line": None,
        "start_side": None,
        "line": one.line,
        "original_line": one.line,
        "side": one.side,
        "subject_type": "line",
    }
    return shape | ({"in_reply_to_id": one.answers.id} if one.answers else {})


def _pull_url(urls: Urls, one: Review) -> str:
    return f"{repositories.url(urls, one.issue.repository)}/pulls/{one.issue.number}"
