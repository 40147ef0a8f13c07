"""Whether an agent can work for somebody: it is switched on, and one of its keys is within reach.

A key may be set for a repository, for a person or for everyone; of the same name the narrower one is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.bootstrap import Services
from store import settings, vault
from store.database import Database
from worker.agents import Agent

ENABLED = "enabled"  # as `enabled:<agent>`, for everyone


@dataclass(frozen=True)
class Asker:
    """For whom an agent works: the repository and who asked for it. Either may be empty: then it decides nothing."""

    repository: str = ""
    login: str = ""

    @property
    def owners(self) -> list[str]:
        """Whose keys count, the narrowest first."""
        here = [settings.of_repository(self.repository)] if self.repository else []
        person = [settings.of_user(self.login)] if self.login else []
        return [*here, *person, settings.GLOBAL]


def obstacle(db: Database, agent: Agent, asker: Asker) -> str | None:
    """Why this agent cannot work for them, as a sentence without its full stop; None when it can."""
    if not is_on(db, agent.name):
        return switched_off(agent)
    if agent.needs_key and not sources(db, agent, asker):
        return f"{agent.title} has no key: an operator sets {' or '.join(agent.keys)} with `porter secret set`"
    return None


def switched_off(agent: Agent) -> str:
    """What somebody is told who names it."""
    return f"{agent.title} is switched off here; an admin switches it on in Settings"


def is_on(db: Database, agent: str) -> bool:
    """Whether an admin lets this agent work. Agents are on until somebody switches them off."""
    return settings.get(db, settings.GLOBAL, f"{ENABLED}:{agent}") is not False


def off(db: Database) -> frozenset[str]:
    """The agents that are switched off."""
    kept = settings.of_scope(db, settings.GLOBAL)
    return frozenset(name.partition(":")[2] for name, on in kept.items() if name.startswith(f"{ENABLED}:") and not on)


def sources(db: Database, agent: Agent, asker: Asker) -> dict[str, str]:
    """Name of each key that would be handed out → whose it is."""
    there = {(one.owner, one.name) for one in vault.known(db)}
    first = {name: next((o for o in asker.owners if (o, name) in there), None) for name in agent.keys}
    return {name: owner for name, owner in first.items() if owner is not None}


def keys(services: Services, agent: Agent, asker: Asker) -> dict[str, str]:
    """The provider keys of this one agent, as far as they are configured. Raises VaultError."""
    found = sources(services.db, agent, asker)
    values = {name: vault.use(services.db, services.vault, owner, name) for name, owner in found.items()}
    return {name: value for name, value in values.items() if value}


def names(db: Database, asker: Asker) -> Mapping[str, str]:
    """Every secret within reach by its name → whose it is, the narrowest."""
    there = {(one.owner, one.name) for one in vault.known(db)}
    return {name: owner for owner in reversed(asker.owners) for known, name in sorted(there) if known == owner}
