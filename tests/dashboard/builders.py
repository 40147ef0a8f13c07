"""Stores with tasks in them, for the dashboard's tests, and a full one to look at by eye.

`python -m tests.dashboard.builders URL [--log-lines N]` fills an empty database.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from store import deliveries, migrate, reports, runs, tasks
from store.database import Database
from store.lifecycle import Outcome, Status
from store.records import Delivery, LogLine, NewTask, Task, Verdict

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
_COMMENTS: Iterator[int] = count(1)


def make_task(db: Database, *, now: datetime = NOW, status: Status = Status.QUEUED, **values: Any) -> Task:
    """A task that came to stand at `status`; `values` go to the request, or else to the task itself."""
    asked = {"repository": "acme/widgets", "requested_by": "maria", "agent": "claude-code", "source": "comment",
             "issue_number": 412, "issue_title": "Login fails with a plus sign in the address",
             "comment_id": next(_COMMENTS), "comment_line": 1}  # fmt: skip
    later = {name: value for name, value in values.items() if name not in NewTask.__dataclass_fields__}
    asked |= {name: value for name, value in values.items() if name in NewTask.__dataclass_fields__}
    task = tasks.create(db, NewTask(**asked), now=now)
    return advance(db, task, status, now=now, **later)


def advance(db: Database, task: Task, status: Status, *, now: datetime, **values: Any) -> Task:
    """Bring a queued task to `status` the way the jobs do."""
    if status is Status.QUEUED:
        return task
    if status is not Status.CANCELLED or values.get("started_at"):
        _step(
            db,
            task,
            Status.LAUNCHING,
            "launching",
            "a machine is being started on fly in iad",
            now + timedelta(seconds=2),
        )
        _with_machine(db, task, now + timedelta(seconds=4))
    if status is Status.LAUNCHING:
        return _changed(db, task, now, values)
    if status is not Status.CANCELLED or values.get("started_at"):
        up = now + timedelta(seconds=9)
        tell(db, task, now=up, phase="cloning", seq=1)
        tell(db, task, now=up + timedelta(seconds=6), phase="running", seq=2)
    if status is Status.RUNNING:
        return _changed(db, task, now, values)
    ended = values.pop("finished_at", now + timedelta(minutes=4))
    if status in (Status.FINISHING, Status.SUCCEEDED):
        _step(
            db,
            task,
            Status.FINISHING,
            "finishing",
            "the agent is done; its work is being saved",
            ended - timedelta(seconds=8),
        )
    if status is not Status.FINISHING:
        _step(db, task, status, status.value, _closing(status, values), ended)
        _changed(db, task, ended, {"finished_at": ended})
    return _changed(db, task, ended, values)


def tell(
    db: Database, task: Task, *, now: datetime, seq: int, lines: list[LogLine] | None = None, **values: Any
) -> None:
    """A report of the task's machine."""
    reports.accept_update(db, reports.Update(task.run_id, seq, logs=lines or [], **values), now=now)


def log_line(
    task: Task, n: int, text: str, *, level: str = "info", kind: str = "output", at: datetime = NOW
) -> LogLine:
    return LogLine(task.run_id, n, at + timedelta(seconds=n / 4), level, kind, text)


def _step(db: Database, task: Task, to: Status, kind: str, text: str, now: datetime) -> None:
    with db.write() as connection:
        tasks.move(connection, task.id, to, now=now, kind=kind, text=text)


def _with_machine(db: Database, task: Task, now: datetime) -> None:
    claim = runs.claim(db, task.run_id, now=now)
    assert claim is not None
    prompt = f"You are working on {task.repository}.\n\n# Issue: {task.issue_title}\n\nMake the smallest change that solves it."
    runs.write(db, claim, prompt=prompt, host="fly", machine_id="d8901e0f7dd1e8", region="iad", launched_at=now)
    runs.release(db, claim)


def _changed(db: Database, task: Task, now: datetime, values: dict[str, Any]) -> Task:
    if values:
        tasks.change(db, task.id, now=now, **values)
    return tasks.get(db, task.id)


def _closing(status: Status, values: dict[str, Any]) -> str:
    if values.get("pr_number"):
        return f"pull request #{values['pr_number']} was opened"
    return values.get("message") or f"the task is {status.value.replace('_', ' ')}"


