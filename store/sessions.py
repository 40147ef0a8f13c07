"""Agents' conversations, so that a follow-up can go on with them: the newest of a task and agent, sealed.

What stands in them is the repository's code and whatever the agent read, so they are kept like secrets.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from store import dialect, tables
from store.database import Database
from store.vault import Vault

_sessions = tables.sessions


@dataclass(frozen=True)
class Session:
    """A conversation: `id` is the agent's own name for it, `data` its file as the runner packed it, `path` where that
    lay, `usage` what the agent said it used in all."""

    id: str
    data: str
    path: str = ""
    usage: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Session({self.id!r}, {len(self.data)} characters)"


def keep(db: Database, vault: Vault, session: Session, *, task_id: str, agent: str, run_id: str, now: datetime) -> None:
    """Keep the conversation that the agent's run ended with, in place of the one before."""
    sealed = vault.seal(json.dumps(asdict(session)), owner=_owner(task_id), name=agent)
    row = {
        "task_id": task_id, "agent": agent, "session_id": session.id, "sealed": sealed, "run_id": run_id,
        "kept_at": now,
    }  # fmt: skip
    with db.write() as connection:
        dialect.upsert(connection, _sessions, row, keys=["task_id", "agent"])


def find(db: Database, vault: Vault, task_id: str, agent: str) -> Session | None:
    """The conversation to go on with. Raises VaultError when it does not open."""
    query = select(_sessions.c.sealed).where(_sessions.c.task_id == task_id, _sessions.c.agent == agent)
    with db.read() as connection:
        sealed = connection.execute(query).scalar()
    if sealed is None:
        return None
    return Session(**json.loads(vault.open(sealed, owner=_owner(task_id), name=agent)))


def exists(db: Database, task_id: str, agent: str) -> bool:
    """Whether there is a conversation to go on with."""
    query = select(_sessions.c.run_id).where(_sessions.c.task_id == task_id, _sessions.c.agent == agent)
    with db.read() as connection:
        return connection.execute(query).first() is not None


def _owner(task_id: str) -> str:
    return f"session:{task_id}"
