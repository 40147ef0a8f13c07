"""A run belongs to one worker at a time, and to whoever holds one of its tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import runs, tasks
from store.errors import Fenced, NotFound, WrongToken
from store.lifecycle import Status
from tests.builders import NOW, claimed, make_run, make_task, move
from tests.racing import failures, race


def test_a_claimed_run_is_given_to_nobody_else_until_its_lease_ends(db, clock):
    run = make_run(db)
    first = claimed(db, run.id, now=clock())
    assert runs.claim(db, run.id, now=clock.advance(29)) is None
    second = claimed(db, run.id, now=clock.advance(1))
    assert second.fence == first.fence + 1


def test_of_four_workers_at_once_one_gets_the_run(db):
    run = make_run(db)
    results = race(*[lambda: runs.claim(db, run.id, now=NOW)] * 4)
    assert failures(results) == []
    assert sum(result is not None for result in results) == 1


def test_a_claim_gives_the_task_and_the_run_as_they_are(db):
    run = make_run(db, prompt="Greet people")
    claim = claimed(db, run.id)
    assert (claim.task.id, claim.run.prompt) == (run.task_id, "Greet people")


def test_who_lost_the_claim_can_write_nothing(db, clock):
    run = make_run(db)
    lost = claimed(db, run.id, now=clock())
    claimed(db, run.id, now=clock.advance(31))
    with pytest.raises(Fenced, match="claimed by another worker"):
        runs.write(db, lost, machine_id="m-1")
    with pytest.raises(Fenced):
        runs.release(db, lost)
    with pytest.raises(Fenced):
        runs.add_token(db, lost, "token", now=clock())
    assert runs.get(db, run.id).machine_id is None


def test_a_released_run_can_be_claimed_at_once_and_is_due_when_asked(db, clock):
    run = make_run(db)
    later = clock() + timedelta(seconds=90)
    runs.release(db, claimed(db, run.id), due_at=later, attempts=2)
    released = runs.get(db, run.id)
    assert (released.due_at, released.attempts, released.lease_until) == (later, 2, None)
    assert runs.claim(db, run.id, now=clock()) is not None


def test_a_run_that_is_over_cannot_be_claimed(db):
    task = make_task(db, status=Status.FAILED)
    assert runs.claim(db, task.run_id, now=NOW) is None


def test_an_unknown_run_is_named_in_the_error(db):
    with pytest.raises(NotFound, match="there is no run r-0"):
        runs.get(db, "r-0")


def test_a_token_speaks_for_its_run_until_the_run_ends(db):
    task = make_task(db, status=Status.RUNNING)
    runs.add_token(db, claimed(db, task.run_id), "s3cret", now=NOW)
    assert runs.authenticate(db, task.run_id, "s3cret").id == task.run_id
    move(db, task.id, Status.FAILED)
    with pytest.raises(WrongToken):
        runs.authenticate(db, task.run_id, "s3cret")


def test_a_repeated_launch_adds_a_token_and_the_first_stays_good(db):
    run = make_run(db)
    claim = claimed(db, run.id)
    for token in ("first", "second"):
        runs.add_token(db, claim, token, now=NOW)
    assert runs.authenticate(db, run.id, "first") == runs.authenticate(db, run.id, "second")


def test_the_token_of_one_run_opens_no_other(db):
    mine, other = make_run(db), make_run(db)
    runs.add_token(db, claimed(db, mine.id), "mine", now=NOW)
    for token in ("mine", "", "nobody's"):
        with pytest.raises(WrongToken) as refusal:
            runs.authenticate(db, other.id, token)
        assert "mine" not in str(refusal.value)


def test_a_token_is_not_stored_as_it_is(db):
    run = make_run(db)
    runs.add_token(db, claimed(db, run.id), "s3cret", now=NOW)
    with db.read() as connection:
        stored = connection.exec_driver_sql("select token_hash from run_tokens").scalars().all()
    assert stored == [runs.hash_token("s3cret")]
    assert "s3cret" not in stored[0]


def test_the_sweep_sees_every_unfinished_run_once_page_by_page(db):
    live = {make_run(db).id for _ in range(7)}
    make_task(db, status=Status.FAILED)
    seen: list[str] = []
    while page := runs.placed(db, after=seen[-1] if seen else "", limit=3):
        seen += [found.run_id for found in page]
    assert seen == sorted(live)


def test_runs_that_are_asked_for_come_whole_unless_they_have_ended(db):
    live, ended = make_run(db), make_task(db, status=Status.FAILED)
    [found] = runs.unfinished(db, [live.id, ended.run_id])
    assert (found.run, found.task.run_id) == (live, live.id)


def test_a_machine_is_left_until_it_is_known_to_be_gone(db):
    task = make_task(db, status=Status.RUNNING)
    make_run(db, task, machine_id="m-1")
    assert runs.with_machine_left(db) == []
    move(db, task.id, Status.FAILED)
    assert [run.id for run in runs.with_machine_left(db)] == [task.run_id]
    runs.mark_destroyed(db, task.run_id, now=NOW)
    assert runs.with_machine_left(db) == []


def test_a_comment_is_behind_while_it_shows_an_older_version(db, clock):
    task = make_task(db, now=clock())
    assert runs.comments_behind(db, edited_before=clock()) == [task.id]
    tasks.comment_shown(db, task.id, comment_id=9, version=task.version, edited_at=clock())
    assert runs.comments_behind(db, edited_before=clock.advance(10)) == []
    tasks.change(db, task.id, now=clock(), branch="porter/1")
    assert runs.comments_behind(db, edited_before=clock()) == [task.id]


def test_a_task_without_an_issue_has_no_comment_to_be_behind(db):
    make_task(db, issue_number=None)
    assert runs.comments_behind(db, edited_before=NOW) == []


def test_a_comment_that_was_posted_and_never_edited_follows_a_task_that_changes_all_the_time(db, clock):
    task = make_task(db, status=Status.RUNNING, issue_number=7)
    tasks.comment_shown(db, task.id, comment_id=1, version=1, edited_at=None)
    tasks.change(db, task.id, now=clock.advance(60), step="still going")
    assert runs.comments_behind(db, edited_before=clock()) == [task.id]
