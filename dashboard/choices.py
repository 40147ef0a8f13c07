"""What a new task may be made of: repositories, agents and their keys, the reader's last prompts, past figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobs import roster
from jobs.bootstrap import Services
from jobs.roster import Roster
from store import estimates, feed, installations, vault
from store.database import Database
from store.estimates import Took
from store.feed import TaskFilter
from store.records import Task
from worker.agents import Agent

_KEY_OWNER = "global"  # whose keys agents are given (docs/agents.md)


@dataclass(frozen=True)
class Choices:
    """What a new task may be made of. `configured`: the names of the keys there are, each with a true value."""

    repositories: list[str]
    agents: list[Agent]
    default_agent: str
    configured: Mapping[str, str]
    recent: list[Task]


def offered(services: Services, person: str) -> Choices:
    """Everything but the issues, which GitHub knows."""
    agents = roster_of(services)
    return Choices(
        repositories=installations.repositories(services.db),
        agents=agents.all(),
        default_agent=agents.default,
        configured={one.name: "set" for one in vault.known(services.db) if one.owner == _KEY_OWNER},
        recent=recent(services.db, person),
    )


def recent(db: Database, person: str) -> list[Task]:
    """This person's last tasks, wherever they asked for them."""
    return feed.page(db, TaskFilter(requested_by=person), limit=40).tasks


def roster_of(services: Services) -> Roster:
    """The agents of this deployment."""
    return roster.load(services.config.default_agent, services.config.agents_file)


def took(db: Database, repository: str, agent: str) -> list[Took]:
    """What such tasks took before; nothing while one of the two is not known."""
    return estimates.past(db, repository, agent) if repository and agent else []
