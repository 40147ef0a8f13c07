"""What programs said of a commit: check runs and commit statuses.

https://docs.github.com/rest/checks/runs, https://docs.github.com/rest/commits/statuses
"""

from __future__ import annotations

from emulators.github.errors import Refusal
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.rest.repositories import REPO
from emulators.github.shapes import Json, repositories
from emulators.github.shapes import checks as shape

COMMIT = f"{REPO}/commits/{{ref}}"


def list_check_runs(call: Call) -> Reply:
    sha = _commit(call)
    found = [one for one in call.repository.checks.get(sha, []) if not one.is_status]
    page = call.page(found, lambda one: shape.run(call.urls, call.repository, sha, one))
    return Reply(200, {"total_count": len(found), "check_runs": page.body}, page.headers)


def combined_status(call: Call) -> Reply:
    sha = _commit(call)
    found = [one for one in call.repository.checks.get(sha, []) if one.is_status]
    page = call.page(found, lambda one: shape.status(call.urls, call.repository, sha, one))
    here = repositories.url(call.urls, call.repository)
    about: Json = {"commit_url": f"{here}/commits/{sha}", "url": f"{here}/commits/{sha}/status"}
    about |= {"sha": sha, "repository": repositories.repository(call.urls, call.repository)}
    told = {"state": shape.combined(found), "total_count": len(found), "statuses": page.body}
    return Reply(200, about | told, page.headers)


def _commit(call: Call) -> str:
    sha = call.repository.git.sha(call.args["ref"])
    if sha is None:
        raise Refusal(404, f"No commit found for SHA: {call.args['ref']}")
    return sha


ROUTES = [
    Route("GET", f"{COMMIT}/check-runs", list_check_runs, needs=("checks:read",)),
    Route("GET", f"{COMMIT}/status", combined_status, needs=("statuses:read",)),
]
