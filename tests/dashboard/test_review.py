"""What a review says: where a pull request stands, what its checks came to, which lines are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from dashboard import change, data, review, reviews
from dashboard.lookout import Glimpse
from dashboard.wanted import WantedReviews
from jobs.errors import ConfigurationError
from jobs.github.errors import GitHubRefused, GitHubUnavailable
from jobs.pull_view import ChangedFile, Check, PullView
from store.lifecycle import Status
from tests.builders import NOW, make_task

PATCH = "@@ -1 +1 @@\n-Helo\n+Hello"
FILE = ChangedFile("a.py", None, "modified", 1, 1, PATCH, is_binary=False, is_huge=False)
PULL = PullView(
    7, "Greet", "https://github.test/acme/greeter/pull/7", "open", False, True, "clean", "a" * 40, "porter/x", "main",
    1, 1, 1, 1, [], "", [FILE], 0, None,
)  # fmt: skip


def reviewed(db, pull=PULL, error=None, *, doing="", **values):
    task = make_task(db, **({"status": Status.SUCCEEDED, "pr_number": 7, "pr_state": "open"} | values))
    glimpse = Glimpse(pull, NOW, error)
    return review.head(task, glimpse, doing=doing, now=NOW, zone=UTC, github_url="https://github.test")


@pytest.mark.parametrize(
    ("changed", "word", "can_merge"),
    [
        pytest.param({}, "Mergeable", True, id="clean"),
        pytest.param({"mergeable_state": "unstable"}, "Mergeable", True, id="a-check-failed"),
        pytest.param({"mergeable_state": "blocked"}, "Blocked by a rule", True, id="blocked"),
        pytest.param({"mergeable_state": "behind"}, "Behind", True, id="behind"),
        pytest.param({"mergeable_state": "dirty", "mergeable": False}, "Conflicts", False, id="conflicts"),
        pytest.param({"mergeable_state": "unknown", "mergeable": None}, "Not known yet", False, id="not-known"),
        pytest.param({"mergeable_state": "unknown", "mergeable": False}, "Not mergeable", False, id="not-mergeable"),
        pytest.param({"is_draft": True, "mergeable_state": "draft"}, "Draft", False, id="draft"),
        pytest.param({"state": "merged"}, "Merged", False, id="merged"),
        pytest.param({"state": "closed"}, "Closed", False, id="closed"),
    ],
)
def test_only_what_can_be_merged_offers_it(db, changed, word, can_merge):
    seen = reviewed(db, replace(PULL, **changed))
    assert seen["gates"][1]["word"] == word
    assert seen["can"]["merge"] is can_merge
    assert seen["can"]["decide"] is ("state" not in changed)


def test_while_the_agent_is_at_work_on_it_again_nothing_is_merged(db):
    seen = reviewed(db, status=Status.RUNNING)
    assert not seen["can"]["merge"]
    assert "at work on it again" in seen["sentence"]


def test_one_decision_at_a_time(db):
    seen = reviewed(db, doing="Merging…")
    assert seen["can"] == {"merge": False, "decide": False}


@pytest.mark.parametrize(
    ("conclusions", "word"),
    [
        ([], "None"),
        (["success", "skipped"], "2 passed"),
        (["success", None], "1 of 2 running"),
        (["failure", None], "1 of 2 failed"),
    ],
)
def test_the_checks_in_a_word(db, conclusions, word):
    checks = [
        Check(f"check {n}", "completed" if one else "in_progress", one, None) for n, one in enumerate(conclusions)
    ]
    assert reviewed(db, replace(PULL, checks=checks))["gates"][0]["word"] == word


def test_checks_that_may_not_be_read_say_why(db):
    gate = reviewed(db, replace(PULL, checks_unknown="the App may not read checks"))["gates"][0]
    assert (gate["word"], gate["text"]) == ("Not known", "The App may not read checks.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, ""),
        (GitHubUnavailable("no answer"), "GitHub does not answer just now."),
        (GitHubRefused("read it", 404, "Not Found"), "GitHub refused to read it"),
        (ConfigurationError(["GITHUB_APP_ID is not set"]), "GITHUB_APP_ID is not set"),
        (OSError("boom"), "The pull request could not be read"),
    ],
)
def test_what_is_away_is_one_sentence(error, words):
    assert review.trouble(error, has_old=False).startswith(words)


def test_without_github_the_head_shows_what_porter_knows(db):
    seen = reviewed(db, None, GitHubUnavailable("no answer"), files_changed=2, additions=3, summary="Done.")
    assert (seen["loading"], seen["plus"], seen["summary"]) == (False, "+3", "Done.")
    assert not seen["can"]["merge"]


def test_a_binary_a_huge_and_a_renamed_file_say_why_there_are_no_lines():
    bare = replace(FILE, patch=None, additions=0, deletions=0)
    files = [
        replace(bare, is_binary=True),
        replace(bare, is_huge=True, additions=90_000),
        replace(bare, status="renamed", previous_path="old.py"),
    ]
    found = change.drawn(replace(PULL, files=files))["files"]
    assert [one["note"].split(":")[0] for one in found] == [
        "A binary file", "90,000 lines changed", "Its text did not change."
    ]  # fmt: skip
    assert found[2]["old"] == "old.py"


def test_a_long_file_is_folded_and_what_no_longer_fits_is_left_to_github():
    long = "@@ -0,0 +1,4000 @@\n" + "\n".join("+x" for _ in range(4000))
    one = replace(FILE, patch=long, additions=4000)
    first, second = change.drawn(replace(PULL, files=[one, one]))["files"]
    assert first["folded"] and len(first["hunks"][0]["lines"]) == 4000
    assert second["hunks"] == [] and second["note"].startswith("4,001 lines changed")
    assert second["url"].startswith("https://github.test/")


def listed(db, **wanted):
    wanted = WantedReviews.read(wanted)
    view = data.review_list(db, wanted, limit=2)
    return reviews.listed(view, wanted, now=NOW, zone=UTC, github_url="https://github.test")


def test_the_list_begins_with_what_waits_and_pages_by_key(db):
    for number in range(3):
        make_task(db, status=Status.SUCCEEDED, pr_number=number + 1, pr_state="open", issue_title=f"No {number}")
    make_task(db, status=Status.SUCCEEDED, pr_number=9, pr_state="merged", issue_title="Merged one")
    first = listed(db)
    second = listed(db, after=first["next"])
    titles = sorted(row["title"] for row in first["rows"] + second["rows"])
    assert titles == ["No 0", "No 1", "No 2"]
    assert (first["first"], second["first"], second["next"]) == (True, False, "")
    assert {pill["word"]: pill["count"] for pill in first["pills"]} == {
        "Needs you": "3", "Open": "3", "Merged": "1", "Rejected": "0"
    }  # fmt: skip
    assert [row["word"] for row in listed(db, show="merged")["rows"]] == ["Merged"]


@pytest.mark.parametrize("after", ["nonsense", "2026-01-01/abc", "x" * 5000, "' or 1=1"])
def test_a_made_up_key_shows_the_first_page(db, after):
    make_task(db, status=Status.SUCCEEDED, pr_number=1, pr_state="open")
    assert len(listed(db, after=after)["rows"]) == 1


def test_an_empty_list_says_what_will_be_there(db):
    assert listed(db)["empty"]["title"] == "Nothing waits for you"
