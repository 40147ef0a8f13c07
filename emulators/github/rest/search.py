"""The search for issues, as far as `repo:`, `is:` and plain words go.

https://docs.github.com/rest/search/search#search-issues-and-pull-requests
"""

from __future__ import annotations

from emulators.github.errors import Refusal
from emulators.github.model import Issue, Repository
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.shapes import issues as shape


def search_issues(call: Call) -> Reply:
    """Every word of the query must stand in the title or the text."""
    words = call.query.get("q", "").split()
    if not words:
        raise Refusal(422, "Validation Failed", errors=[{"resource": "Search", "field": "q", "code": "missing"}])
    named = [word.partition(":")[2] for word in words if word.startswith("repo:")]
    told = {word.partition(":")[2] for word in words if word.startswith("is:")}
    plain = [word.strip('"').lower() for word in words if word.startswith('"') or ":" not in word]
    here = [_repository(call, name) for name in named]
    found = [one for repository in here for one in repository.issues.values() if _fits(one, told, plain)]
    found.sort(key=lambda one: one.updated_at, reverse=True)
    page = call.page(found, lambda one: shape.issue(call.urls, one) | {"score": 1.0, "body": one.body or ""})
    return Reply(
        200,
        {"total_count": len(found), "incomplete_results": False, "search_type": "lexical", "items": page.body},
        page.headers,
    )


def _repository(call: Call, name: str) -> Repository:
    found = call.world.repositories.get(name.lower())
    if found is None or not call.caller.sees(found):
        raise Refusal(422, "Validation Failed", errors=[{"resource": "Search", "field": "q", "code": "invalid"}])
    return found


def _fits(one: Issue, told: set[str], words: list[str]) -> bool:
    kind = {"issue": one.pull is None, "pr": one.pull is not None, "open": one.state == "open"}
    text = f"{one.title}\n{one.body or ''}".lower()
    return all(kind.get(word, one.state == word) for word in told) and all(word in text for word in words)


ROUTES = [Route("GET", "/search/issues", search_issues, by="anyone")]
