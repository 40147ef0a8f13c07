"""Open issues as a person picks one by number or by words; what GitHub said half a minute ago will do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs import repository as repositories
from jobs.bootstrap import Services
from jobs.github.client import PAGE, Repository
from jobs.github.errors import GitHubRefused
from store import installations

MOST = 20
PAGES = 3  # of the issues that changed last; what is older GitHub's search finds
PREVIEW = 600  # characters
FRESH = timedelta(seconds=30)
_NUMBER = re.compile(r"#?(\d{1,9})")


@dataclass(frozen=True)
class IssueChoice:
    """An issue as a person picks it: `preview` is the beginning of its text, `state` is `open` or `closed`."""

    number: int
    title: str
    state: str
    labels: list[str]
    preview: str
    url: str


def issues_of(services: Services, repository: str, query: str = "") -> list[IssueChoice]:
    """Open issues of the repository that fit the words or the number in `query`, lately changed first; at most 20.

    Raises a GitHubError.
    """
    reach = installations.reach(services.db, repository)
    here = repositories.of(services, reach.full_name or repository, reach.installation_id)
    words, number = query.split(), _NUMBER.fullmatch(query.strip())
    listed, is_all = _lately(here)
    found = [data for data in listed if _fits(data, words)]
    if number is not None:
        found = [*_numbered(here, int(number[1])), *found]
    elif words and not is_all and len(found) < MOST // 4:
        found += [data for data in _searched(here, words) if "pull_request" not in data]
    once = {data["number"]: data for data in found}
    return [choice(data) for data in once.values()][:MOST]


def choice(data: dict[str, Any]) -> IssueChoice:
    """Pure. What GitHub says of an issue as a choice."""
    labels = [label if isinstance(label, str) else str(label.get("name", "")) for label in data.get("labels", [])]
    return IssueChoice(
        number=data["number"],
        title=data["title"],
        state=data["state"],
        labels=labels,
        preview=(data.get("body") or "")[:PREVIEW],
        url=data["html_url"],
    )


def _lately(here: Repository) -> tuple[list[dict[str, Any]], bool]:
    """The open issues that changed last, and whether these are all."""
    found: list[dict[str, Any]] = []
    for page in range(1, PAGES + 1):
        params = {"state": "open", "sort": "updated", "per_page": PAGE, "page": page}
        listed = here.get_kept("/issues", doing="list the issues", params=params, fresh=FRESH)
        found += [data for data in listed if "pull_request" not in data]
        if len(listed) < PAGE:
            return found, True
    return found, False


def _numbered(here: Repository, number: int) -> Iterable[dict[str, Any]]:
    found = here.find_kept(f"/issues/{number}", doing=f"read issue #{number}")
    return [found] if found is not None and "pull_request" not in found else []


def _searched(here: Repository, words: list[str]) -> list[dict[str, Any]]:
    """In quotes, so that no word is read as a qualifier. What the search will not take finds nothing."""
    quoted = " ".join(f'"{word}"' for word in (word.replace('"', "") for word in words[:8]) if word)
    try:
        return here.search_issues(quoted[:200])
    except GitHubRefused as refusal:
        if refusal.status == 422:
            return []
        raise


def _fits(data: dict[str, Any], words: list[str]) -> bool:
    """Each word is the number, or stands in the title or a label."""
    labels = " ".join(label.get("name", "") for label in data.get("labels", []) if isinstance(label, dict))
    text = f"#{data['number']} {data['title']} {labels}".lower()
    return all(word.lower() in text for word in words)
