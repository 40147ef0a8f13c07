"""Issues, comments, labels and reactions as JSON. Pure."""

from __future__ import annotations

from urllib.parse import quote

from emulators.github.model import Comment, Issue, Label, Reaction, Repository
from emulators.github.shapes import Json, Urls, node_id, people, repositories, stamp, stamp_or_none

CONTENTS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def url(urls: Urls, one: Issue) -> str:
    return f"{repositories.url(urls, one.repository)}/issues/{one.number}"


def page(urls: Urls, one: Issue) -> str:
    return f"{repositories.page(urls, one.repository)}/{'pull' if one.pull else 'issues'}/{one.number}"


def issue(urls: Urls, one: Issue) -> Json:
    """A pull request looks like an issue here, with `pull_request` added."""
    here = url(urls, one)
    shape: Json = {
        "url": here,
        "repository_url": repositories.url(urls, one.repository),
        "labels_url": f"{here}/labels{{/name}}",
        "comments_url": f"{here}/comments",
        "events_url": f"{here}/events",
        "html_url": page(urls, one),
        "id": one.id,
        "node_id": node_id("PR" if one.pull else "I", one.id),
        "number": one.number,
        "title": one.title,
        "user": people.user(urls, one.actor.user),
        "labels": [label(urls, one.repository, it) for it in one.labels],
        "state": one.state,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(one.comments),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": stamp_or_none(one.closed_at),
        "author_association": people.author_of(one),
        "active_lock_reason": None,
        "draft": bool(one.pull and one.pull.draft),
        "body": one.body,
        "closed_by": people.user(urls, one.closed_by) if one.closed_by else None,
        "reactions": rollup(f"{here}/reactions", one.reactions),
        "timeline_url": f"{here}/timeline",
        "performed_via_github_app": people.app_or_none(urls, one.actor.app),
        "state_reason": one.state_reason,
    }
    return shape | (_pull_part(urls, one) if one.pull else {})


def _pull_part(urls: Urls, one: Issue) -> Json:
    html = page(urls, one)
    return {
        "pull_request": {
            "url": f"{repositories.url(urls, one.repository)}/pulls/{one.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "merged_at": stamp_or_none(one.pull.merged_at if one.pull else None),
        },
    }


def comment(urls: Urls, one: Comment) -> Json:
    here = f"{repositories.url(urls, one.issue.repository)}/issues/comments/{one.id}"
    return {
        "url": here,
        "html_url": f"{page(urls, one.issue)}#issuecomment-{one.id}",
        "issue_url": url(urls, one.issue),
        "id": one.id,
        "node_id": node_id("IC", one.id),
        "user": people.user(urls, one.actor.user),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "author_association": people.association(one.issue.repository, one.actor.user),
        "body": one.body,
        "reactions": rollup(f"{here}/reactions", one.reactions),
        "performed_via_github_app": people.app_or_none(urls, one.actor.app),
    }


def label(urls: Urls, repository: Repository, one: Label) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("LA", one.id),
        "url": f"{repositories.url(urls, repository)}/labels/{quote(one.name)}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description or None,
    }


def reaction(urls: Urls, one: Reaction) -> Json:
    return {
        "id": one.id,
        "node_id": node_id("REA", one.id),
        "user": people.user(urls, one.user),
        "content": one.content,
        "created_at": stamp(one.created_at),
    }


def rollup(url: str, reactions: list[Reaction]) -> Json:
    counts = {content: sum(one.content == content for one in reactions) for content in CONTENTS}
    return {"url": url, "total_count": len(reactions), **counts}
