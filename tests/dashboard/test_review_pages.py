"""The review's and the new task's pages without a browser."""

from __future__ import annotations

import pytest

from dashboard import decisions
from dashboard.decisions import Decision
from jobs import bootstrap
from store.lifecycle import Status
from tests.builders import make_task
from tests.dashboard.test_pages import drawn, store  # noqa: F401  the fixture


def test_the_list_shows_open_pull_requests_first(store):  # noqa: F811
    make_task(store, status=Status.SUCCEEDED, pr_number=1, pr_state="open", issue_title="Open one")
    make_task(store, status=Status.SUCCEEDED, pr_number=2, pr_state="merged", issue_title="Merged one")
    assert [row["title"] for row in drawn(page="review")["reviews"]["rows"]] == ["Open one"]
    assert [row["title"] for row in drawn(page="review", show="merged")["reviews"]["rows"]] == ["Merged one"]


@pytest.mark.parametrize("task_id", ["nope", "' or 1=1 --", "x" * 5000], ids=["unknown", "sql", "endless"])
def test_an_unknown_task_is_a_sentence(store, task_id):  # noqa: F811
    assert drawn(page="review", id=task_id)["review"]["missing"] == "There is no such task"


def test_a_task_without_a_pull_request_leads_to_its_own_page(store):  # noqa: F811
    task = make_task(store, status=Status.RUNNING)
    seen = drawn(page="review", id=task.id)["review"]
    assert (seen["missing"], seen["task"]) == ("There is nothing to review yet", task.id)


@pytest.mark.parametrize(("page", "title"), [("review", "Review"), ("dispatch", "New task")])
def test_without_its_database_a_page_is_a_sentence(store, tmp_path, page, title):  # noqa: F811
    (tmp_path / "porter.db").unlink()
    seen = drawn(page=page)["problem"]
    assert seen["title"] == title
    assert seen["text"].startswith("The database has not answered since")


def test_the_form_takes_its_beginning_from_the_address(store):  # noqa: F811
    seen = drawn(page="dispatch", agent="mock", priority="low", model="m-1")["dispatch"]
    assert (seen["form"]["agent"], seen["form"]["priority"], seen["form"]["model"]) == ("mock", "low", "m-1")
    assert seen["estimate"]["text"].startswith("Choose a repository")


@pytest.mark.parametrize("verb", ["merge", "reject", "changes"])
def test_a_decision_that_cannot_be_carried_out_is_a_sentence(store, verb):  # noqa: F811
    services = bootstrap.from_environment()
    gone = decisions.carry_out(services, Decision(verb, "nope", "tom", None, words="No."))
    assert (gone.text, gone.is_done) == ("There is no such task any more.", False)
    task = make_task(store, status=Status.SUCCEEDED, pr_number=1, pr_state="open")
    said = decisions.carry_out(services, Decision(verb, task.id, "tom", None, words="No."))
    assert "GITHUB_APP_ID" in said.text and not said.is_done
