"""The webhooks: signed, complete, sent once, and again when asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.github_stage import APP_ID, SECRET, Stage, opened

REPO = "/repos/acme/widgets"
REAL = Path(__file__).parents[1] / "payloads" / "github"
# In GitHub's examples but not of interest: they belong to features the emulator has not.
LEFT_OUT = {"assignee", "milestone", "license", "permissions"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it:
        yield it


def test_a_delivery_is_signed_over_its_very_bytes(stage: Stage) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    stage.world.comment(issue, "maria", "@porter mock → fix")
    assert "issue_comment.created" in stage.heard()
    headers, body = stage.receiver.got[stage.receiver.events().index("issue_comment.created")]
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert uuid.UUID(headers["x-github-delivery"])
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["content-type"] == "application/json"
    assert headers["x-github-hook-installation-target-id"] == str(APP_ID)
    assert headers["x-github-hook-installation-target-type"] == "integration"
    sent = json.loads(body)
    assert sent["comment"]["body"] == "@porter mock → fix"
    assert sent["sender"]["login"] == "maria"
    assert sent["installation"]["id"] == stage.installation
    assert "pull_request" not in sent["issue"]


def test_labels_an_issue_is_opened_with_are_told_too(stage: Stage) -> None:
    stage.world.add_issue(stage.repository, "maria", "T", "B", ["bug", "porter"])
    assert sorted(stage.heard()) == ["installation.created", "issues.labeled", "issues.labeled", "issues.opened"]


def test_a_comment_on_a_pull_request_says_so(stage: Stage) -> None:
    stage.branch("topic")
    asked = {"title": "T", "head": "topic", "base": "main"}
    stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=asked)
    stage.world.comment(stage.repository.issues[1], "maria", "again, please")
    stage.heard()
    assert stage.receiver.payload("issue_comment.created")["issue"]["pull_request"]["url"].endswith("/pulls/1")
    assert stage.receiver.payload("pull_request.opened")["pull_request"]["head"]["ref"] == "topic"


def test_merging_tells_the_pull_request_the_push_and_the_issue(stage: Stage) -> None:
    stage.world.add_issue(stage.repository, "maria", "Helo")
    stage.branch("topic")
    asked = {"title": "T", "head": "topic", "base": "main", "body": "Fixes #1"}
    stage.api.post(f"{REPO}/pulls", headers=stage.token(), json=asked)
    stage.api.put(f"{REPO}/pulls/2/merge", headers=stage.token(), json={})
    heard = stage.heard()
    assert {"pull_request.closed", "push.None", "issues.closed"} <= set(heard)
    assert stage.receiver.payload("pull_request.closed")["pull_request"]["merged"] is True
    assert stage.receiver.payload("issues.closed")["issue"]["number"] == 1


def test_edits_say_what_was_there_before(stage: Stage) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo")
    comment = stage.world.comment(issue, "maria", "first")
    here = f"{REPO}/issues/comments/{comment.id}"
    stage.api.patch(here, headers=stage.person("maria"), json={"body": "second"})
    stage.api.delete(here, headers=stage.person("maria"))
    stage.heard()
    assert stage.receiver.payload("issue_comment.edited")["changes"] == {"body": {"from": "first"}}
    assert stage.receiver.payload("issue_comment.deleted")["comment"]["body"] == "second"


def test_a_delivery_can_be_listed_read_and_sent_again_under_its_id(stage: Stage) -> None:
    stage.heard()
    stage.receiver.status = "503 Service Unavailable"
    stage.world.add_issue(stage.repository, "maria", "Helo")
    stage.heard()
    app = stage.jwt()
    listed = stage.api.get("/app/hook/deliveries", headers=app).json()
    assert [(one["event"], one["status_code"]) for one in listed] == [("issues", 503), ("installation", 202)]
    stage.receiver.status = "202 Accepted"
    here = f"/app/hook/deliveries/{listed[0]['id']}"
    assert stage.api.post(f"{here}/attempts", headers=app).status_code == 202
    stage.heard()
    again = stage.api.get("/app/hook/deliveries", headers=app).json()[0]
    assert (again["guid"], again["redelivery"], again["status_code"]) == (listed[0]["guid"], True, 202)
    assert stage.receiver.got[-1][0]["x-github-delivery"] == listed[0]["guid"]
    whole = stage.api.get(here, headers=app).json()
    assert whole["request"]["payload"]["issue"]["title"] == "Helo"
    assert SECRET not in json.dumps(whole)


def test_deliveries_come_in_pages_by_cursor(stage: Stage) -> None:
    for n in range(4):
        stage.world.add_issue(stage.repository, "maria", f"n{n}")
    stage.heard()
    first = stage.api.get("/app/hook/deliveries?per_page=3", headers=stage.jwt())
    rest = stage.api.get(first.links["next"]["url"], headers=stage.jwt())
    ids = [one["id"] for one in first.json() + rest.json()]
    assert len(set(ids)) == 5
    assert ids == sorted(ids, reverse=True)
    assert "next" not in rest.links


def test_only_installed_apps_hear_and_only_what_they_asked_for(stage: Stage) -> None:
    other = stage.world.add_repository("acme/other", {"a": "b"})
    stage.world.add_issue(other, "maria", "not ours")
    stage.app.events.remove("issues")
    stage.world.add_issue(stage.repository, "maria", "not asked for")
    assert stage.heard() == ["installation.created"]


@pytest.mark.parametrize(
    ("event", "example"),
    [
        ("issue_comment.created", "issue_comment/created-4"),
        ("issues.opened", "issues/opened-3"),
        ("issues.labeled", "issues/labeled"),
        ("issues.closed", "issues/closed-derived"),
        ("pull_request.opened", "pull_request/opened-2"),
        ("pull_request.closed", "pull_request/closed"),
        ("push.None", "push/push"),
        ("installation.created", "installation/created"),
    ],
)
def test_our_payloads_have_all_that_real_ones_have(stage: Stage, event: str, example: str) -> None:
    issue = stage.world.add_issue(stage.repository, "maria", "Helo", "B", ["bug"])
    stage.world.comment(issue, "maria", "hello")
    stage.branch("topic")
    mine = stage.token()
    stage.api.post(
        f"{REPO}/pulls", headers=mine, json={"title": "T", "head": "topic", "base": "main", "body": "Closes #1"}
    )
    stage.api.put(f"{REPO}/pulls/2/merge", headers=mine, json={})
    stage.heard()
    real = json.loads((REAL / f"{example}.json").read_text())
    assert missing(stage.receiver.payload(event), real, "$") == []


def missing(ours: Any, real: Any, at: str) -> list[str]:
    """The fields of a real payload that ours lacks."""
    if isinstance(ours, dict) and isinstance(real, dict):
        lacking = [f"{at}.{key}" for key in real if key not in ours and key not in LEFT_OUT]
        inside = [missing(ours[key], real[key], f"{at}.{key}") for key in real if key in ours and key not in LEFT_OUT]
        return lacking + [one for found in inside for one in found]
    if isinstance(ours, list) and isinstance(real, list) and ours and real:
        return missing(ours[0], real[0], f"{at}[]")
    return []
