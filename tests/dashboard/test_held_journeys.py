"""Deciding on a held change in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from store import held_changes, runs, tasks
from store.held_changes import NewHeld
from store.lifecycle import Status
from tests.builders import claimed, make_task

pytestmark = pytest.mark.browser

FINDING = {"rule": "protected_path", "path": "AGENTS.md", "line": None, "words": "This path is protected (AGENTS.md)."}
DIFF = (
    "diff --git a/AGENTS.md b/AGENTS.md\n--- a/AGENTS.md\n+++ b/AGENTS.md\n@@ -1 +1 @@\n-Be kind.\n"
    "+<img src=x onerror=\"document.title='owned'\">\n"
)


def held(dashboard, title):
    now = datetime.now(UTC)
    task = make_task(
        dashboard.db, status=Status.RUNNING, now=now, issue_title=title, files_changed=1, additions=1, deletions=1
    )
    work = NewHeld([FINDING], "b" * 40, "a" * 40, b"bundle")
    held_changes.hold(dashboard.db, task.run_id, 1, {"ending": "changes"}, work, now=now)
    claim = claimed(dashboard.db, task.run_id, now=now)
    held_changes.inspected(dashboard.db, claim, DIFF, [FINDING], now=now, why="the change waits for a person")
    runs.release(dashboard.db, claim)
    return tasks.get(dashboard.db, task.id)


def test_a_person_reads_the_change_and_approves_it(dashboard, tab):
    task = held(dashboard, "Change the rules")
    tab.goto(f"{dashboard.url}/task?id={task.id}")
    panel = tab.get_by_role("region", name="Waiting for approval")
    expect(panel).to_contain_text("This path is protected")
    expect(panel).to_contain_text("<img src=x")
    assert tab.title() != "owned"
    panel.get_by_role("button", name="Approve").click()
    assert runs.get(dashboard.db, task.run_id).phase == "held"
    panel.get_by_role("button", name="Push exactly this?").click()
    expect(panel).to_have_count(0)
    assert runs.get(dashboard.db, task.run_id).phase == "approved"


def test_a_person_rejects_it_on_a_phone(dashboard, phone):
    task = held(dashboard, "Change them again")
    phone.goto(f"{dashboard.url}/task?id={task.id}")
    panel = phone.get_by_role("region", name="Waiting for approval")
    panel.get_by_role("button", name="Reject").click()
    panel.get_by_role("button", name="End the task without it?").click()
    expect(phone.get_by_text("the operator rejected the change; it was not pushed.", exact=False).first).to_be_visible()
    assert tasks.get(dashboard.db, task.id).reason == "rejected"
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