def fill(db: Database, now: datetime, *, log_lines: int = 240) -> None:
    """About thirty tasks of every kind, over three days."""
    for index, (minutes, status, values) in enumerate(_SCENES):
        begun = now - timedelta(minutes=minutes)
        task = make_task(db, now=begun, status=status, **({"issue_number": 40 + 7 * index} | values))
        if index == 0:
            tell(db, task, now=now - timedelta(seconds=3), seq=3, step="running tests: 31 of 48 passed", percent=58,
                 usage={"input_tokens": 48_210, "output_tokens": 9_340, "cache_read_tokens": 391_022, "cost_usd": 0.41},
                 lines=_session(task, begun, log_lines))  # fmt: skip
        elif status is not Status.QUEUED:
            tell(db, task, now=begun, seq=9, lines=_session(task, begun, 40))
    _deliver(db, now)


def _session(task: Task, begun: datetime, lines: int) -> list[LogLine]:
    said = [_TALK[n % len(_TALK)] for n in range(lines)]
    return [log_line(task, n + 1, text, level=level, kind=kind, at=begun) for n, (level, kind, text) in enumerate(said)]


def _deliver(db: Database, now: datetime) -> None:
    for index, (event, action, verdict, reason, sender) in enumerate(_DELIVERIES):
        one = Delivery(f"72d3162e-cc78-11e3-81ab-4c9367dc0{index:03}", event, now - timedelta(minutes=7 * index + 1), verdict,
                       reason, action=action, repository="acme/widgets", sender=sender)  # fmt: skip
        deliveries.accept(db, one, now=now)


_TALK = [
    ("info", "step", "Cloned acme/widgets at 4f1c2ab (branch main)"),
    ("info", "text", "I'll look at how the address is parsed before it reaches the login form."),
    ("info", "tool", "Read src/auth/login.py"),
    ("info", "tool", "Grep \"quote_plus\" in src/"),
    ("debug", "output", "src/auth/login.py:48:    address = unquote_plus(request.form['address'])"),
    ("info", "text", "`unquote_plus` turns + into a space. The form is already decoded, so this decodes twice."),
    ("info", "tool", "Edit src/auth/login.py"),
    ("info", "tool", "Bash pytest tests/test_login.py -q"),
    ("info", "output", "tests/test_login.py ..............F.............                         [ 96%]"),
    ("warning", "output", "1 failed, 30 passed in 2.41s"),
    ("error", "output", "AssertionError: expected 'maria+test@acme.example', got 'maria test@acme.example'"),
    ("info", "text", "One place is left: the remember-me cookie goes through the same helper."),
    ("info", "tool", "Edit src/auth/cookie.py"),
    ("info", "output", "31 passed in 2.38s"),
]  # fmt: skip

