"""Repositories, branches, trees and files as JSON. Pure."""

from __future__ import annotations

import base64
from pathlib import PurePosixPath
from typing import Any

from emulators.github.git import Commit, Entry
from emulators.github.model import ROLES, Repository
from emulators.github.shapes import Json, Urls, node_id, people, stamp

# Name of the field → what follows the repository's own URL.
LINKS = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
ZEROES = ("size", "stargazers_count", "watchers_count", "forks_count", "forks", "watchers")
ON = ("has_issues", "has_projects", "has_downloads", "has_wiki")
OFF = ("has_pages", "has_discussions", "archived", "disabled", "is_template", "web_commit_signoff_required")
NOTHING = ("homepage", "language", "mirror_url", "license")
WHOLE_FILE = 1_000_000  # bytes; above it GitHub answers without the content
ROLE_FLAGS = ("admin", "maintain", "write", "triage", "read")


def url(urls: Urls, one: Repository) -> str:
    return f"{urls.api}/repos/{one.full_name}"


def page(urls: Urls, one: Repository) -> str:
    return f"{urls.web}/{one.full_name}"


def repository(urls: Urls, one: Repository) -> Json:
    opened = sum(issue.state == "open" for issue in one.issues.values())
    host = urls.web.split("://", 1)[-1]
    return {
        "id": one.id,
        "node_id": node_id("R", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "private": one.private,
        "owner": people.user(urls, one.owner),
        "html_url": page(urls, one),
        "description": one.description or None,
        "fork": False,
        "url": url(urls, one),
        **{name: url(urls, one) + rest for name, rest in LINKS.items()},
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.pushed_at),
        "pushed_at": stamp(one.pushed_at),
        "git_url": f"git://{host}/{one.full_name}.git",
        "ssh_url": f"git@{host}:{one.full_name}.git",
        "clone_url": f"{page(urls, one)}.git",
        "svn_url": page(urls, one),
        "default_branch": one.default_branch,
        "open_issues": opened,
        "open_issues_count": opened,
        "topics": [],
        "custom_properties": {},
        "visibility": "private" if one.private else "public",
        "allow_forking": True,
        **dict.fromkeys(ZEROES, 0),
        **dict.fromkeys(ON, True),
        **dict.fromkeys(OFF, False),
        **dict.fromkeys(NOTHING),
    }


def whole_repository(urls: Urls, one: Repository) -> Json:
    """What GET /repos/{owner}/{repo} says."""
    merging = {f"allow_{method}": True for method in ("merge_commit", "squash_merge", "rebase_merge")}
    counts = {"network_count": 0, "subscribers_count": 0}
    return repository(urls, one) | merging | counts | {"delete_branch_on_merge": False, "allow_auto_merge": False}


def pushed_repository(urls: Urls, one: Repository) -> Json:
    """As `push` webhooks have it: times in seconds, the page as `url`, and more of the owner."""
    owner = people.user(urls, one.owner) | {
        "name": one.owner.login,
        "email": f"{one.owner.login}@users.noreply.github.com",
    }
    times = {"created_at": int(one.created_at.timestamp()), "pushed_at": int(one.pushed_at.timestamp())}
    old = {"stargazers": 0, "master_branch": one.default_branch}
    return repository(urls, one) | times | old | {"owner": owner, "url": page(urls, one)}


def brief(one: Repository) -> Json:
    """As installation webhooks list them."""
    named = {"id": one.id, "node_id": node_id("R", one.id), "name": one.name}
    return named | {"full_name": one.full_name, "private": one.private}


def permission(urls: Urls, one: Repository, who: Any) -> Json:
    """What a collaborator may do: `permission` knows only admin, write, read, none; `role_name` knows all."""
    role = one.role(who.login)
    word, height = ROLES[role]
    flags = {("push" if f == "write" else "pull" if f == "read" else f): height >= ROLES[f][1] for f in ROLE_FLAGS}
    return {
        "permission": word,
        "role_name": role,
        "user": people.user(urls, who) | {"permissions": flags, "role_name": role},
    }


def commit(urls: Urls, one: Repository, it: Commit) -> Json:
    home, person = url(urls, one), {"name": it.author_name, "email": it.author_email, "date": it.date}
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "sha": it.sha,
        "node_id": node_id("C", it.sha),
        "url": f"{home}/commits/{it.sha}",
        "html_url": f"{page(urls, one)}/commit/{it.sha}",
        "comments_url": f"{home}/commits/{it.sha}/comments",
        "commit": {
            "author": person,
            "committer": person,
            "message": it.message,
            "tree": {"sha": it.tree, "url": f"{home}/git/trees/{it.tree}"},
            "url": f"{home}/git/commits/{it.sha}",
            "comment_count": 0,
            "verification": unsigned,
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": sha, "url": f"{home}/commits/{sha}", "html_url": f"{page(urls, one)}/commit/{sha}"}
            for sha in it.parents
        ],
    }


def branch(urls: Urls, one: Repository, name: str, tip: Commit) -> Json:
    here = f"{url(urls, one)}/branches/{name}"
    return {
        "name": name,
        "commit": commit(urls, one, tip),
        "_links": {"self": here, "html": f"{page(urls, one)}/tree/{name}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{here}/protection",
    }


def ref(urls: Urls, one: Repository, name: str, sha: str) -> Json:
    home = url(urls, one)
    pointed = {"sha": sha, "type": "commit", "url": f"{home}/git/commits/{sha}"}
    return {"ref": name, "node_id": node_id("REF", name), "url": f"{home}/git/{name}", "object": pointed}


def tree(urls: Urls, one: Repository, sha: str, entries: list[Entry]) -> Json:
    home = f"{url(urls, one)}/git"
    return {"sha": sha, "url": f"{home}/trees/{sha}", "truncated": False, "tree": [_leaf(home, e) for e in entries]}


def _leaf(home: str, entry: Entry) -> Json:
    shape: Json = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
    if entry.size is not None:
        shape["size"] = entry.size
    return shape | {"url": f"{home}/{'blobs' if entry.kind == 'blob' else 'trees'}/{entry.sha}"}


def content(urls: Urls, one: Repository, path: str, at: str, *, kind: str, sha: str, size: int) -> Json:
    """A file or folder as a directory lists it. `kind` is file or dir."""
    here = f"{url(urls, one)}/contents/{path}?ref={at}"
    is_file = kind == "file"
    blob = f"{url(urls, one)}/git/{'blobs' if is_file else 'trees'}/{sha}"
    html = f"{page(urls, one)}/{'blob' if is_file else 'tree'}/{at}/{path}"
    return {
        "name": PurePosixPath(path).name,
        "path": path,
        "sha": sha,
        "size": size,
        "url": here,
        "html_url": html,
        "git_url": blob,
        "download_url": f"{page(urls, one)}/raw/{at}/{path}" if is_file else None,
        "type": kind,
        "_links": {"self": here, "git": blob, "html": html},
    }


def file(urls: Urls, one: Repository, path: str, at: str, *, sha: str, data: bytes) -> Json:
    """A file with its content, in base64 broken into lines as GitHub does."""
    shape = content(urls, one, path, at, kind="file", sha=sha, size=len(data))
    if len(data) > WHOLE_FILE:
        return shape | {"content": "", "encoding": "none"}
    return shape | {"content": base64.encodebytes(data).decode(), "encoding": "base64"}
