"""The form of a new task: what it asks for, what is wrong with it, what it offers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard import choices, dispatch
from dashboard.dispatch import Form
from dashboard.lookout import Glimpse
from dashboard.templates import TEMPLATES
from jobs import roster
from jobs.github.errors import GitHubUnavailable
from store.estimates import Took
from store.records import Priority
from tests.builders import NOW, make_task

WHOLE = Form("acme/api", "77", "codex", "o4", "next", "high", "Do it.")


def test_what_is_filled_in_becomes_a_wish():
    wish = WHOLE.wish()
    assert (wish.repository, wish.issue_number, wish.agent, wish.model) == ("acme/api", 77, "codex", "o4")
    assert (wish.base_branch, wish.priority, wish.instructions) == ("next", Priority.HIGH, "Do it.")


def test_the_address_holds_everything_but_the_words():
    assert Form.read(WHOLE.params()) == replace(WHOLE, prompt="")
    assert Form().params() == {}


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        pytest.param({}, set(), id="whole"),
        pytest.param({"prompt": ""}, set(), id="an-issue-alone"),
        pytest.param({"issue": ""}, set(), id="words-alone"),
        pytest.param({"issue": "", "prompt": " "}, {"prompt"}, id="neither"),
        pytest.param({"repository": ""}, {"repository"}, id="no-repository"),
        pytest.param({"repository": "widgets"}, {"repository"}, id="no-owner"),
        pytest.param({"issue": "the login one"}, {"issue"}, id="no-number"),
        pytest.param({"issue": "٣"}, {"issue"}, id="another-script"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(changed, fields):
    assert set(Form.read(vars(WHOLE) | changed).faults()) == fields


def test_endless_and_unknown_values_do_no_harm():
    form = Form.read({"repository": "x" * 9999, "priority": "at once", "nonsense": 1, "prompt": "p" * 9999})
    assert (len(form.repository), form.priority, len(form.prompt)) == (250, "normal", 9999)


def test_agents_that_can_work_come_first_and_the_others_name_their_key():
    rows = dispatch.agent_rows(roster.load("mock", None).all(), "mock", {})
    assert (rows[0]["name"], rows[0]["ready"], rows[0]["default"]) == ("mock", True, True)
    claude = next(row for row in rows if row["name"] == "claude-code")
    assert not claude["ready"] and claude["why"].startswith("needs ANTHROPIC_API_KEY")


def test_an_estimate_is_the_median_of_what_was():
    took = [Took(60, 0.1), Took(120, 0.3), Took(1000, 0.2)]
    assert dispatch.estimate(WHOLE, took)["title"] == "2 min 0 s · $0.20"
    assert "the last 3 tasks" in dispatch.estimate(WHOLE, took)["text"]
    assert dispatch.estimate(WHOLE, [])["title"] == "No past runs"
    assert dispatch.estimate(WHOLE, [Took(60, None)])["text"].endswith("What it cost was not told.")


def test_recent_ones_are_this_persons_own_words_each_once(db):
    for words in ("Tidy up", "Tidy up", "Write tests"):
        make_task(db, source="dashboard", instructions=words, requested_by="tom", agent="codex")
    make_task(db, source="comment", instructions="From GitHub", requested_by="tom")
    rows = dispatch.recent_rows(make_choices(db), NOW)
    assert sorted(row["line"] for row in rows) == ["Tidy up", "Write tests"]
    assert rows[0]["form"]["agent"] == "codex"


def make_choices(db):
    return choices.recent(db, "tom")


def test_when_github_is_away_the_form_says_what_still_works():
    view = dispatch.drawn(
        WHOLE, repositories=[], issues=Glimpse(error=GitHubUnavailable("no")), agents=[], took=[], recent=[], faults={},
        answer=0,
    )  # fmt: skip
    assert "Type the issue's number" in view["issues"]["problem"]
    assert not view["issues"]["loading"]


def test_there_are_five_templates():
    assert len(TEMPLATES) == 5
    assert all("…" in one["text"] for one in TEMPLATES)
