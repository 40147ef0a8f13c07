"""Cuts GitHub's REST description down to what Porter speaks, and writes `github-rest.json` beside this file.

Run `npm install @octokit/openapi@23.0.2`, then
`python tests/contracts/prune_github.py node_modules/@octokit/openapi/generated/api.github.com.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

REPO = "/repos/{owner}/{repo}"
KEPT: dict[str, tuple[str, ...]] = {
    "/app": ("get",),
    "/app/installations": ("get",),
    "/app/installations/{installation_id}": ("get",),
    "/app/installations/{installation_id}/access_tokens": ("post",),
    "/app/hook/deliveries": ("get",),
    "/app/hook/deliveries/{delivery_id}": ("get",),
    "/app/hook/deliveries/{delivery_id}/attempts": ("post",),
    "/app-manifests/{code}/conversions": ("post",),
    "/installation/repositories": ("get",),
    "/rate_limit": ("get",),
    "/search/issues": ("get",),
    "/user": ("get",),
    "/user/installations": ("get",),
    "/user/installations/{installation_id}/repositories": ("get",),
    "/applications/{client_id}/token": ("delete",),
    "/users/{username}": ("get",),
    f"{REPO}": ("get",),
    f"{REPO}/installation": ("get",),
    f"{REPO}/collaborators/{{username}}/permission": ("get",),
    f"{REPO}/contents/{{path}}": ("get",),
    f"{REPO}/branches/{{branch}}": ("get",),
    f"{REPO}/commits/{{ref}}/check-runs": ("get",),
    f"{REPO}/commits/{{ref}}/status": ("get",),
    f"{REPO}/compare/{{basehead}}": ("get",),
    f"{REPO}/languages": ("get",),
    f"{REPO}/readme": ("get",),
    f"{REPO}/git/ref/{{ref}}": ("get",),
    f"{REPO}/git/trees/{{tree_sha}}": ("get",),
    f"{REPO}/issues": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}": ("get", "patch"),
    f"{REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/labels": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/labels/{{name}}": ("delete",),
    f"{REPO}/issues/{{issue_number}}/reactions": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/timeline": ("get",),
    f"{REPO}/issues/comments/{{comment_id}}": ("get", "patch", "delete"),
    f"{REPO}/issues/comments/{{comment_id}}/reactions": ("get", "post"),
    f"{REPO}/pulls": ("get", "post"),
    f"{REPO}/pulls/{{pull_number}}": ("get", "patch"),
    f"{REPO}/pulls/{{pull_number}}/files": ("get",),
    f"{REPO}/pulls/{{pull_number}}/commits": ("get",),
    f"{REPO}/pulls/{{pull_number}}/merge": ("put",),
    f"{REPO}/pulls/{{pull_number}}/requested_reviewers": ("post",),
    f"{REPO}/pulls/{{pull_number}}/reviews": ("get", "post"),
    f"{REPO}/pulls/{{pull_number}}/reviews/{{review_id}}": ("get",),
    f"{REPO}/pulls/{{pull_number}}/reviews/{{review_id}}/comments": ("get",),
    f"{REPO}/pulls/{{pull_number}}/comments": ("get", "post"),
    f"{REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies": ("post",),
    f"{REPO}/pulls/comments/{{comment_id}}": ("get",),
    f"{REPO}/pulls/comments/{{comment_id}}/reactions": ("get", "post"),
}
WORDS = (
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "tags",
    "x-github",
    "x-octokit",
    "x-multi-segment",
)


def prune(description: dict[str, Any]) -> dict[str, Any]:
    """The kept operations and every component they reach, without prose and examples."""
    paths = {path: {verb: bare(description["paths"][path][verb]) for verb in verbs} for path, verbs in KEPT.items()}
    mend(paths)
    components: dict[str, dict[str, Any]] = {}
    waiting = sorted(references(paths))
    while waiting:
        kind, name = waiting.pop().removeprefix("#/components/").split("/", 1)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = bare(description["components"][kind][name])
            waiting.extend(references(components[kind][name]))
    return {"openapi": description["openapi"], "info": description["info"], "paths": paths, "components": components}


def mend(paths: dict[str, Any]) -> None:
    """The one mistake met: an installation's account is said to be a user *and* an enterprise; it is either."""
    answer = paths["/app/installations"]["get"]["responses"]["200"]
    account = answer["content"]["application/json"]["schema"]["items"]["properties"]["account"]
    account["anyOf"] = account.pop("allOf")


def bare(node: Any, *, names: bool = False) -> Any:
    """`node` without prose. `names` says that its keys are the names of properties, of which none may be dropped."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    inside = ("properties", "headers", "responses", "content")
    return {
        key: bare(value, names=key in inside and not names) for key, value in node.items() if names or key not in WORDS
    }


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(references, node.values())) if node else set()
    return found | {node["$ref"]} if isinstance(node.get("$ref"), str) else found


if __name__ == "__main__":
    full = json.loads(Path(sys.argv[1]).read_text())
    target = Path(__file__).with_name("github-rest.json")
    target.write_text(json.dumps(prune(full), separators=(",", ":"), sort_keys=True) + "\n")
