"""What notifications say, and that what others wrote in them calls nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs.notify import bodies
from jobs.notify.words import telling
from store.channels import Occasion
from store.notices import Notice, State
from tests.builders import NOW

URL = "https://porter.example.com"
FACTS: dict[str, Any] = {
    "id": "7f3a", "run_id": "7f3a-1", "repository": "acme/site", "issue_number": 9, "issue_title": "Broken link",
    "requested_by": "maria", "agent": "opencode", "model": "big", "status": "failed", "outcome": None, "reason": None,
    "message": "", "summary": "", "pr_number": None, "pr_url": None, "branch": "porter/x", "files_changed": 0,
    "additions": 0, "deletions": 0, "cost_usd": None,
}  # fmt: skip
PULL = {"status": "succeeded", "pr_number": 81, "pr_url": "https://github.com/acme/site/pull/81", "files_changed": 3,
        "additions": 42, "deletions": 7, "cost_usd": 0.178, "summary": "Added the guard.\n\nAnd a test."}  # fmt: skip


def notice(event: Occasion, **facts: Any) -> Notice:
    return Notice("ab12", "c1", "7f3a", "7f3a-1", event, NOW, FACTS | facts, State.PENDING, 1, NOW, None, NOW, None, "")


@pytest.mark.parametrize(("event", "facts", "text"), [
    pytest.param(Occasion.PULL_REQUEST, PULL, """\
Pull request #81 is ready: acme/site#9 Broken link

Added the guard. And a test.
opencode (big) · asked for by maria · 3 files, +42 −7 · $0.18

Pull request #81: https://github.com/acme/site/pull/81
Task: https://porter.example.com/task?id=7f3a""", id="a-pull-request"),
    pytest.param(Occasion.FAILED, {"reason": "auth", "message": "the key for Anthropic was refused (401)"}, """\
opencode could not finish: acme/site#9 Broken link

the key for Anthropic was refused (401).
Its key is missing or no longer good: an operator sets it with porter secret set.
opencode (big) · asked for by maria

Task: https://porter.example.com/task?id=7f3a""", id="failed"),
    pytest.param(Occasion.FAILED, {"status": "timed_out", "issue_number": None, "issue_title": ""}, """\
opencode ran out of time: acme/site

opencode (big) · asked for by maria

Task: https://porter.example.com/task?id=7f3a""", id="out-of-time-without-an-issue"),
    pytest.param(Occasion.NEEDS_YOU, {"message": "the change waits for a person: This path is protected (AGENTS.md)"},
                 """\
A change waits for your approval: acme/site#9 Broken link

the change waits for a person: This path is protected (AGENTS.md).
opencode (big) · asked for by maria

Task: https://porter.example.com/task?id=7f3a""", id="needs-you"),
    pytest.param(Occasion.TEST, {"requested_by": "tom"}, """\
A test from Porter

tom sent this to see whether it arrives. It did.

Porter: https://porter.example.com""", id="a-test"),
])  # fmt: skip
def test_the_words_of_a_mail(event, facts, text):
    assert telling(event, FACTS | facts, dashboard_url=URL).text == text


def test_what_others_wrote_calls_nobody_and_links_nowhere_in_a_chat():
    title = "<!channel> @everyone @here <https://evil.test|click> [click](https://evil.test) ![p](https://evil.test/p)"
    told = telling(Occasion.PULL_REQUEST, FACTS | PULL | {"issue_title": title}, dashboard_url=URL)
    said = json.loads(bodies.slack(told)[1])["text"]
    for call in ("<!channel>", "@everyone", "@here", "<https://evil", "](", "!["):
        assert call not in said
    assert said.endswith("<https://github.com/acme/site/pull/81|Pull request #81> · "
                         "<https://porter.example.com/task?id=7f3a|Task>")  # fmt: skip


def test_no_title_can_add_a_header_or_a_line_to_a_mail():
    title = "x\r\nBcc: eve@example.com\n\nbody"
    one = notice(Occasion.FAILED, issue_title=title)
    told = telling(one.event, one.facts, dashboard_url=URL)
    mail = bodies.mail(one, told, sender="Porter <porter@example.com>", to="team@example.com")
    assert mail["Bcc"] is None and "\n" not in mail["Subject"]
    assert (mail["Message-ID"], mail["References"]) == ("<ab12@example.com>", "<task-7f3a@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Bcc:" not in bytes(mail).split(b"\r\n\r\n", 1)[0].decode().replace("Subject: ", "").splitlines()[0]


@pytest.mark.parametrize("event", list(Occasion))
def test_every_occasion_has_words_for_a_task_that_nothing_is_known_of(event):
    told = telling(event, FACTS, dashboard_url=URL)
    assert told.subject and "None" not in told.text and "None" not in told.slack
