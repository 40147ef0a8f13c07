"""What people and Apps do to issues. Each act changes the world and announces it. Call under `world.lock`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulators.github.errors import Refusal, invalid
from emulators.github.model import Actor, Comment, Issue, Label, Moment, Reaction, Repository
from emulators.github.shapes import Json, issues

if TYPE_CHECKING:
    from emulators.github.world import World

MAX_BODY = 65_536  # characters
MAX_TITLE = 256
CLOSING = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+/[\w.-]+))?#(\d+)\b")


def open_issue(
    world: World, repository: Repository, actor: Actor, *, title: str, body: str | None, labels: list[str]
) -> Issue:
    """A new issue; every label it is opened with is announced as well."""
    check_text("Issue", title, body)
    issue = new_issue(world, repository, actor, title, body)
    found = [label_named(world, repository, name) for name in dict.fromkeys(labels)]
    issue.labels = found
    announce(world, issue, actor, "opened", {})
    for one in found:
        _note(world, issue, actor, "labeled", one.name)
        announce(world, issue, actor, "labeled", {"label": issues.label(world.urls, repository, one)})
    return issue


def new_issue(world: World, repository: Repository, actor: Actor, title: str, body: str | None) -> Issue:
    """Takes the next number; announces nothing."""
    now = world.clock()
    number = max(repository.issues, default=0) + 1
    issue = Issue(world.next_id(), repository, number, actor, title, body, now, now)
    repository.issues[number] = issue
    return issue


def check_text(resource: str, title: str | None, body: str | None) -> None:
    if title is not None and not title.strip():
        raise invalid(resource, "missing_field", "title")
    if title and len(title) > MAX_TITLE:
        raise invalid(resource, "custom", "title", f"title is too long (maximum is {MAX_TITLE} characters)")
    if body and len(body) > MAX_BODY:
        raise invalid(resource, "custom", "body", f"body is too long (maximum is {MAX_BODY} characters)")


def edit_issue(world: World, issue: Issue, actor: Actor, *, title: str | None, body: str | None) -> None:
    """None leaves a part as it is."""
    check_text("Issue", title, body)
    changes: Json = {}
    if title is not None and title != issue.title:
        changes["title"], issue.title = {"from": issue.title}, title
    if body is not None and body != issue.body:
        changes["body"], issue.body = {"from": issue.body}, body
    if changes:
        issue.updated_at = world.clock()
        announce(world, issue, actor, "edited", {"changes": changes})


def set_state(world: World, issue: Issue, actor: Actor, state: str, reason: str | None = None) -> None:
    """Closes or reopens. Nothing happens when it is so already."""
    if issue.state == state:
        return
    now = world.clock()
    issue.state, issue.updated_at = state, now
    closing = state == "closed"
    issue.closed_at, issue.closed_by = (now, actor.user) if closing else (None, None)
    if not issue.pull:
        issue.state_reason = (reason or "completed") if closing else "reopened"
    _note(world, issue, actor, "closed" if closing else "reopened")
    announce(world, issue, actor, "closed" if closing else "reopened", {})


def comment(world: World, issue: Issue, actor: Actor, body: str) -> Comment:
    check_comment(body)
    now = world.clock()
    made = Comment(world.next_id(), issue, actor, body, now, now)
    issue.comments.append(made)
    issue.updated_at = now
    _announce_comment(world, made, actor, "created", {})
    return made


def check_comment(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "custom", "body", "body cannot be blank")
    if len(body) > MAX_BODY:
        raise invalid("IssueComment", "custom", "body", f"body is too long (maximum is {MAX_BODY} characters)")


def edit_comment(world: World, one: Comment, actor: Actor, body: str) -> None:
    check_comment(body)
    before, one.body, one.updated_at = one.body, body, world.clock()
    _announce_comment(world, one, actor, "edited", {"changes": {"body": {"from": before}}})


def delete_comment(world: World, one: Comment, actor: Actor) -> None:
    one.issue.comments.remove(one)
    _announce_comment(world, one, actor, "deleted", {})


def react(world: World, reactions: list[Reaction], actor: Actor, content: str) -> tuple[Reaction, bool]:
    """The reaction, and whether it is new: a person has each reaction once. No webhook exists for reactions."""
    if content not in issues.CONTENTS:
        raise invalid("Reaction", "invalid", "content")
    for one in reactions:
        if one.user is actor.user and one.content == content:
            return one, False
    made = Reaction(world.next_id(), actor.user, content, world.clock())
    reactions.append(made)
    return made, True


def add_labels(world: World, issue: Issue, actor: Actor, names: list[str]) -> None:
    for name in dict.fromkeys(names):
        one = label_named(world, issue.repository, name)
        if one not in issue.labels:
            issue.labels.append(one)
            _note(world, issue, actor, "labeled", one.name)
            announce(world, issue, actor, "labeled", {"label": issues.label(world.urls, issue.repository, one)})


def remove_label(world: World, issue: Issue, actor: Actor, name: str) -> None:
    """Refusal 404 when the issue has no such label."""
    found = [one for one in issue.labels if one.name.lower() == name.lower()]
    if not found:
        raise Refusal(404, "Label does not exist")
    issue.labels.remove(found[0])
    _note(world, issue, actor, "unlabeled", found[0].name)
    announce(world, issue, actor, "unlabeled", {"label": issues.label(world.urls, issue.repository, found[0])})


def label_named(world: World, repository: Repository, name: str) -> Label:
    """A label that the repository does not have is made on the way, as GitHub does."""
    if not name.strip() or len(name) > 50:
        raise invalid("Label", "invalid", "name")
    for one in repository.labels.values():
        if one.name.lower() == name.lower():
            return one
    repository.labels[name] = Label(world.next_id(), name, "ededed")
    return repository.labels[name]


def mentioned_to_close(text: str, repository: Repository) -> list[Issue]:
    """The issues of this repository that `Closes #n` and its like name."""
    numbers = [
        int(number)
        for where, number in CLOSING.findall(text)
        if not where or where.lower() == repository.full_name.lower()
    ]
    found = (repository.issues.get(number) for number in dict.fromkeys(numbers))
    return [issue for issue in found if issue is not None and issue.pull is None]


def naming(issue: Issue) -> list[Issue]:
    """The issues and pull requests of the same repository whose title or text names this one, oldest first."""
    named = re.compile(rf"(?<![\w#])#{issue.number}\b")
    others = sorted(issue.repository.issues.values(), key=lambda one: one.number)
    return [one for one in others if one is not issue and named.search(f"{one.title}\n{one.body or ''}")]


def announce(world: World, issue: Issue, actor: Actor, action: str, more: Json) -> None:
    """An `issues` event, or a `pull_request` one when that is what the issue is."""
    if issue.pull:
        world.announce_pull(issue, actor, action, more)
        return
    payload = {"action": action, "issue": issues.issue(world.urls, issue), **more}
    world.announce("issues", issue.repository, actor.user, payload)


def _announce_comment(world: World, one: Comment, actor: Actor, action: str, more: Json) -> None:
    payload = {"action": action, "issue": issues.issue(world.urls, one.issue)}
    payload |= {"comment": issues.comment(world.urls, one), **more}
    world.announce("issue_comment", one.issue.repository, actor.user, payload)


def _note(world: World, issue: Issue, actor: Actor, what: str, detail: str = "") -> None:
    issue.history.append(Moment(world.clock(), actor, what, detail))
