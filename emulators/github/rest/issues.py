"""Issues and their labels.

https://docs.github.com/rest/issues
"""

from __future__ import annotations

from typing import Any

from emulators.github import acts
from emulators.github.errors import Refusal, invalid
from emulators.github.model import Issue
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.shapes import issues as shape
from emulators.github.shapes import stamp

ISSUES = "/repos/{owner}/{repo}/issues"
ONE = f"{ISSUES}/{{issue_number}}"
READ = ("issues:read", "pull_requests:read")
WRITE = ("issues:write", "pull_requests:write")


def list_issues(call: Call) -> Reply:
    """Pull requests are in this list, as on GitHub. Newest first; `since` is of their last change."""
    state, labels = call.query.get("state", "open"), call.query.get("labels", "")
    sort, since = call.query.get("sort", "created"), call.query.get("since", "")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "invalid", "state")
    if sort not in ("created", "updated", "comments"):
        raise invalid("Issue", "invalid", "sort")
    wanted = {name.strip().lower() for name in labels.split(",") if name.strip()}
    creator = call.query.get("creator", "").lower()
    found = [
        one
        for one in sorted(call.repository.issues.values(), key=lambda one: _rank(one, sort), reverse=True)
        if state in ("all", one.state)
        and stamp(one.updated_at) >= since
        and wanted <= {label.name.lower() for label in one.labels}
        and creator in ("", one.actor.user.login.lower())
    ]
    if call.query.get("direction") == "asc":
        found.reverse()
    return call.page(found, lambda one: shape.issue(call.urls, one))


def _rank(one: Issue, sort: str) -> tuple[Any, int]:
    return {"created": one.created_at, "updated": one.updated_at, "comments": len(one.comments)}[sort], one.number


def create_issue(call: Call) -> Reply:
    title = call.required("title", resource="Issue")
    labels = _label_names(call) if call.fields().get("labels") is not None else []
    if call.actor.app is None and not call.repository.may(call.actor.user.login, "triage"):
        labels = []  # GitHub drops them without a word
    made = acts.open_issue(
        call.world, call.repository, call.actor, title=title, body=call.field("body", str), labels=labels
    )
    return Reply(201, shape.issue(call.urls, made), {"Location": shape.url(call.urls, made)})


def get_issue(call: Call) -> Reply:
    return Reply(200, shape.issue(call.urls, call.issue()))


def edit_issue(call: Call) -> Reply:
    """Title, body, state with its reason, and labels (which replace those there are)."""
    issue, state, reason = call.issue(), call.field("state", str), call.field("state_reason", str)
    if state not in (None, "open", "closed"):
        raise invalid("Issue", "invalid", "state")
    if reason not in (None, "completed", "not_planned", "duplicate", "reopened"):
        raise invalid("Issue", "invalid", "state_reason")
    labels = _label_names(call) if call.fields().get("labels") is not None else None
    _may_edit(call, issue)
    acts.edit_issue(call.world, issue, call.actor, title=call.field("title", str), body=call.field("body", str))
    if labels is not None:
        _replace_labels(call, issue, labels)
    if state is not None:
        acts.set_state(call.world, issue, call.actor, state, reason)
    return Reply(200, shape.issue(call.urls, issue))


def list_labels(call: Call) -> Reply:
    return call.page(call.issue().labels, lambda one: shape.label(call.urls, call.repository, one))


def add_labels(call: Call) -> Reply:
    issue = call.issue()
    acts.add_labels(call.world, issue, call.actor, _label_names(call))
    return Reply(200, [shape.label(call.urls, call.repository, one) for one in issue.labels])


def remove_label(call: Call) -> Reply:
    issue = call.issue()
    acts.remove_label(call.world, issue, call.actor, call.args["name"])
    return Reply(200, [shape.label(call.urls, call.repository, one) for one in issue.labels])


def _label_names(call: Call) -> list[str]:
    """`{"labels": [...]}` or a bare list; each a name or an object with one."""
    listed = call.body if isinstance(call.body, list) else call.field("labels", list, resource="Label")
    names = [one.get("name") if isinstance(one, dict) else one for one in listed or []]
    if not all(isinstance(name, str) for name in names):
        raise Refusal(422, "Invalid request.\n\nFor 'items', a label is neither a string nor an object with a name.")
    return [str(name) for name in names]


def _replace_labels(call: Call, issue: Issue, names: list[str]) -> None:
    wanted = {name.lower() for name in names}
    for one in [label for label in issue.labels if label.name.lower() not in wanted]:
        acts.remove_label(call.world, issue, call.actor, one.name)
    acts.add_labels(call.world, issue, call.actor, names)


def _may_edit(call: Call, issue: Issue) -> None:
    """People without write access edit only what they wrote."""
    who = call.actor
    if who.app is None and who.user is not issue.actor.user and not call.repository.may(who.user.login, "triage"):
        raise Refusal(403, "Must have admin rights to Repository.")


ROUTES = [
    Route("GET", ISSUES, list_issues, needs=READ),
    Route("POST", ISSUES, create_issue, needs=("issues:write",)),
    Route("GET", ONE, get_issue, needs=READ),
    Route("PATCH", ONE, edit_issue, needs=WRITE),
    Route("GET", f"{ONE}/labels", list_labels, needs=READ),
    Route("POST", f"{ONE}/labels", add_labels, needs=WRITE, role="triage"),
    Route("DELETE", f"{ONE}/labels/{{name}}", remove_label, needs=WRITE, role="triage"),
]
