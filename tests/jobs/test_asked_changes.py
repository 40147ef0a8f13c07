"""Changes asked for in Porter itself become a run on the same branch, and are answered on the pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.bootstrap import Services
from jobs.config import Mode
from jobs.follow_up import advance
from jobs.merging import CannotDecide, NotPermitted, request_changes
from store import follow_ups
from store.lifecycle import Status
from store.records import FollowUp, Task
from tests.jobs.feedback_stage import SECOND, brought, close, said, worked
from tests.jobs.stage import Stage

WORDS = "Say it in capitals.\n\nAnd mind @maria."


@pytest.fixture
def task(stage: Stage) -> Task:
    return brought(stage)


def asked(stage: Stage, task: Task, words: str = WORDS, *, by: str = "tom") -> FollowUp:
    login = None if by == "operator" else by
    return request_changes(stage.services, task.id, by=by, login=login, words=words)


@pytest.mark.parametrize("by", ["tom", "operator"])
def test_the_words_are_the_feedback_of_a_run_on_the_same_branch(stage: Stage, task: Task, by: str) -> None:
    one = asked(stage, task, by=by)
    ended = worked(stage, one.id)
    assert (ended.status, ended.branch, ended.pr_number) == (Status.SUCCEEDED, task.branch, task.pr_number)
    assert "Say it in capitals." in (stage.now_run(ended).prompt or "")
    [answer] = said(stage)
    assert "> Say it in capitals." in answer and SECOND[:7] in answer
    assert "@maria" not in answer  # nobody is called by a quotation


def test_asked_twice_while_it_waits_it_is_one_and_later_it_is_another(stage: Stage, task: Task) -> None:
    first, second = asked(stage, task), asked(stage, task)
    assert first.id == second.id
    worked(stage, first.id)
    assert asked(stage, task).id != first.id


def test_who_may_not_write_asks_for_nothing(stage: Stage, task: Task) -> None:
    with pytest.raises(NotPermitted):
        asked(stage, task, by="eve")
    assert follow_ups.waiting(stage.services.db, task.id) == []


def test_nothing_is_asked_without_words_or_of_a_closed_pull_request(stage: Stage, task: Task) -> None:
    with pytest.raises(CannotDecide, match="what should be changed"):
        asked(stage, task, " \n")
    close(stage)
    with pytest.raises(CannotDecide, match="is closed"):
        asked(stage, task)


def test_in_production_nobody_passes_as_the_operator(stage: Stage, task: Task) -> None:
    one = asked(stage, task, by="operator")
    config = stage.services.config.model_copy(update={"mode": Mode.PRODUCTION})
    served: Services = replace(stage.services, config=config)
    served.__dict__.update({"github": stage.services.github, "host": stage.host})
    stage.services = served
    advance(served, one.id)
    assert "may not write" in (follow_ups.get(served.db, one.id).refused or "")
