"""The words: every reader sees these before anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard import present
from store.lifecycle import Outcome, Status
from tests.builders import make_task

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(-5, "just now", id="a-clock-that-runs-ahead"),
        pytest.param(0, "just now", id="now"),
        pytest.param(44, "just now", id="under-a-minute"),
        pytest.param(50, "1 min ago", id="a-minute"),
        pytest.param(150, "2 min ago", id="minutes"),
        pytest.param(3569, "59 min ago", id="almost-an-hour"),
        pytest.param(3575, "1 h ago", id="an-hour"),
        pytest.param(23 * 3600, "23 h ago", id="hours"),
        pytest.param(2 * 86_400, "2 d ago", id="days"),
        pytest.param(20 * 86_400, "1 Nov", id="a-date"),
        pytest.param(400 * 86_400, "17 Oct 2025", id="a-date-of-another-year"),
    ],
)
def test_how_long_ago_is_said_at_a_glance(seconds, said):
    assert present.ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (134, "2 min 14 s"),
        (3600, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_said_in_two_units_at_most(seconds, said):
    assert present.duration(seconds) == said


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(None, ""), (0.0, "$0.00"), (0.004, "< $0.01"), (0.01, "$0.01"), (0.412, "$0.41"), (1234.5, "$1,234.50")],
)
def test_money_is_dollars_and_nothing_when_nothing_was_told(dollars, said):
    assert present.money(dollars) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0"), (812, "812"), (14_200, "14.2 k"), (999_949, "999.9 k"), (3_100_000, "3.1 M")]
)
def test_tokens_are_rounded_to_be_read(count, said):
    assert present.tokens(count) == said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (0, "Next in line"),
        (1, "Waiting behind 1 task"),
        (3, "Waiting behind 3 tasks"),
        (1001, "Waiting behind more than 1,000 tasks"),
    ],
)
def test_a_waiting_task_says_what_it_waits_for(ahead, said):
    assert present.waiting(ahead) == said


@pytest.mark.parametrize(
    ("then", "said"),
    [
        pytest.param(NOW, "Today", id="today"),
        pytest.param(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "Today", id="today-where-the-reader-is"),
        pytest.param(datetime(2026, 11, 20, 22, 30, tzinfo=UTC), "Yesterday", id="yesterday"),
        pytest.param(datetime(2026, 11, 17, 12, tzinfo=UTC), "Tuesday 17 November", id="this-year"),
        pytest.param(datetime(2025, 11, 17, 12, tzinfo=UTC), "Monday 17 November 2025", id="another-year"),
    ],
)
def test_days_are_those_of_the_reader(then, said):
    assert present.day(then, NOW, BERLIN) == said


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "", ""),
        ("the key was refused (401)", "", "The key was refused (401)."),
        ("Already whole.", "", "Already whole."),
        ("really?", "", "Really?"),
        ("maria asked codex", "maria", "maria asked codex."),
    ],
)
def test_a_sentence_gets_a_capital_and_a_stop_but_a_login_stays_as_it_is(text, name, said):
    assert present.sentence(text, name=name) == said


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word_and_a_tone(db, status):
    task = make_task(db, status=status)
    assert present.status_word(task)
    assert present.TONES[status]


def test_a_success_without_changes_is_not_called_done(db):
    assert present.status_word(make_task(db, status=Status.SUCCEEDED, outcome=Outcome.NO_CHANGES)) == "No changes"


@pytest.mark.parametrize(
    ("reason", "message", "why", "remedy"),
    [
        pytest.param("auth", "the key was refused", "The key was refused.", "Replace the key", id="its-own-words"),
        pytest.param("stalled", "", "The agent said nothing for too long and was ended.", "Retry", id="known-reason"),
        pytest.param(None, "", "It ended without saying why.", "", id="nothing-known"),
        pytest.param("cancelled", "tom stopped it", "tom stopped it.", "", id="somebody-stopped-it"),
    ],
)
def test_a_failure_says_why_and_what_mends_it(db, reason, message, why, remedy):
    task = make_task(db, status=Status.FAILED, reason=reason, message=message)
    assert present.why(task) == why
    assert present.remedy(task).startswith(remedy)


def test_an_excerpt_is_one_short_line():
    assert present.excerpt("One\n line.\n\nAnother paragraph.") == "One line."
    assert len(present.excerpt("word " * 100)) <= 180
