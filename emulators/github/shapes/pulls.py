"""Pull requests and their files as JSON. Pure but for what git is asked through `comparison`."""

from __future__ import annotations

from emulators.github.comparison import Comparison
from emulators.github.git import Change
from emulators.github.model import Issue, Pull, Repository
from emulators.github.shapes import Json, Urls, issues, node_id, people, repositories, stamp_or_none

FINE = ("success", "neutral", "skipped")  # conclusions that leave a pull request clean

# What both lists share with the issue's own shape.
SHARED = (
    *("number", "state", "locked", "title", "user", "body", "labels", "milestone", "active_lock_reason"),
    *("created_at", "updated_at", "closed_at", "assignee", "assignees", "author_association", "comments_url"),
)


def pull(urls: Urls, one: Issue, it: Pull) -> Json:
    """The short form, as lists have it."""
    home, html = repositories.url(urls, one.repository), issues.page(urls, one)
    here, as_issue = f"{home}/pulls/{one.number}", issues.issue(urls, one)
    links = {
        "url": here,
        "html_url": html,
        "issue_url": as_issue["url"],
        "commits_url": f"{here}/commits",
        "review_comments_url": f"{here}/comments",
        "review_comment_url": f"{home}/pulls/comments{{/number}}",
        "statuses_url": f"{home}/statuses/{it.head_sha}",
    }
    hrefs = {
        name.removesuffix("_url"): {"href": link} for name, link in links.items() if name not in ("url", "html_url")
    }
    return {
        **{name: as_issue[name] for name in SHARED},
        **links,
        "id": it.id,
        "node_id": node_id("PR", it.id),
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "merged_at": stamp_or_none(it.merged_at),
        "merge_commit_sha": it.merge_commit_sha,
        "requested_reviewers": [people.user(urls, who) for who in it.reviewers],
        "requested_teams": [],
        "head": _end(urls, one, it.head, it.head_sha),
        "base": _end(urls, one, it.base, it.base_sha),
        "_links": {
            "self": {"href": here},
            "html": {"href": html},
            "comments": {"href": as_issue["comments_url"]},
            **hrefs,
        },
        "auto_merge": None,
        "draft": it.draft,
    }


def whole_pull(urls: Urls, one: Issue, it: Pull, compared: Comparison) -> Json:
    """What GET …/pulls/{n} and the webhooks say."""
    mergeable = compared.mergeable if one.state == "open" else None
    return pull(urls, one, it) | {
        "merged": it.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": _state(one, it, mergeable),
        "merged_by": people.user(urls, it.merged_by) if it.merged_by else None,
        "comments": len(one.comments),
        "review_comments": len(it.remarks),
        "maintainer_can_modify": False,
        "commits": len(compared.commits),
        "additions": compared.additions,
        "deletions": compared.deletions,
        "changed_files": len(compared.changes),
    }


def file(urls: Urls, repository: Repository, head_sha: str, change: Change) -> Json:
    where, html = repositories.url(urls, repository), repositories.page(urls, repository)
    shape: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{html}/blob/{head_sha}/{change.path}",
        "raw_url": f"{html}/raw/{head_sha}/{change.path}",
        "contents_url": f"{where}/contents/{change.path}?ref={head_sha}",
    }
    if change.patch is not None:
        shape["patch"] = change.patch
    if change.previous is not None:
        shape["previous_filename"] = change.previous
    return shape


def _end(urls: Urls, one: Issue, branch: str, sha: str) -> Json:
    owner = one.repository.owner
    return {
        "label": f"{owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": people.user(urls, owner),
        "repo": repositories.repository(urls, one.repository),
    }


def _state(one: Issue, it: Pull, mergeable: bool | None) -> str:
    if mergeable is None:
        return "unknown"
    if not mergeable:
        return "dirty"
    if it.draft:
        return "draft"
    if one.repository.expected(it.head_sha):
        return "blocked"
    told = one.repository.checks.get(it.head_sha, [])
    return "clean" if all(check.conclusion in FINE for check in told) else "unstable"
