"""The repository a task is about, as something to talk to."""

from __future__ import annotations

from jobs.bootstrap import Services
from jobs.github.client import Repository


def of(services: Services, full_name: str, installation_id: int | None) -> Repository:
    """Raises a GitHubError when the installation has to be looked up and is not there."""
    github = services.github
    if installation_id is None:
        installation_id = github.app.installation_of(full_name)
    return github.repository(full_name, installation_id)
