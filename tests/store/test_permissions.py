"""What GitHub said of a person counts for a moment, and for this repository."""

from __future__ import annotations

from datetime import timedelta

from store import permissions
from store.database import Database
from tests.builders import NOW

JUST_NOW = NOW - timedelta(seconds=60)


def test_an_answer_is_known_whatever_the_case_of_the_login(db: Database):
    permissions.remember(db, "acme/greeter", "Maria", "write", now=NOW)
    assert permissions.known(db, "acme/greeter", "mARIA", asked_after=JUST_NOW) == "write"
    assert permissions.known(db, "acme/other", "maria", asked_after=JUST_NOW) is None


def test_a_new_answer_replaces_the_old_one_and_an_old_one_does_not_count(db: Database):
    permissions.remember(db, "acme/greeter", "maria", "write", now=NOW)
    permissions.remember(db, "acme/greeter", "maria", "none", now=NOW + timedelta(seconds=30))
    assert permissions.known(db, "acme/greeter", "maria", asked_after=NOW) == "none"
    assert permissions.known(db, "acme/greeter", "maria", asked_after=NOW + timedelta(seconds=30)) is None


def test_what_no_longer_counts_is_dropped(db: Database):
    permissions.remember(db, "acme/greeter", "maria", "write", now=NOW)
    permissions.remember(db, "acme/greeter", "tom", "write", now=NOW + timedelta(seconds=9))
    assert permissions.forget_older(db, than=NOW) == 1
    assert permissions.known(db, "acme/greeter", "tom", asked_after=JUST_NOW) == "write"
