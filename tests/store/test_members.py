"""Members: a role belongs to a person, not to a login, and somebody is always left to give one."""

from __future__ import annotations

from functools import partial

import pytest

from store import audit, members
from store.database import Database
from store.members import LastAdmin, Member, Role
from tests.builders import NOW
from tests.racing import failures, race


def arrive(db: Database, person_id: int, login: str) -> Member:
    with db.write() as connection:
        members.arrived(connection, person_id, login, login.title(), now=NOW)
    found = members.find(db, login)
    assert found is not None
    return found


def named(db: Database, login: str, role: Role) -> Member:
    return members.name(db, login, role, by="maria", now=NOW)


def test_whoever_signs_in_is_a_member_without_a_role_of_their_own(db: Database):
    tom = arrive(db, 7, "Tom")
    assert (tom.person_id, tom.login, tom.name, tom.role, tom.seen_at) == (7, "Tom", "Tom", None, NOW)
    assert members.find(db, "tOM") == tom
    assert arrive(db, 7, "Tom").id == tom.id
    assert members.find(db, "eve") is None


def test_a_role_stays_when_the_login_changes_and_goes_to_nobody_who_takes_the_old_login(db: Database):
    tom = arrive(db, 7, "tom")
    members.give(db, tom.id, Role.VIEWER, by="maria", now=NOW)
    other = arrive(db, 8, "tom")
    assert (other.person_id, other.role) == (8, None)
    again = arrive(db, 7, "thomas")
    assert (again.id, again.role) == (tom.id, Role.VIEWER)


def test_what_was_given_to_a_login_before_its_person_came_is_theirs(db: Database):
    named(db, "Tom", Role.VIEWER)
    assert (arrive(db, 7, "tom").role, len(members.known(db))) == (Role.VIEWER, 1)
    known = arrive(db, 9, "ida")
    named(db, "ida-new", Role.ADMIN)
    renamed = arrive(db, 9, "ida-new")
    assert (renamed.id, renamed.role, len(members.known(db))) == (known.id, Role.ADMIN, 2)


def test_each_change_is_a_line_of_the_audit_and_none_is_when_nothing_changed(db: Database):
    tom = arrive(db, 7, "tom")
    for role in (Role.VIEWER, Role.VIEWER, None):
        members.give(db, tom.id, role, by="maria", now=NOW)
    told = [(one.who, one.action, one.what, one.detail) for one in audit.latest(db)]
    assert told == [
        ("maria", "role_changed", "member/tom", "viewer → as newcomers"),
        ("maria", "role_changed", "member/tom", "as newcomers → viewer"),
    ]


def test_the_last_admin_stays_one_unless_others_remain(db: Database):
    one = named(db, "maria", Role.ADMIN)
    with pytest.raises(LastAdmin, match="maria is the last admin"):
        members.give(db, one.id, Role.MEMBER, by="maria", now=NOW)
    assert members.give(db, one.id, None, by="maria", now=NOW, others_remain=True).role is None


def test_two_admins_who_demote_each_other_at_once_leave_one(db: Database):
    both = [named(db, login, Role.ADMIN).id for login in ("maria", "tom")]

    demotions = [partial(members.give, db, one, Role.MEMBER, by="x", now=NOW) for one in both]
    assert [type(one) for one in failures(race(*demotions))] == [LastAdmin]
    assert [one.role for one in members.known(db)].count(Role.ADMIN) == 1


def test_people_are_found_by_login_and_name_those_with_a_role_first(db: Database):
    for number, login in enumerate(("ida", "tom", "eve")):
        arrive(db, number, login)
    named(db, "tom", Role.VIEWER)
    assert members.known(db)[0].login == "tom"
    assert [one.login for one in members.known(db, search="EV")] == ["eve"]
    assert members.known(db, search="%") == []
