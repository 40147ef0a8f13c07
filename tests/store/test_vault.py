"""What is sealed opens only for its owner, under its name, unchanged, with its key; and never shows."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import vault
from store.errors import VaultError
from store.vault import Vault
from tests.builders import NOW

CANARY = "sk-canary-5e3c"
OLD, NEW = {"v1": bytes(32)}, {"v2": bytes([1]) * 32}
V1 = Vault(OLD)
BASE64_KEY = base64.b64encode(bytes(32)).decode()


@given(value=st.text(), owner=st.text(), name=st.text())
def test_what_was_sealed_opens_again(value, owner, name):
    assert V1.open(V1.seal(value, owner=owner, name=name), owner=owner, name=name) == value


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        pytest.param("repo:acme/b", "KEY", id="another owner"),
        pytest.param("repo:acme/a", "OTHER", id="another name"),
        pytest.param("repo:acme/aK", "EY", id="same letters, cut elsewhere"),
    ],
)
def test_a_sealed_value_moved_elsewhere_does_not_open(owner, name):
    sealed = V1.seal(CANARY, owner="repo:acme/a", name="KEY")
    with pytest.raises(VaultError, match="changed or moved"):
        V1.open(sealed, owner=owner, name=name)


def test_a_changed_byte_anywhere_is_noticed():
    version, _, encoded = V1.seal(CANARY, owner="global", name="KEY").partition(":")
    raw = bytearray(base64.b64decode(encoded))
    for place in range(len(raw)):
        changed = bytes(byte ^ (1 if n == place else 0) for n, byte in enumerate(raw))
        with pytest.raises(VaultError, match="changed or moved"):
            V1.open(f"{version}:{base64.b64encode(changed).decode()}", owner="global", name="KEY")


@pytest.mark.parametrize("sealed", ["v1:", "v1:AAAA", "v1:not base64!", "v1", "v1:é"])
def test_a_damaged_value_is_a_vault_error(sealed):
    with pytest.raises(VaultError):
        V1.open(sealed, owner="global", name="KEY")


def test_a_value_whose_key_is_gone_says_which_key_is_missing():
    sealed = V1.seal(CANARY, owner="global", name="KEY")
    with pytest.raises(VaultError, match="global/KEY is sealed with key v1, which is not in PORTER_VAULT_KEYS"):
        Vault(NEW).open(sealed, owner="global", name="KEY")


def test_the_same_value_is_never_sealed_alike():
    assert V1.seal(CANARY, owner="a", name="b") != V1.seal(CANARY, owner="a", name="b")


def test_keys_are_read_newest_first():
    assert Vault.parse(f"v2:{BASE64_KEY}, v1:{BASE64_KEY}").current == "v2"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none"),
        pytest.param(BASE64_KEY, id="without a version"),
        pytest.param(f":{BASE64_KEY}", id="with an empty version"),
        pytest.param(f"v1:{BASE64_KEY},v1:{BASE64_KEY}", id="one version twice"),
        pytest.param(f"v1:{CANARY}!", id="not base64"),
        pytest.param(f"v1:{CANARY}é", id="not ASCII"),
        pytest.param("v1:" + base64.b64encode(CANARY.encode()).decode(), id="too short"),
    ],
)
def test_keys_that_are_none_are_refused_without_being_quoted(text):
    with pytest.raises(VaultError) as refusal:
        Vault.parse(text)
    shown = str(refusal.value) + "".join(traceback.format_exception(refusal.value, limit=0))
    assert CANARY not in shown
    assert BASE64_KEY not in shown
    assert "é" not in shown


def test_a_secret_is_put_used_replaced_and_removed(db, clock):
    vault.put(db, V1, "global", "KEY", "first", by="maria", now=clock())
    vault.put(db, V1, "global", "KEY", CANARY, by="ben", now=clock.advance(5))
    assert vault.use(db, V1, "global", "KEY") == CANARY
    (info,) = vault.known(db)
    assert (info.owner, info.name, info.key_version, info.updated_by) == ("global", "KEY", "v1", "ben")
    assert info.updated_at == clock()
    assert [vault.remove(db, "global", "KEY") for _ in range(2)] == [True, False]
    assert vault.use(db, V1, "global", "KEY") is None


def test_a_secret_shows_neither_in_the_table_nor_in_what_is_known_of_it(db):
    vault.put(db, V1, "global", "KEY", CANARY, by="maria", now=NOW)
    with db.read() as connection:
        rows = connection.exec_driver_sql("select * from secrets").all()
    assert CANARY not in f"{rows} {vault.known(db)} {V1!r} {V1}"
    assert base64.b64encode(CANARY.encode()).decode() not in str(rows)


def test_a_row_copied_to_another_owner_does_not_open(db):
    vault.put(db, V1, "user:maria", "KEY", CANARY, by="maria", now=NOW)
    with db.write() as connection:
        connection.exec_driver_sql("update secrets set owner = 'user:mallory'")
    with pytest.raises(VaultError) as refusal:
        vault.use(db, V1, "user:mallory", "KEY")
    assert CANARY not in str(refusal.value)


def test_rotation_seals_everything_with_the_new_key_and_lets_the_old_one_go(db):
    vault.put(db, V1, "global", "A", "a", by="maria", now=NOW)
    vault.put(db, V1, "global", "B", "b", by="maria", now=NOW)
    both = Vault(NEW | OLD)
    assert vault.use(db, both, "global", "A") == "a"
    assert [vault.rotate(db, both) for _ in range(2)] == [2, 0]
    only_new = Vault(NEW)
    assert [vault.use(db, only_new, "global", name) for name in "AB"] == ["a", "b"]
    assert {info.key_version for info in vault.known(db)} == {"v2"}


def test_a_rotation_that_cannot_open_one_secret_changes_none(db):
    vault.put(db, V1, "global", "A", "a", by="maria", now=NOW)
    vault.put(db, Vault({"v0": bytes([7]) * 32}), "global", "B", "b", by="maria", now=NOW)
    with pytest.raises(VaultError, match="global/B is sealed with key v0"):
        vault.rotate(db, Vault(NEW | OLD))
    assert {info.key_version for info in vault.known(db)} == {"v0", "v1"}
