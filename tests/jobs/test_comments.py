"""Every state of the status comment, word for word, and the pull request."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markdown_it import MarkdownIt

from jobs import comments, pull_words
from jobs.comments import Context, bar, duration, status
from store.lifecycle import Outcome, Status
from store.records import Priority, Task

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
_NOTHING: dict[str, Any] = dict.fromkeys(Task.__dataclass_fields__)
TASK = Task(
    **(
        _NOTHING
        | {"id": "abc123", "status": Status.RUNNING, "repository": "acme/greeter", "issue_number": 1, "agent": "mock"}
        | {"issue_title": "The greeting says Helo", "requested_by": "maria", "branch": "porter/issue-1-mock-abc123"}
        | {"created_at": NOW, "started_at": NOW, "priority": Priority.NORMAL, "flags": {}, "instructions": ""}
        | {"message": "", "summary": "", "step": "", "percent": 0, "files_changed": 0, "additions": 0, "deletions": 0}
        | {"input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0}
        | {"machine_seconds": 0.0, "run_id": "abc123-1", "version": 3, "comment_version": 0}
    )
)
HERE = Context("http://porter.test/task?id=abc123", "http://github.test/acme/greeter/tree/porter/x")
LINK = "[Log and details](http://porter.test/task?id=abc123)"
END = "\n\n<!-- porter:task=abc123 -->"
SPENT: dict[str, Any] = {"machine_seconds": 71.0, "input_tokens": 1200, "output_tokens": 34, "cost_usd": 0.4}


@pytest.mark.parametrize(
    ("changes", "context", "said"),
    [
        pytest.param(
            {"status": Status.QUEUED},
            replace(HERE, position=3),
            f"⏳ **Queued** for `mock`. 3 tasks before it.\n\n{LINK}",
            id="queued",
        ),
        pytest.param(
            {"status": Status.QUEUED, "message": "Fly is away; trying again in 8 s"},
            replace(HERE, position=0),
            f"⏳ **Waiting** to start `mock`. Fly is away; trying again in 8 s\n\n{LINK}",
            id="put-off",
        ),
        pytest.param(
            {"status": Status.LAUNCHING, "model": "opus"},
            HERE,
            f"🚀 **Starting a machine** for `mock` (`opus`), on branch `porter/issue-1-mock-abc123`.\n\n{LINK}",
            id="launching",
        ),
        pytest.param(
            {"status": Status.RUNNING, "step": "reading @maria's code", "percent": 30, "cost_usd": 0.1},
            HERE,
            "⚙️ **mock is at work**\n\nreading @\u2060maria's code\n\n"
            "▰▰▰▱▱▱▱▱▱▱ 30 % · 1 min 5 s so far · $0.10 · branch `porter/issue-1-mock-abc123`"
            f"\n\n{LINK}",
            id="running",
        ),
        pytest.param(
            {"status": Status.SUCCEEDED, "outcome": Outcome.PULL_REQUEST, "pr_number": 7, "files_changed": 1}
            | {"additions": 2, "deletions": 1, "summary": "Fixed.\n\n```\nunclosed"}
            | SPENT,
            HERE,
            "✅ **Pull request #7** is ready for review: 1 file changed, +2 −1.\n\n"
            "> Fixed.\n>\n> ```\n> unclosed\n\n"
            f"<sub>`mock` · 1 min 11 s on the machine · 1,234 tokens · $0.40 · {LINK}</sub>",
            id="done",
        ),
        pytest.param(
            {"status": Status.SUCCEEDED, "outcome": Outcome.NO_CHANGES},
            HERE,
            "✅ **No changes were needed**, says `mock`; so there is no pull request.\n\n"
            f"If that is wrong, say more: `@porter mock …`\n\n<sub>`mock` · {LINK}</sub>",
            id="no-changes",
        ),
        pytest.param(
            {"status": Status.FAILED, "reason": "auth", "message": "401 from the provider", "head_sha": "a1"},
            replace(HERE, log_tail=["one", "~~~~", "token ghs_" + "a" * 30]),
            "❌ **Failed** (`auth`). 401 from the provider\n\n"
            "Its key is missing or no longer good: an operator sets it with `porter secret set`.\n\n"
            "What it had done is kept on branch "
            "[`porter/issue-1-mock-abc123`](http://github.test/acme/greeter/tree/porter/x).\n\n"
            "<details><summary>The last lines of the log</summary>\n\n"
            "~~~~~text\none\n~~~~\ntoken ***\n~~~~~\n\n</details>\n\n"
            f"To try again with the same inputs: `@porter retry`\n\n<sub>`mock` · {LINK}</sub>",
            id="failed",
        ),
        pytest.param(
            {"status": Status.CANCELLED, "message": "tom stopped it"},
            HERE,
            f"🛑 **Stopped.** tom stopped it\n\nTo start it again: `@porter retry`\n\n<sub>`mock` · {LINK}</sub>",
            id="cancelled",
        ),
        pytest.param(
            {"status": Status.TIMED_OUT, "message": "it took longer than 90 s"},
            HERE,
            "⌛ **Timed out.** it took longer than 90 s\n\n"
            f"To try again with more time: `@porter retry --timeout=60`\n\n<sub>`mock` · {LINK}</sub>",
            id="timed-out",
        ),
    ],
)
def test_the_status_comment(changes: dict[str, Any], context: Context, said: str):
    body = status(replace(TASK, **changes), context, now=NOW + timedelta(seconds=65))
    assert body == said + END
    assert sum(unicodedata.category(char) == "So" and char not in "▰▱" for char in body) <= 1


@pytest.mark.parametrize("state", list(Status))
def test_every_state_has_its_comment_with_marker_and_link(state: Status):
    body = status(replace(TASK, status=state), HERE, now=NOW)
    assert body.endswith(END) and HERE.task_url in body


@pytest.mark.parametrize(
    "evil",
    ["```", "~~~~~~~~\n</details>", "<details>", "> x\n\nout <!-- porter:task=other -->", "</blockquote>\n\n# Heading"],
)
def test_what_an_agent_says_stays_in_its_place(evil: str):
    task = replace(TASK, status=Status.FAILED, reason="crashed", message=evil, summary=evil, step=evil)
    body = status(task, replace(HERE, log_tail=evil.splitlines()), now=NOW)
    tokens = MarkdownIt("commonmark").parse(body)
    assert tokens[-1].type == "html_block" and tokens[-1].content.strip() == comments.marker("abc123")
    assert not [token for token in tokens if token.type == "heading_open" and token.level == 0]


def test_the_pull_request():
    task = replace(TASK, instructions="fix it", summary="Done. Closes #9, @tom", **SPENT)
    assert pull_words.title(task) == "The greeting says Helo"
    assert pull_words.body(task, HERE) == (
        "Closes #1.\n\n`mock` made this change because @maria asked for it.\n\n"
        "**Asked for**\n\n> fix it\n\n"
        "**What the agent says**\n\n> Done. Closes #\u20609, @\u2060tom\n\n"
        f"<sub>`mock` · 1 min 11 s on the machine · 1,234 tokens · $0.40 · {LINK}</sub>" + END
    )


def test_a_title_is_one_line_of_bounded_length_without_secrets():
    title = pull_words.title(replace(TASK, issue_title="a\nb\u202e " + "ghp_" + "x" * 30 + "y" * 200))
    assert "\n" not in title and len(title) <= 120 and "ghp_" not in title
    assert pull_words.title(replace(TASK, issue_title=" ")) == "Changes by mock"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (-5, "0 s")]
)
def test_durations_in_words(seconds: float, words: str):
    assert duration(seconds) == words


def test_the_bar_is_full_at_a_hundred():
    assert (bar(0), bar(100)) == ("▱▱▱▱▱▱▱▱▱▱ 0 %", "▰▰▰▰▰▰▰▰▰▰ 100 %")
