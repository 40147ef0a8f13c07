"""What a new task may be made of: repositories, agents and their keys, the reader's last prompts, past figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobs import readiness, roster
from jobs.bootstrap import Services
from jobs.readiness import Asker
from jobs.roster import Roster
from store import estimates, feed, installations
from store.database import Database
from store.estimates import Took
from store.feed import TaskFilter
from store.records import Task
from worker.agents import Agent


@dataclass(frozen=True)
class Choices:
    """What a new task may be made of. `configured`: the names of the keys there are, each with a true value."""

    repositories: list[str]
    agents: list[Agent]
    default_agent: str
    configured: Mapping[str, str]
    recent: list[Task]


def offered(services: Services, person: str, repository: str = "", *, only: frozenset[str] | None = None) -> Choices:
    """Everything but the issues, which GitHub knows. `only`: the repositories that this person may see (None: all)."""
    agents, off = roster_of(services), readiness.off(services.db)
    return Choices(
        repositories=[name for name in installations.repositories(services.db) if only is None or name in only],
        agents=[one for one in agents.all() if one.name not in off],
        default_agent=agents.default,
        configured=readiness.names(services.db, Asker(repository, person)),
        recent=recent(services.db, person, only=only),
    )


def recent(db: Database, person: str, *, only: frozenset[str] | None = None) -> list[Task]:
    """This person's last tasks, wherever they asked for them."""
    return feed.page(db, TaskFilter(requested_by=person, only=only), limit=40).tasks


def roster_of(services: Services) -> Roster:
    """The agents of this deployment."""
    return roster.load(services.config.default_agent, services.config.agents_file)


def took(db: Database, repository: str, agent: str) -> list[Took]:
    """What such tasks took before; nothing while one of the two is not known."""
    return estimates.past(db, repository, agent) if repository and agent else []
