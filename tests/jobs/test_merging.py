"""A person merges or rejects a pull request of Porter's: that very commit, once, if GitHub lets them write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs import review_words
from jobs.finish import finish
from jobs.github.errors import GitHubUnavailable
from jobs.merging import CannotDecide, HeadMoved, Merged, NotMergeable, NotPermitted, merge, reject
from jobs.stop import stop
from store import events, reports
from store.lifecycle import Status
from store.records import Task
from tests.jobs.feedback_stage import SECOND, begun, brought, close, commented, pull, said
from tests.jobs.stage import Died, Stage

MERGE = r"/pulls/\d+/merge$"


@pytest.fixture
def task(stage: Stage) -> Task:
    return brought(stage)


def merged(stage: Stage, task: Task, **changed: Any) -> Merged:
    asked = {"by": "tom", "login": "tom", "head_sha": task.head_sha, "method": "merge"} | changed
    return merge(stage.services, task.id, **asked)


def main(stage: Stage) -> str:
    return stage.github.repository.git.branches()["main"]


def merges_asked(stage: Stage) -> int:
    return len([call for call in stage.github.world.calls if call.path.endswith("/merge") and call.method == "PUT"])


def history(stage: Stage, task: Task) -> list[tuple[str, str]]:
    return [(one.kind, one.actor) for one in events.of_task(stage.services.db, task.id)]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_what_was_looked_at_is_merged_and_the_task_says_by_whom(stage: Stage, task: Task, method: str) -> None:
    done = merged(stage, task, method=method)
    assert (done.sha, done.pr_number, done.task.pr_state) == (main(stage), task.pr_number, "merged")
    assert stage.github.repository.git.read("main", "src/main.py")
    assert history(stage, task)[-2:] == [("merge_asked", "tom"), ("pull_merged", "tom")]
    [call] = [one for one in stage.github.world.calls if one.path.endswith("/merge")]
    assert call.body == {"sha": task.head_sha, "merge_method": method}


def test_a_merge_asked_for_twice_is_one(stage: Stage, task: Task) -> None:
    first, second = merged(stage, task), merged(stage, task, by="maria", login="maria")
    assert first.sha == second.sha
    assert merges_asked(stage) == 1
    assert [who for kind, who in history(stage, task) if kind == "pull_merged"] == ["tom"]


def test_what_moved_since_it_was_looked_at_is_not_merged(stage: Stage, task: Task) -> None:
    before = main(stage)
    stage.github.world.push(stage.github.repository, "maria", task.branch or "", {"more.txt": "more\n"})
    with pytest.raises(HeadMoved, match="look again"):
        merged(stage, task)
    assert (main(stage), merges_asked(stage), stage.now_task(task).pr_state) == (before, 0, "open")


def test_a_branch_that_moves_while_it_is_merged_is_not_merged(stage: Stage, task: Task) -> None:
    body = {"message": "Head branch was modified. Review and try the merge again."}
    stage.github.world.faults.fail_next("PUT", MERGE, 409, body=body)
    with pytest.raises(CannotDecide, match="Head branch was modified"):
        merged(stage, task)


def test_who_may_not_write_merges_nothing_however_lately_they_might(stage: Stage, task: Task) -> None:
    for who in ("eve", "nobody", "porter[bot]"):
        with pytest.raises(NotPermitted, match="may not write"):
            merged(stage, task, login=who)
    stage.github.repository.collaborators["tom"] = "read"  # and a minute ago it was `write`
    with pytest.raises(NotPermitted):
        merged(stage, task)
    with pytest.raises(NotPermitted):
        reject(stage.services, task.id, by="tom", login="tom")
    assert stage.now_task(task).pr_state == "open"


def test_while_github_cannot_say_who_may_nobody_may(stage: Stage, task: Task) -> None:
    stage.github.world.faults.fail_next("GET", "/permission$", 502, times=9)
    with pytest.raises(GitHubUnavailable):
        merged(stage, task)
    assert merges_asked(stage) == 0


def test_the_local_operator_is_nobody_github_knows(stage: Stage, task: Task) -> None:
    assert merged(stage, task, by="operator", login=None).task.pr_state == "merged"
    assert not [call for call in stage.github.world.calls if call.path.endswith("/operator/permission")]


def test_what_cannot_be_merged_says_why(stage: Stage, task: Task) -> None:
    pull(stage).pull.draft = True  # type: ignore[union-attr]  # it is one
    with pytest.raises(NotMergeable, match="is a draft; mark it ready for review on GitHub"):
        merged(stage, task)
    pull(stage).pull.draft = False  # type: ignore[union-attr]
    stage.github.repository.required_checks.append("tests")
    with pytest.raises(NotMergeable, match=r'a rule of the branch .*Required status check "tests" is expected'):
        merged(stage, task)
    stage.github.repository.required_checks.clear()
    stage.github.world.push(stage.github.repository, "maria", "main", {"src/main.py": "other\n"})
    with pytest.raises(NotMergeable, match="conflicts with its base"):
        merged(stage, task)


def test_an_answer_that_got_lost_is_looked_after(stage: Stage, task: Task) -> None:
    stage.github.world.faults.drop_reply_next("PUT", MERGE)
    assert merged(stage, task).sha == main(stage)
    assert merges_asked(stage) == 1


def test_a_request_that_got_lost_is_not_repeated_by_itself(stage: Stage, task: Task) -> None:
    stage.github.world.faults.fail_next("PUT", MERGE, 502)
    with pytest.raises(GitHubUnavailable, match="not merged so far"):
        merged(stage, task)
    assert merges_asked(stage) == 1
    assert merged(stage, task).task.pr_state == "merged"


@pytest.mark.parametrize(("n", "when"), [*((n, "before") for n in range(1, 5)), (4, "after")])
def test_a_merge_killed_at_any_outside_call_and_asked_for_again_is_one(
    stage: Stage, task: Task, n: int, when: str
) -> None:
    stage.outside.die_at, stage.outside.when = stage.outside.calls + n, when
    try:
        merged(stage, task)
    except Died:
        stage.wait(60)
        merge(stage.again(), task.id, by="tom", login="tom", head_sha=task.head_sha or "")
    assert stage.now_task(task).pr_state == "merged"
    assert len(stage.github.repository.git.commits(None, "main")) == 3  # the first, the work, the merge


def test_what_is_closed_or_was_never_opened_is_not_decided_on(stage: Stage, task: Task) -> None:
    close(stage)
    with pytest.raises(CannotDecide, match="is closed"):
        merged(stage, task)
    with pytest.raises(CannotDecide, match="no pull request"):
        merged(stage, stage.task(), head_sha="a" * 40)


def test_a_rejection_closes_it_with_the_reason_and_names_who(stage: Stage, task: Task) -> None:
    now = reject(stage.services, task.id, by="tom", login="tom", reason="Not **now**, @maria. <!-- porter:x -->")
    assert (pull(stage).state, now.pr_state) == ("closed", "closed")
    [comment] = said(stage)
    assert "`tom` rejected this" in comment and "> Not **now**" in comment
    assert comment.count("<!--") == 1  # hidden words are shown
    assert history(stage, task)[-2:] == [("reject_asked", "tom"), ("pull_closed", "tom")]
    again = reject(stage.services, task.id, by="tom", login="tom", reason="Not now.")
    assert (again.pr_state, len(said(stage))) == ("closed", 1)


def at_work(stage: Stage, task: Task) -> Task:
    """Its follow-up's machine works."""
    return begun(stage, commented(stage, task, "also greet the moon"))


