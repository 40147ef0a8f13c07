"""Repositories and what git has in them.

https://docs.github.com/rest/repos, https://docs.github.com/rest/git
"""

from __future__ import annotations

from emulators.github.errors import Refusal, not_found
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.shapes import repositories as shape

REPO = "/repos/{owner}/{repo}"
RAW = "application/vnd.github.raw"


def get_repository(call: Call) -> Reply:
    return Reply(200, shape.whole_repository(call.urls, call.repository))


def get_permission(call: Call) -> Reply:
    who = call.world.users.get(call.args["username"].lower())
    if who is None or who.kind == "Organization":
        raise Refusal(404, f"{call.args['username']} is not a user")
    return Reply(200, shape.permission(call.urls, call.repository, who))


def get_content(call: Call) -> Reply:
    """A file with its content, or the list of a folder."""
    path, at = call.args.get("path", "").strip("/"), call.query.get("ref") or call.repository.default_branch
    git = call.repository.git
    if git.sha(at) is None:
        raise Refusal(404, f"No commit found for the ref {at}")
    found = git.read(at, path) if path else None
    if found is not None:
        if RAW in call.accept:
            return Reply(200, found[1], media=f"{RAW}+json; charset=utf-8")
        return Reply(200, shape.file(call.urls, call.repository, path, at, sha=found[0], data=found[1]))
    listed = git.tree(at, path=path)
    if listed is None:
        raise not_found()
    return Reply(
        200,
        [
            shape.content(
                call.urls,
                call.repository,
                f"{path}/{entry.path}".lstrip("/"),
                at,
                kind="file" if entry.kind == "blob" else "dir",
                sha=entry.sha,
                size=entry.size or 0,
            )
            for entry in listed
        ],
    )


def get_branch(call: Call) -> Reply:
    name, git = call.args["branch"], call.repository.git
    tip = git.sha(f"refs/heads/{name}")
    if tip is None:
        raise Refusal(404, "Branch not found")
    return Reply(200, shape.branch(call.urls, call.repository, name, git.commits(None, tip, limit=1)[0]))


def get_ref(call: Call) -> Reply:
    """Only branches: the emulator refuses pushes of anything else."""
    name = call.args["ref"]
    sha = call.repository.git.sha(f"refs/{name}") if name.startswith("heads/") else None
    if sha is None:
        raise not_found()
    return Reply(200, shape.ref(call.urls, call.repository, f"refs/{name}", sha))


def get_tree(call: Call) -> Reply:
    """`tree_sha` may be a branch or a commit too. Any value of `recursive` means yes, as on GitHub."""
    name, git = call.args["tree_sha"], call.repository.git
    entries = git.tree(name, recursive="recursive" in call.query)
    if entries is None:
        raise not_found()
    sha = git.run("rev-parse", "--verify", f"{name}^{{tree}}").strip()
    return Reply(200, shape.tree(call.urls, call.repository, sha, entries))


ROUTES = [
    Route("GET", REPO, get_repository, needs=("metadata:read",)),
    Route("GET", f"{REPO}/collaborators/{{username}}/permission", get_permission, needs=("metadata:read",)),
    Route("GET", f"{REPO}/contents/{{path}}", get_content, needs=("contents:read",)),
    Route("GET", f"{REPO}/contents/", get_content, needs=("contents:read",)),
    Route("GET", f"{REPO}/contents", get_content, needs=("contents:read",)),
    Route("GET", f"{REPO}/branches/{{branch}}", get_branch, needs=("contents:read",)),
    Route("GET", f"{REPO}/git/ref/{{ref}}", get_ref, needs=("contents:read",)),
    Route("GET", f"{REPO}/git/trees/{{tree_sha}}", get_tree, needs=("contents:read",)),
]