_PR = {"outcome": Outcome.PULL_REQUEST}
_SCENES: list[tuple[float, Status, dict[str, Any]]] = [
    (2.3, Status.RUNNING, {"model": "sonnet", "branch": "porter/issue-412-claude-code-7f3a", "issue_number": 412}),
    (3.1, Status.RUNNING, {"repository": "acme/api", "agent": "codex", "requested_by": "tom", "issue_title": "Paginate GET /orders with a cursor", "step": "Editing src/orders/list.ts", "percent": 35, "cost_usd": 0.12}),
    (0.4, Status.LAUNCHING, {"repository": "acme/site", "agent": "opencode", "issue_title": "Dark mode flashes white on load"}),
    (0.2, Status.QUEUED, {"repository": "acme/site", "agent": "opencode", "requested_by": "yuki", "issue_title": "Translate the pricing page to Japanese (価格ページ)"}),
    (0.1, Status.QUEUED, {"issue_title": "Upgrade to the new payment API before the old one is switched off in January, keep the webhook signature check, and write down in the README how to roll back", "priority": "high"}),
    (9, Status.FINISHING, {"repository": "acme/api", "agent": "codex", "issue_title": "Log the request id with every error", "cost_usd": 0.22}),
    (14, Status.SUCCEEDED, {"repository": "acme/api", "agent": "codex", "requested_by": "tom", "issue_title": "Return 404 for missing orders", "pr_number": 81, "pr_url": "https://github.com/acme/api/pull/81", "additions": 42, "deletions": 7, "files_changed": 3, "cost_usd": 0.18, "branch": "porter/issue-77-codex-91bc", "head_sha": "9f2b51cd7aa01", "machine_seconds": 231.0, "input_tokens": 20_311, "output_tokens": 4_120, "summary": "Added the guard in the order handler and a test that asks for an id nobody has. The docs needed no change.", **_PR}),
    (62, Status.FAILED, {"repository": "acme/site", "agent": "opencode", "issue_title": "Broken link in the footer", "reason": "auth", "message": "the key for Anthropic was refused (401)"}),
    (71, Status.SUCCEEDED, {"issue_title": "Say which field is missing in the sign-up form", "pr_number": 410, "pr_url": "https://github.com/acme/widgets/pull/410", "additions": 118, "deletions": 34, "files_changed": 6, "cost_usd": 0.73, "model": "opus", "summary": "Each field now carries its own message; the form keeps what was typed.", **_PR}),
    (95, Status.SUCCEEDED, {"requested_by": "yuki", "issue_title": "Is the retry in fetch() still needed?", "outcome": Outcome.NO_CHANGES, "cost_usd": 0.09, "summary": "The retry is still needed: the CDN answers 503 during deploys about twice a day."}),
    (130, Status.TIMED_OUT, {"repository": "acme/engine", "agent": "amp", "issue_title": "Port the shader compiler to Vulkan", "reason": "timed_out", "message": "no result after 30 minutes", "cost_usd": 3.87}),
    (170, Status.CANCELLED, {"repository": "acme/api", "requested_by": "tom", "issue_title": "Rename everything to snake_case", "reason": "cancelled", "message": "tom stopped it before a machine was started"}),
    (200, Status.FAILED, {"repository": "acme/engine", "agent": "gemini", "issue_title": "Frame drops when the window is resized", "reason": "setup_failed", "message": "`make deps` ended with 2: libvulkan-dev was not found"}),
] + [
    (1500 + 97 * n, Status.SUCCEEDED if n % 5 else Status.FAILED,
     {"repository": ["acme/widgets", "acme/api", "acme/site", "acme/engine"][n % 4], "agent": ["claude-code", "codex", "opencode"][n % 3],
      "requested_by": ["maria", "tom", "yuki", "sam"][n % 4], "issue_title": title,
      **({"pr_number": 300 + n, "pr_url": f"https://github.com/acme/api/pull/{300 + n}", "additions": 11 * n + 3, "deletions": 4 * n, "files_changed": 1 + n % 4, "cost_usd": 0.05 * n + 0.03, "summary": "Done as asked; tests pass.", **_PR}
         if n % 5 else {"reason": "crashed", "message": ""})})
    for n, title in enumerate([
        "Cache avatars for a day", "Typo in the welcome mail", "Add an index for slow order search", "Escape names in CSV export",
        "Keyboard focus is lost after closing a dialog", "Bump the base image", "Flaky test in checkout", "Show totals with tax",
        "Sort countries by name, not by code", "Remove the feature flag for search v2", "Health check answers before the database is up",
        "Use the system font in mails", "Retry uploads after a lost connection", "Explain the error when a coupon is expired",
        "Split the orders module", "Make the sidebar remember its width", "Round money half to even", "Drop Python 3.9"])
]  # fmt: skip

_DELIVERIES = [
    ("issue_comment", "created", Verdict.ACCEPTED, "1 task for claude-code", "maria"),
    ("issue_comment", "created", Verdict.IGNORED, "no line starts with @porter; a mention in the middle of a sentence is not a command", "tom"),
    ("issue_comment", "created", Verdict.REFUSED, "unknown flag --modle; did you mean --model?", "yuki"),
    ("issue_comment", "edited", Verdict.IGNORED, "edits of comments are not commands", "tom"),
    ("issue_comment", "created", Verdict.DUPLICATE, "the same delivery was received before", "maria"),
    ("push", None, Verdict.IGNORED, "Porter does not act on push events", "sam"),
    ("ping", None, Verdict.ACCEPTED, "the webhook works", "acme"),
    ("issue_comment", "created", Verdict.REFUSED, "only people who can write to acme/widgets may ask; passerby cannot", "passerby"),
]  # fmt: skip


if __name__ == "__main__":
    url = sys.argv[1]
    migrate.upgrade(url)
    amount = int(sys.argv[3]) if len(sys.argv) > 3 else 240
    fill(Database(url), datetime.now(UTC), log_lines=amount)
