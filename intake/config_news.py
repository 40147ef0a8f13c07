"""Which deliveries mean that a repository's configuration file should be read anew. Pure.

https://docs.github.com/webhooks/webhook-events-and-payloads#push
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from intake.events import FullName, Repository, Text

FOLDER = ".porter/"
MOST = 100  # repositories of one delivery: the others are read when a task is launched there
Paths = list[Any]


class _Narrow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Commit(_Narrow):
    added: Paths = []
    modified: Paths = []
    removed: Paths = []

    def touches(self, folder: str) -> bool:
        return any(str(path).startswith(folder) for path in (*self.added, *self.modified, *self.removed))


class _Push(_Narrow):
    ref: Annotated[Text, Field(max_length=300)]
    repository: Repository
    commits: list[_Commit] = []
    deleted: bool = False
    forced: bool = False


class _Named(_Narrow):
    full_name: FullName


class _Installed(_Narrow):
    action: str = ""
    repositories: list[_Named] = []
    repositories_added: list[_Named] = []


def repositories(event: str, body: bytes) -> list[str]:
    """The repositories whose file may be new to Porter. A delivery that cannot be read is about none: `judge` tells."""
    try:
        match event:
            case "push":
                return _pushed(_Push.model_validate_json(body))
            case "installation" | "installation_repositories":
                return _installed(_Installed.model_validate_json(body))
            case _:
                return []
    except ValidationError:
        return []


def _pushed(push: _Push) -> list[str]:
    here = push.repository
    if push.deleted or push.ref != f"refs/heads/{here.default_branch}":
        return []
    # A forced push tells nothing of the commits that it took away.
    touched = push.forced or any(commit.touches(FOLDER) for commit in push.commits)
    return [here.full_name] if touched else []


def _installed(news: _Installed) -> list[str]:
    chosen = news.repositories if news.action == "created" else news.repositories_added
    return [one.full_name for one in chosen[:MOST]]
