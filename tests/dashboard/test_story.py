"""A task's page as its components are given it: the story, and the log in pieces."""

from __future__ import annotations

from datetime import UTC

import pytest

from dashboard import data, story
from store import tasks
from store.lifecycle import Status
from tests.builders import NOW, make_task
from tests.dashboard import builders


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
