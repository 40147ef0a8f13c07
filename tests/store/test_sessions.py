"""A conversation is kept for its task and agent, sealed, and gone with its task."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from store import sessions, tables
from store.errors import VaultError
from store.sessions import Session
from store.vault import Vault
from tests.builders import NOW, make_task

VAULT = Vault({"v1": bytes(32)})
TALK = Session("s-1", "the words of the conversation", ".x/s-1", {"cost_usd": 0.5})


def keep(db, task, session=TALK, agent="mock"):
    sessions.keep(db, VAULT, session, task_id=task.id, agent=agent, run_id=task.run_id, now=NOW)


def test_the_newest_conversation_of_an_agent_is_found(db):
    task = make_task(db)
    keep(db, task)
    keep(db, task, Session("s-2", "longer", ".x/s-2", {"cost_usd": 0.75}))
    assert sessions.find(db, VAULT, task.id, "mock") == Session("s-2", "longer", ".x/s-2", {"cost_usd": 0.75})


def test_another_agent_or_task_has_its_own(db):
    task = make_task(db)
    keep(db, task)
    assert sessions.find(db, VAULT, task.id, "claude-code") is None
    assert sessions.find(db, VAULT, make_task(db, issue_number=2).id, "mock") is None


def test_it_is_sealed_and_does_not_show(db):
    keep(db, make_task(db))
    with db.read() as connection:
        sealed = connection.execute(select(tables.sessions.c.sealed)).scalar_one()
    assert "words" not in sealed and "words" not in repr(TALK)


def test_moved_to_another_task_it_does_not_open(db):
    task, other = make_task(db), make_task(db, issue_number=2)
    keep(db, task)
    with db.write() as connection:
        connection.execute(tables.sessions.update().values(task_id=other.id))
    with pytest.raises(VaultError):
        sessions.find(db, VAULT, other.id, "mock")
