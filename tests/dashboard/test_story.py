"""A task's page as its components are given it: the story, and the log in pieces."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from dashboard import data, story
from dashboard.lookout import Glimpse
from jobs.github.errors import GitHubUnavailable
from jobs.pull_view import Check
from store import reports, runs, tasks, usage
from store.lifecycle import Outcome, Status
from store.records import RunKind
from tests.builders import NOW, make_task, move
from tests.dashboard import builders
from tests.dashboard.test_review import PULL

AWAY = Glimpse(error=GitHubUnavailable("no answer"))
OPEN = {"pr_number": 7, "pr_state": "open"}


def test_the_story_tells_all_runs_in_one_line_of_time(db):
    task = builders.make_task(db, status=Status.FAILED, message="the key was refused")
    tasks.restart(db, task.id, by="tom", now=NOW)
    told = story.lines(data.task_view(db, task.id), zone=UTC)
    assert [line["run"] for line in told if "run" in line] == ["Run 1 · first run", "Run 2 · retry"]
    assert told[1]["text"].startswith("maria asked claude-code")
    assert told[-1]["text"] == "tom asked for another run."


def numbers(piece):
    return [line.n for line in piece.lines]


@pytest.mark.parametrize(
    ("ask", "found", "after", "upto", "more"),
    [
        pytest.param({}, [7, 8, 9], 6, 9, False, id="the-end-first"),
        pytest.param({"upto": 6}, [3, 4, 5, 6], 2, 6, False, id="what-lies-before"),
        pytest.param({"upto": 2}, [1, 2], 0, 2, False, id="the-beginning"),
        pytest.param({"upto": 0}, [], 0, 0, False, id="before-the-beginning"),
        pytest.param({"after": 3}, [4, 5, 6, 7], 3, 7, True, id="what-follows"),
        pytest.param({"after": 7}, [8, 9], 7, 9, False, id="the-newest"),
        pytest.param({"after": 9}, [], 9, 9, False, id="nothing-new"),
    ],
)
def test_a_log_comes_in_pieces_that_say_where_they_belong(db, monkeypatch, ask, found, after, upto, more):
    monkeypatch.setattr(data, "LOG_END", 3)
    monkeypatch.setattr(data, "LOG_CHUNK", 4)
    task = make_task(db, status=Status.RUNNING)
    builders.tell(db, task, now=NOW, seq=1, lines=[builders.log_line(task, n, f"line {n}") for n in range(1, 10)])
    read = data.log_chunk if "after" in ask else data.log_end
    piece = read(db, task.run_id, **ask)
    assert (numbers(piece), piece.after, piece.upto, piece.more) == (found, after, upto, more)
    sent = story.log(task.run_id, piece, asked=5, live=True, zone=UTC)
    assert ([line[0] for line in sent["lines"]], sent["upto"], sent["asked"]) == (found, upto, 5)


def test_a_run_without_lines_has_an_empty_end(db):
    assert data.log_end(db, make_task(db).run_id) == data.LogPiece([], 0, 0)


def head(db, task, pull=None, *, doing=""):
    view = data.task_view(db, task.id)
    return story.head(view, pull or Glimpse(), doing=doing, now=NOW, zone=UTC, github_url="https://github.test")


def details(db, task, pull=None, *, has_lines=False):
    return story.details(data.task_view(db, task.id), pull or Glimpse(), tab="usage", has_lines=has_lines, zone=UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"status": Status.SUCCEEDED} | OPEN, "the same branch", id="open-pull-request"),
        pytest.param({"status": Status.RUNNING} | OPEN, "when the present run has ended", id="at-work-on-it-again"),
        pytest.param({"status": Status.FAILED}, "run again, with these words", id="failed"),
        pytest.param({"status": Status.SUCCEEDED, "outcome": Outcome.NO_CHANGES}, "run again", id="nothing-to-change"),
        pytest.param({"status": Status.RUNNING}, None, id="at-work"),
        pytest.param({"status": Status.SUCCEEDED} | OPEN | {"pr_state": "merged"}, None, id="merged"),
        pytest.param({"status": Status.SUCCEEDED} | OPEN | {"pr_state": "closed"}, None, id="closed"),
    ],
)
def test_a_follow_up_is_offered_where_there_is_something_to_go_on_with(db, values, words):
    task = make_task(db, **values)
    assert words in head(db, task)["follow"] if words else head(db, task)["follow"] == ""
    assert head(db, task, doing="Handing your words to the agent…")["follow"] == ""


def test_the_head_says_of_the_checks_what_was_seen_a_moment_ago(db):
    task = make_task(db, status=Status.SUCCEEDED, **OPEN)
    pull = replace(PULL, checks=[Check("tests", "completed", "success", None)])
    assert head(db, task)["checks"] is None
    assert head(db, task, Glimpse(pull, NOW))["checks"] == {"word": "checks: 1 passed", "tone": "done"}
    assert head(db, task, Glimpse(pull, NOW - timedelta(hours=1)))["checks"] is None


@pytest.mark.parametrize(
    ("values", "pull", "text"),
    [
        pytest.param({"status": Status.RUNNING}, None, "as soon as it is a pull request", id="at-work"),
        pytest.param({"status": Status.FAILED}, None, "this task has no pull request", id="ended-without"),
        pytest.param({"status": Status.SUCCEEDED} | OPEN, AWAY, "GitHub does not answer just now.", id="github-away"),
        pytest.param({"status": Status.SUCCEEDED} | OPEN, None, "", id="not-looked-yet"),
    ],
)
def test_a_change_that_cannot_be_shown_is_a_sentence(db, values, pull, text):
    told = details(db, make_task(db, **values), pull)["changes"]
    assert text in told["text"] and told["loading"] is (text == "")


def test_the_pull_request_says_how_it_stands_at_github(db):
    task = make_task(db, status=Status.SUCCEEDED, **OPEN)
    pull = replace(PULL, is_draft=True, checks=[Check("tests", "completed", "failure", None)])
    told = details(db, task, Glimpse(pull, NOW))["result"]
    assert told["state"]["word"] == "Draft"
    assert [(gate["name"], gate["word"]) for gate in told["gates"]] == [
        ("Checks", "1 of 1 failed"), ("Merge", "Draft"), ("Reviews", "None yet"),
    ]  # fmt: skip
    assert told["gates"][0]["items"][0]["word"] == "failed"
    assert details(db, task)["result"]["loading"] is True
    assert "does not answer" in details(db, task, AWAY)["result"]["text"]


def test_each_run_counts_its_own_part_and_the_task_the_sum(db):
    task = make_task(db, status=Status.RUNNING)
    first = {"input_tokens": 1000, "output_tokens": 200, "cache_read_tokens": 5000, "cache_write_tokens": 70}
    ended(db, task, first | {"cost_usd": 0.5}, 60)
    again = tasks.restart(db, task.id, by="tom", now=NOW, kind=RunKind.FOLLOW_UP)
    for status in (Status.LAUNCHING, Status.RUNNING):
        move(db, task.id, status)
    ended(db, again, {"input_tokens": 30, "output_tokens": 4, "cache_read_tokens": 0, "cost_usd": 0.25}, 90)
    told = details(db, task)
    shown = [[row[name] for name in ("run", "time", "input", "output", "cache", "write", "cost")]
             for row in [*told["usage"], told["total"]]]  # fmt: skip
    assert shown == [
        ["Run 1", "1 min 0 s", "1.0 k", "200", "5.0 k", "70", "$0.50"],
        ["Run 2", "1 min 30 s", "30", "4", "0", "", "$0.25"],
        ["Task", "2 min 30 s", "1.0 k", "204", "5.0 k", "70", "$0.75"],
    ]


def ended(db, task, used, seconds):
    """The last word of the task's machine, and what the job `finish` makes of it."""
    result = {"ending": "changes", "usage": used, "seconds": seconds}
    reports.accept_result(db, task.run_id, 1, result, now=NOW)
    run = runs.get(db, task.run_id)
    tasks.change(db, task.id, now=NOW, **usage.told(db, run, run.usage))
    for status in (Status.FINISHING, Status.SUCCEEDED):
        if tasks.get(db, task.id).status is not status:
            move(db, task.id, status)
