"""The tab Members without a browser: who is shown as what, and what an admin may change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from dashboard import members as tab
from dashboard import members_acts, settings_reads
from jobs import bootstrap, changing
from jobs.bootstrap import Services
from jobs.changing import EVERYONE
from jobs.config import Config
from store import audit, browser_sessions, members, migrate, settings
from store.browser_sessions import BrowserSession
from store.members import Role
from tests.builders import NOW
from tests.signing_in import variables

TOKEN = '{"value": "ghu_x", "ends_at": "2027-01-01T00:00:00+00:00", "refresh": null}'


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    told = variables(tmp_path / "porter.db", "http://127.0.0.1:1", "http://127.0.0.1:1", "client")
    made = bootstrap.build(Config.model_validate(told | {"PORTER_ADMINS": "maria,zoe"}), clock=lambda: NOW)
    migrate.upgrade(made.config.database)
    for number, login, name in ((1, "maria", "Maria Lind"), (2, "tom", "")):
        one = BrowserSession(number, login, name, "", NOW + timedelta(days=1))
        browser_sessions.begin(made.db, made.vault, f"cookie of {login}", one, token=TOKEN, now=NOW)
    yield made
    made.db.close()


def shown(services: Services, *, you: str = "maria"):
    seen, own = settings_reads.members(services), settings.of_scope(services.db, settings.GLOBAL)
    return tab.sections(seen, services.config, own, you=you, now=NOW + timedelta(hours=2), zone=UTC)


def row(services: Services, login: str):
    [found] = [one for one in shown(services)[0]["people"] if one["login"] == login]
    return found


def act(services: Services, do: str, login: str = "tom", **said: str):
    found = members.find(services.db, login)
    told = {"do": do, "id": f"member:{found.id if found else 77}"} | said
    return members_acts.carry_out(services, told, by="maria")


def test_everybody_is_a_row_with_a_role_and_when_they_were_seen(services):
    maria, tom, zoe = row(services, "maria"), row(services, "tom"), row(services, "zoe")
    assert (maria["role"], maria["fixed"], maria["initials"], maria["you"]) == (
        "admin", "Named in PORTER_ADMINS.", "ML", True,
    )  # fmt: skip
    assert (tom["role"], tom["fixed"], tom["initials"], tom["you"]) == ("", "", "TO", False)
    assert tom["since"] == "Last seen 2 h ago, here since 2 h ago, now in 1 browser"
    assert (zoe["role"], zoe["since"], zoe["out"]) == ("admin", "Never signed in", False)


def test_a_role_is_given_taken_and_told_with_who_gave_it(services):
    assert act(services, "role", value="viewer").note == "Saved: a viewer."
    assert (row(services, "tom")["role"], row(services, "tom")["by"]) == ("viewer", "Viewer by maria")
    assert act(services, "role", value="").note == "Saved: as newcomers are."
    assert row(services, "tom")["roles"][0]["text"] == "As newcomers (member)"
    changing.put(services, EVERYONE, "default_role", "viewer", by="maria")
    assert row(services, "tom")["roles"][0]["text"] == "As newcomers (viewer)"


@pytest.mark.parametrize(("do", "login", "said", "words"), [
    ("role", "maria", {"value": "viewer"}, "PORTER_ADMINS"),
    ("role", "tom", {"value": "king"}, "There is no such role"),
    ("role", "nobody", {"value": "viewer"}, "There is no such member"),
    ("name", "", {"value": "a b", "role": "viewer"}, "That is no login on GitHub"),
    ("name", "", {"value": "eve", "role": ""}, "There is no such role"),
    ("send-away", "nobody", {}, "There is no such member"),
], ids=["the-environments-admin", "no-role", "nobody", "no-login", "no-role-named", "nobody-to-send"])  # fmt: skip
def test_what_cannot_be_is_a_sentence_and_changes_nothing(services, do, login, said, words):
    before = members.known(services.db)
    assert words in act(services, do, login, **said).fault
    assert (members.known(services.db), audit.latest(services.db)) == (before, [])


def test_somebody_is_named_by_their_login_and_may_be_named_again(services):
    assert act(services, "name", value=" @eve ", role="viewer").note == "eve is a viewer now."
    assert act(services, "name", value="EVE", role="admin").note == "eve is an admin now."
    assert row(services, "eve")["since"] == "Never signed in, named 2 h ago"
    assert members.find(services.db, "eve").role is Role.ADMIN
    assert act(services, "send-away", "eve").fault == "eve has never signed in."


def test_whoever_is_sent_away_is_signed_in_nowhere_and_others_stay(services):
    assert act(services, "send-away").note == "tom is signed out everywhere."
    assert browser_sessions.find(services.db, "cookie of tom", now=NOW) is None
    assert browser_sessions.find(services.db, "cookie of maria", now=NOW) is not None
    assert not row(services, "tom")["out"]
    [told] = audit.latest(services.db)
    assert (told.who, told.action, told.what) == ("maria", "signed_out", "member/tom")
    assert act(services, "send-away").note == "tom was signed in nowhere."


@pytest.mark.parametrize(("name", "letters"), [
    ("Maria Lind", "ML"), ("tom", "TO"), ("jean-luc", "JL"), ("", "?"), ("Ana de Souza", "AD"), ("李", "李"),
])  # fmt: skip
def test_initials_stand_for_a_picture(name, letters):
    assert tab.initials(name) == letters
