"""Settings are kept by scope and name; answers of GitHub by what decides them."""

from __future__ import annotations

from datetime import timedelta

from store import responses, settings
from store.database import Database
from store.responses import Kept
from tests.builders import NOW


def test_a_value_is_set_replaced_and_removed(db: Database):
    settings.put(db, settings.GLOBAL, "model", "sonnet", by="maria", now=NOW)
    settings.put(db, settings.GLOBAL, "model", "opus", by="tom", now=NOW)
    assert settings.get(db, settings.GLOBAL, "model") == "opus"
    assert settings.remove(db, settings.GLOBAL, "model")
    assert not settings.remove(db, settings.GLOBAL, "model")
    assert settings.get(db, settings.GLOBAL, "model") is None


def test_values_keep_their_kind(db: Database):
    for name, value in {"a": True, "b": ["x", "y"], "c": 3, "d": {"e": "f"}, "g": False, "h": ""}.items():
        settings.put(db, settings.GLOBAL, name, value, by="me", now=NOW)
        assert settings.get(db, settings.GLOBAL, name) == value


def test_scopes_do_not_mix_and_do_not_tell_case_apart(db: Database):
    settings.put(db, "repo:Acme/Widgets", "model", "one", by="me", now=NOW)
    settings.put(db, settings.of_user("Maria"), "model", "two", by="me", now=NOW)
    assert settings.of_scope(db, settings.of_repository("acme/widgets")) == {"model": "one"}
    assert settings.get(db, "repo:ACME/widgets", "model") == "one"
    found = settings.of_scopes(db, ["user:maria", "global"])
    assert found == {"user:maria": {"model": "two"}, "global": {}}


def test_an_answer_is_kept_replaced_and_forgotten(db: Database):
    key = responses.key("77", "/repos/a/b", "")
    responses.keep(db, key, Kept('W/"1"', "{}"), now=NOW)
    responses.keep(db, key, Kept('W/"2"', '{"a": 1}'), now=NOW)
    assert responses.find(db, key) == Kept('W/"2"', '{"a": 1}')
    assert responses.find(db, responses.key("78", "/repos/a/b", "")) is None
    assert responses.forget(db, before=NOW) == 0
    assert responses.forget(db, before=NOW + timedelta(seconds=1)) == 1
    assert responses.find(db, key) is None


def test_an_answer_too_long_to_be_worth_it_is_not_kept(db: Database):
    responses.keep(db, "k", Kept('W/"1"', "x" * (responses.LONGEST + 1)), now=NOW)
    assert responses.find(db, "k") is None
