"""Pull requests.

https://docs.github.com/rest/pulls
"""

from __future__ import annotations

from emulators.github import acts
from emulators.github import pulls as deeds
from emulators.github.errors import Refusal, invalid
from emulators.github.model import Issue
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.shapes import pulls as shape
from emulators.github.shapes import repositories

PULLS = "/repos/{owner}/{repo}/pulls"
ONE = f"{PULLS}/{{pull_number}}"
READ, WRITE = ("pull_requests:read",), ("pull_requests:write",)
METHODS = ("merge", "squash", "rebase")


def list_pulls(call: Call) -> Reply:
    """Newest first. `head` is `owner:branch`; another form matches nothing it should, and GitHub then ignores it."""
    state, base, head = call.query.get("state", "open"), call.query.get("base"), call.query.get("head", "")
    if state not in ("open", "closed", "all"):
        raise invalid("PullRequest", "invalid", "state")
    owner, colon, branch = head.partition(":")
    ours = owner.lower() == call.repository.owner.login.lower()
    found = [
        (one, one.pull)
        for one in sorted(call.repository.issues.values(), key=lambda one: -one.number)
        if one.pull
        and state in ("all", one.state)
        and base in (None, one.pull.base)
        and (not colon or (ours and one.pull.head == branch))
    ]
    if call.query.get("direction") == "asc":
        found.reverse()
    return call.page(found, lambda pair: shape.pull(call.urls, *pair))


def create_pull(call: Call) -> Reply:
    made = deeds.open_pull(
        call.world,
        call.repository,
        call.actor,
        title=call.required("title", resource="PullRequest"),
        body=call.field("body", str),
        head=call.required("head", resource="PullRequest"),
        base=call.required("base", resource="PullRequest"),
        draft=bool(call.field("draft", bool)),
    )
    answer = deeds.whole(call.world, made)
    return Reply(201, answer, {"Location": answer["url"]})


def get_pull(call: Call) -> Reply:
    """JSON, or the diff when `Accept` asks for `application/vnd.github.diff`."""
    issue, it = call.pull()
    if "vnd.github" in call.accept and "diff" in call.accept:
        diff = call.repository.git.diff(it.base_sha, it.head_sha)
        return Reply(200, diff, media="application/vnd.github.diff; charset=utf-8")
    return Reply(200, deeds.whole(call.world, issue))


def edit_pull(call: Call) -> Reply:
    issue, it = call.pull()
    state, base = call.field("state", str), call.field("base", str)
    if state not in (None, "open", "closed"):
        raise invalid("PullRequest", "invalid", "state")
    if base is not None:
        sha = call.repository.git.sha(f"refs/heads/{base}")
        if sha is None:
            raise invalid("PullRequest", "invalid", "base")
        it.base, it.base_sha = base, sha
    acts.edit_issue(call.world, issue, call.actor, title=call.field("title", str), body=call.field("body", str))
    if state is not None:
        _move(call, issue, state)
    return Reply(200, deeds.whole(call.world, issue))


def _move(call: Call, issue: Issue, state: str) -> None:
    it = issue.pull
    if state == "open" and it and (it.merged_at or call.repository.git.sha(f"refs/heads/{it.head}") is None):
        raise invalid(
            "PullRequest", "invalid", "state", "state cannot be changed. The pull request cannot be reopened."
        )
    acts.set_state(call.world, issue, call.actor, state)


def list_files(call: Call) -> Reply:
    issue, it = call.pull()
    return call.page(
        deeds.compared(issue, it).changes, lambda one: shape.file(call.urls, call.repository, it.head_sha, one)
    )


def list_commits(call: Call) -> Reply:
    issue, it = call.pull()
    return call.page(
        deeds.compared(issue, it).commits, lambda one: repositories.commit(call.urls, call.repository, one)
    )


def request_reviewers(call: Call) -> Reply:
    issue, it = call.pull()
    logins = call.names("reviewers") or []
    if not logins and not call.names("team_reviewers"):
        raise Refusal(422, "Invalid request.\n\nNeither 'reviewers' nor 'team_reviewers' was supplied.")
    deeds.request_reviewers(call.world, issue, it, call.actor, logins)
    return Reply(201, shape.pull(call.urls, issue, it))


def merge_pull(call: Call) -> Reply:
    issue, it = call.pull()
    method = call.field("merge_method", str) or "merge"
    if method not in METHODS:
        raise invalid("PullRequest", "invalid", "merge_method")
    title, sha = call.field("commit_title", str), call.field("sha", str)
    made = deeds.merge_pull(call.world, issue, it, call.actor, method=method, sha=sha, title=title)
    return Reply(200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"})


ROUTES = [
    Route("GET", PULLS, list_pulls, needs=READ),
    Route("POST", PULLS, create_pull, needs=WRITE, role="write"),
    Route("GET", ONE, get_pull, needs=READ),
    Route("PATCH", ONE, edit_pull, needs=WRITE, role="write"),
    Route("GET", f"{ONE}/files", list_files, needs=READ),
    Route("GET", f"{ONE}/commits", list_commits, needs=READ),
    Route("POST", f"{ONE}/requested_reviewers", request_reviewers, needs=WRITE, role="write"),
    Route("PUT", f"{ONE}/merge", merge_pull, needs=("contents:write",), role="write"),
]
