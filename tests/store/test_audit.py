"""The audit log keeps who did what, in order, and tells of one use of a thing once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import audit
from store.database import Database
from tests.builders import NOW


def test_notes_come_back_newest_first_and_page_by_page(db: Database):
    for number in range(5):
        audit.note(db, who="maria", action="setting_changed", what=f"global/model{number}", detail="opus", now=NOW)
    first = audit.latest(db, limit=2)
    assert [one.what for one in first] == ["global/model4", "global/model3"]
    assert [one.what for one in audit.latest(db, limit=2, before=first[-1].id)] == ["global/model2", "global/model1"]
    assert (first[0].who, first[0].action, first[0].detail, first[0].at) == ("maria", "setting_changed", "opus", NOW)


def test_what_is_noted_once_is_one_line(db: Database):
    for _ in range(3):
        audit.note(db, who="porter", action="secret_used", what="global/KEY", now=NOW, once="run-1:global/KEY")
    assert len(audit.latest(db)) == 1


def test_a_note_is_undone_with_the_change_it_tells_of(db: Database):
    with pytest.raises(RuntimeError), db.write() as connection:
        audit.note(connection, who="tom", action="setting_changed", what="global/model", now=NOW)
        raise RuntimeError("the change failed")
    assert audit.latest(db) == []


def test_notes_are_found_by_who_and_by_what(db: Database):
    audit.note(db, who="maria", action="secret_removed", what="global/KEY", now=NOW)
    audit.note(db, who="tom", action="secret_set", what="global/OTHER", now=NOW)
    assert [one.action for one in audit.latest(db, who="tom")] == ["secret_set"]
    assert [one.action for one in audit.latest(db, what="global/KEY")] == ["secret_removed"]


def test_old_notes_are_dropped(db: Database):
    audit.note(db, who="maria", action="a", what="b", now=NOW - timedelta(days=400))
    audit.note(db, who="maria", action="c", what="d" * 400, now=NOW)
    assert audit.forget_older(db, than=NOW - timedelta(days=365)) == 1
    assert [one.action for one in audit.latest(db)] == ["c"]
