"""Short-lived tokens are there while they are good, and gone when their run is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import credentials
from store.credentials import Credential
from store.errors import VaultError
from store.lifecycle import Status
from store.vault import Vault
from tests.builders import NOW, make_task, move

VAULT = Vault({"v1": bytes(32)})
TOKEN = Credential("ghs_canary", NOW + timedelta(hours=1))


def test_a_token_is_found_until_it_ends(db):
    credentials.keep(db, VAULT, "run:r-1", "clone", TOKEN)
    assert credentials.find(db, VAULT, "run:r-1", "clone", valid_at=NOW) == TOKEN
    assert credentials.find(db, VAULT, "run:r-1", "clone", valid_at=TOKEN.expires_at) is None


def test_a_token_is_found_for_nobody_else(db):
    credentials.keep(db, VAULT, "run:r-1", "clone", TOKEN)
    assert credentials.find(db, VAULT, "run:r-2", "clone", valid_at=NOW) is None
    assert credentials.find(db, VAULT, "run:r-1", "push", valid_at=NOW) is None


def test_a_newer_token_takes_the_place_of_the_older(db):
    newer = Credential("ghs_newer", NOW + timedelta(hours=2))
    for token in (TOKEN, newer):
        credentials.keep(db, VAULT, "run:r-1", "clone", token)
    assert credentials.find(db, VAULT, "run:r-1", "clone", valid_at=NOW) == newer


def test_a_token_does_not_show(db):
    credentials.keep(db, VAULT, "run:r-1", "clone", TOKEN)
    with db.read() as connection:
        rows = connection.exec_driver_sql("select * from credentials").all()
    assert "ghs_canary" not in f"{TOKEN!r} {TOKEN} {[TOKEN]} {rows}"


def test_a_token_sealed_with_a_key_that_is_gone_is_an_error(db):
    credentials.keep(db, VAULT, "run:r-1", "clone", TOKEN)
    with pytest.raises(VaultError):
        credentials.find(db, Vault({"v2": bytes(32)}), "run:r-1", "clone", valid_at=NOW)


def test_one_token_or_all_can_be_forgotten(db):
    for name in ("clone", "push", "other"):
        credentials.keep(db, VAULT, "run:r-1", name, TOKEN)
    credentials.forget(db, "run:r-1", "clone")
    found = [credentials.find(db, VAULT, "run:r-1", name, valid_at=NOW) for name in ("clone", "push")]
    assert found == [None, TOKEN]
    credentials.forget(db, "run:r-1")
    assert credentials.find(db, VAULT, "run:r-1", "other", valid_at=NOW) is None


def test_what_has_ended_is_dropped_and_counted(db):
    credentials.keep(db, VAULT, "run:r-1", "clone", Credential("a", NOW))
    credentials.keep(db, VAULT, "run:r-2", "clone", TOKEN)
    assert [credentials.forget_expired(db, now=NOW) for _ in range(2)] == [1, 0]


def test_the_tokens_of_a_run_go_with_it(db):
    task, other = make_task(db), make_task(db)
    for owner in (f"run:{task.run_id}", f"run:{other.run_id}"):
        credentials.keep(db, VAULT, owner, "push", TOKEN)
    move(db, task.id, Status.FAILED)
    assert credentials.find(db, VAULT, f"run:{task.run_id}", "push", valid_at=NOW) is None
    assert credentials.find(db, VAULT, f"run:{other.run_id}", "push", valid_at=NOW) == TOKEN