def test_a_rejection_stops_the_run_at_work_first_and_nothing_of_it_is_pushed(stage: Stage, task: Task) -> None:
    working = at_work(stage, task)
    now = reject(stage.services, task.id, by="tom", login="tom", reason="No.")
    assert (pull(stage).state, now.is_live) == ("closed", True)
    assert "nothing of it is pushed" in said(stage)[-1]
    kinds = [kind for kind, _ in history(stage, task)]
    assert kinds.index("stop_asked") < kinds.index("pull_closed")
    assert not reports.begin_finishing(stage.services.db, working.run_id, now=stage.clock()).accepted

    stage.wait(9)  # and its machine has not heard of it
    stop(stage.services, working.run_id)
    ended = stage.now_task(task)
    assert (ended.status, ended.pr_state, stage.host.machines) == (Status.CANCELLED, "closed", {})
    assert ended.message == "tom turned the pull request down while it was at work; what it had done is not kept"
    assert ended.head_sha == task.head_sha


def test_while_its_work_is_being_pushed_a_pull_request_is_not_rejected_and_afterwards_is(
    stage: Stage, task: Task
) -> None:
    working = at_work(stage, task)
    assert reports.begin_finishing(stage.services.db, working.run_id, now=stage.clock()).accepted
    with pytest.raises(CannotDecide, match="being pushed at this moment"):
        reject(stage.services, task.id, by="tom", login="tom")
    assert pull(stage).state == "open"
    stage.result(working, push=False, head_sha=SECOND)
    finish(stage.services, working.run_id)
    assert reject(stage.services, task.id, by="tom", login="tom").pr_state == "closed"


def test_what_is_merged_is_not_rejected(stage: Stage, task: Task) -> None:
    merged(stage, task)
    with pytest.raises(CannotDecide, match="was merged already"):
        reject(stage.services, task.id, by="tom", login="tom")
    assert said(stage) == []


def test_a_locked_conversation_is_rejected_without_a_word(stage: Stage, task: Task) -> None:
    body = {"message": "Unable to create comment because issue is locked."}
    stage.github.world.faults.fail_next("POST", "/comments$", 403, body=body)
    assert reject(stage.services, task.id, by="tom", login="tom", reason="No.").pr_state == "closed"
    assert said(stage) == []


@pytest.mark.parametrize(("n", "when"), [*((n, "before") for n in range(1, 6)), (5, "after")])
def test_a_rejection_killed_at_any_outside_call_and_said_again_is_said_once(
    stage: Stage, task: Task, n: int, when: str
) -> None:
    stage.outside.die_at, stage.outside.when = stage.outside.calls + n, when
    try:
        reject(stage.services, task.id, by="tom", login="tom", reason="No.")
    except Died:
        stage.wait(60)
        reject(stage.again(), task.id, by="tom", login="tom", reason="No.")
    assert (len(said(stage)), pull(stage).state, stage.now_task(task).pr_state) == (1, "closed", "closed")


def test_the_reason_that_was_said_once_is_said_anew_at_another_commit(stage: Stage, task: Task) -> None:
    markers = {review_words.reject_marker(task, sha, "No.") for sha in ("a", "b")}
    assert len(markers) == 2
    assert review_words.reject_marker(replace(task), "a", " No.") in markers
