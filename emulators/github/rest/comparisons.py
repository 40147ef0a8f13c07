"""What a repository looks like from outside: two commits compared, its languages, its README, who names an issue.

https://docs.github.com/rest/commits/commits#compare-two-commits, https://docs.github.com/rest/issues/timeline
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import quote

from emulators.github import acts
from emulators.github.comparison import compare
from emulators.github.errors import not_found
from emulators.github.model import Issue
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.rest.issues import ONE, READ
from emulators.github.rest.repositories import RAW, REPO
from emulators.github.shapes import Json, issues, people, pulls, repositories, stamp

CODE = ("contents:read",)
LANGUAGES = {
    ".py": "Python", ".js": "JavaScript", ".ts": "TypeScript", ".go": "Go", ".rs": "Rust", ".rb": "Ruby",
    ".java": "Java", ".c": "C", ".sh": "Shell", ".html": "HTML", ".css": "CSS",
}  # fmt: skip
READMES = ("README.md", "README.rst", "README.txt", "README")


def compare_commits(call: Call) -> Reply:
    """`BASE...HEAD`: branches or shas of this repository."""
    base_name, dots, head_name = call.args["basehead"].partition("...")
    git = call.repository.git
    base, head = git.sha(base_name), git.sha(head_name)
    common = git.merge_base(base, head) if base and head else None
    if not dots or base is None or head is None or common is None:
        raise not_found()
    found, behind = compare(git, base, head), len(git.commits(head, base))
    ahead = len(found.commits)
    page = f"{repositories.page(call.urls, call.repository)}/compare/{quote(base_name)}...{quote(head_name)}"
    shown = [repositories.commit(call.urls, call.repository, one) for one in found.commits]
    return Reply(
        200,
        {
            "url": f"{repositories.url(call.urls, call.repository)}/compare/{quote(call.args['basehead'])}",
            "html_url": page,
            "permalink_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": _commit(call, base),
            "merge_base_commit": _commit(call, common),
            "status": _status(ahead, behind),
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": shown,
            "files": [pulls.file(call.urls, call.repository, head, one) for one in found.changes],
        },
    )


def _commit(call: Call, sha: str) -> Json:
    return repositories.commit(call.urls, call.repository, call.repository.git.commits(None, sha, limit=1)[0])


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def list_languages(call: Call) -> Reply:
    """Bytes of each language, most first."""
    sizes: Counter[str] = Counter()
    for entry in call.repository.git.tree(call.repository.default_branch, recursive=True) or []:
        language = LANGUAGES.get(PurePosixPath(entry.path).suffix)
        if language and entry.kind == "blob":
            sizes[language] += entry.size or 0
    return Reply(200, dict(sizes.most_common()))


def get_readme(call: Call) -> Reply:
    at = call.query.get("ref") or call.repository.default_branch
    for path in READMES:
        found = call.repository.git.read(at, path)
        if found is None:
            continue
        if RAW in call.accept:
            return Reply(200, found[1], media=f"{RAW}+json; charset=utf-8")
        return Reply(200, repositories.file(call.urls, call.repository, path, at, sha=found[0], data=found[1]))
    raise not_found()


def list_timeline(call: Call) -> Reply:
    """Of all that GitHub tells there, the cross-references."""
    return call.page(acts.naming(call.issue()), lambda one: _reference(call, one))


def _reference(call: Call, one: Issue) -> Json:
    shown = issues.issue(call.urls, one) | {"repository": repositories.repository(call.urls, one.repository)}
    return {
        "event": "cross-referenced",
        "actor": people.user(call.urls, one.actor.user),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "source": {"type": "issue", "issue": shown},
    }


ROUTES = [
    Route("GET", f"{REPO}/compare/{{basehead}}", compare_commits, needs=CODE),
    Route("GET", f"{REPO}/languages", list_languages, needs=("metadata:read",)),
    Route("GET", f"{REPO}/readme", get_readme, needs=CODE),
    Route("GET", f"{ONE}/timeline", list_timeline, needs=READ),
]
