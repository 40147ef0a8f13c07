"""Check runs and commit statuses as JSON. Pure."""

from __future__ import annotations

from emulators.github.model import Check, Repository
from emulators.github.shapes import Json, Urls, node_id, repositories, stamp


def run(urls: Urls, repository: Repository, sha: str, one: Check) -> Json:
    here, html = repositories.url(urls, repository), repositories.page(urls, repository)
    url = f"{here}/check-runs/{one.id}"
    return {
        "id": one.id,
        "node_id": node_id("CR", one.id),
        "head_sha": sha,
        "name": one.name,
        "url": url,
        "html_url": f"{html}/runs/{one.id}",
        "details_url": f"{html}/runs/{one.id}",
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": stamp(one.at),
        "completed_at": stamp(one.at) if one.conclusion else None,
        "external_id": "",
        "check_suite": {"id": one.id},
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "app": None,
        "pull_requests": [],
    }


def status(urls: Urls, repository: Repository, sha: str, one: Check) -> Json:
    """A status has one word: success, failure, error or pending."""
    return {
        "url": f"{repositories.url(urls, repository)}/statuses/{sha}",
        "id": one.id,
        "node_id": node_id("SC", one.id),
        "avatar_url": None,
        "state": one.conclusion or "pending",
        "description": None,
        "target_url": f"{repositories.page(urls, repository)}/runs/{one.id}",
        "context": one.name,
        "created_at": stamp(one.at),
        "updated_at": stamp(one.at),
    }


def combined(found: list[Check]) -> str:
    """Without any status GitHub says pending."""
    said = {one.conclusion for one in found}
    if said & {"failure", "error"}:
        return "failure"
    return "success" if said == {"success"} else "pending"
