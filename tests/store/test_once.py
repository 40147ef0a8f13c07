"""What is asked for under a key is done once, whoever is first."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from store import once, tables, tasks
from store.database import Database
from store.errors import AskedBefore, KeyTaken
from store.once import Once
from tests.builders import NOW, new_task
from tests.racing import race

FIRST = Once.of("api", "k1", "greet")


def ask(db: Database, asked: Once = FIRST) -> str:
    return tasks.create(db, new_task(asked_key=asked.key, asked_digest=asked.digest), now=NOW).id


def count(db: Database) -> int:
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.tasks)).scalar_one()


def test_the_same_again_finds_the_first_task(db: Database) -> None:
    assert once.task(db, FIRST) is None
    made = ask(db)
    found = once.task(db, Once.of("api", "k1", "greet"))
    assert found is not None and found.id == made


def test_something_else_under_the_same_key_is_refused(db: Database) -> None:
    made = ask(db)
    with pytest.raises(KeyTaken, match=made):
        once.task(db, Once.of("api", "k1", "greet louder"))


@pytest.mark.parametrize(("caller", "key"), [("api", "k2"), ("operator", "k1")])
def test_another_key_and_another_callers_key_are_their_own(db: Database, caller: str, key: str) -> None:
    assert ask(db) != ask(db, Once.of(caller, key, "greet"))


def test_of_many_at_once_one_makes_the_task(db: Database) -> None:
    done = race(*[lambda: ask(db)] * 6)
    assert len([one for one in done if isinstance(one, AskedBefore)]) == 5
    assert count(db) == 1


def test_without_a_key_each_request_is_a_task(db: Database) -> None:
    assert tasks.create(db, new_task(), now=NOW).id != tasks.create(db, new_task(), now=NOW).id
