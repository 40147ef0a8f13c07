"""The verdict on what happens to issues: opened, labelled, closed, gone. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from intake.events import IssueEvent
from intake.judgement import Around, Heard, House, Judgement, delivered, ignored, seen_in
from intake.on_comments import no_installation
from jobs.labels import Label as StatusLabel
from store.heard import IssueOver
from store.records import NewRequest, NewTask, Verdict

LABEL = "porter"  # asks for the default agent; `porter:<agent>` for that one
_OVER = {"closed": "was closed", "deleted": "was deleted", "transferred": "was moved to another repository"}


def issue(heard: Heard, event: IssueEvent, house: House, around: Around) -> Judgement:
    """Opened and labelled issues may ask for work; those that are over stop it."""
    if event.action in _OVER:
        return _over(heard, event, _OVER[event.action])
    if event.action not in ("opened", "labeled"):
        return ignored(heard, f"action {event.action} is not one that Porter acts on")
    if house.is_nobody(event.sender):
        return ignored(heard, "sent by a bot")
    if why := no_installation(event.installation.id if event.installation else None):
        return ignored(heard, why)
    return _opened(heard, event, house, around) if event.action == "opened" else _labeled(heard, event, house, around)


def _over(heard: Heard, event: IssueEvent, what: str) -> Judgement:
    at = event.issue.updated_at or heard.at
    words = f"{event.sender.login} ended it: the issue {what}"
    news = IssueOver(event.repository.full_name, event.issue.number, event.sender.login, words, at)
    line = delivered(heard, Verdict.ACCEPTED, f"the issue {what}: its tasks are stopped", content_key=_key(event))
    return Judgement(line, news=[news], nothing=f"the issue {what}, and Porter was not at work on it")


def _opened(heard: Heard, event: IssueEvent, house: House, around: Around) -> Judgement:
    if not around.auto_assign:
        return ignored(heard, "new issues are not given to Porter by themselves here (setting auto_assign)")
    labels = {label.name.lower() for label in event.issue.labels}
    if skipped := sorted(labels & {label.lower() for label in around.skip_labels}):
        return ignored(heard, f"the issue has the label {skipped[0]}, which Porter passes over (setting skip_labels)")
    if any(_wanted(label, house) for label in labels):
        return ignored(heard, "the issue is labelled for Porter, and that is told in a delivery of its own")
    return _task(heard, event, around.default_agent or house.default_agent)


def _labeled(heard: Heard, event: IssueEvent, house: House, around: Around) -> Judgement:
    name = event.label.name if event.label else ""
    wanted = _wanted(name, house)
    if wanted is None:
        return ignored(heard, f"the label {name[:50]} asks nothing of Porter")
    if event.issue.state == "closed":
        return _refused(heard, event, "This issue is closed. Reopen it and set the label again.")
    if wanted.agent is None and not wanted.is_default:
        return _refused(heard, event, _unknown(name, house))
    return _task(heard, event, wanted.agent or around.default_agent or house.default_agent, named=wanted.agent)


@dataclass(frozen=True)
class _Wanted:
    """`porter` wants the default agent, `porter:<agent>` that one; None when there is no such agent."""

    is_default: bool
    agent: str | None = None


def _wanted(label: str, house: House) -> _Wanted | None:
    """What a label asks for; None when it is none of Porter's, or one that Porter sets itself."""
    plain = label.strip().lower()
    if plain in list(StatusLabel):
        return None
    if plain == LABEL:
        return _Wanted(is_default=True)
    prefix, colon, word = plain.partition(":")
    if prefix != LABEL or not colon:
        return None
    return _Wanted(is_default=False, agent=house.agents.words.get(word.strip()))


def _unknown(label: str, house: House) -> str:
    word = label.partition(":")[2].strip()[:40].replace("`", "")
    near = difflib.get_close_matches(word.lower(), house.agents.words, n=1)
    meant = f" Did you mean `{LABEL}:{near[0]}`?" if near else ""
    names = ", ".join(f"`{LABEL}:{name}`" for name in house.agents.names())
    return f"There is no agent `{word}`, so the label starts nothing.{meant} There are {names}."


def _task(heard: Heard, event: IssueEvent, agent: str, *, named: str | None = None) -> Judgement:
    issue = event.issue
    asked_at = (issue.created_at if event.action == "opened" else issue.updated_at) or heard.at
    new = NewTask(
        repository=event.repository.full_name,
        requested_by=event.sender.login,
        agent=agent,
        source=event.action,
        installation_id=event.installation.id if event.installation else None,
        issue_number=issue.number,
        issue_title=issue.title,
        asked_at=asked_at,
        flags={"agent": named} if named else {},
    )
    line = delivered(heard, Verdict.ACCEPTED, "1 task", content_key=_key(event))
    return Judgement(line, [new], repository=seen_in(heard), nothing=f"{agent} is at work on this issue already")


def _refused(heard: Heard, event: IssueEvent, words: str) -> Judgement:
    line = delivered(heard, Verdict.REFUSED, words, content_key=_key(event))
    reply = NewRequest(
        repository=event.repository.full_name,
        issue_number=event.issue.number,
        sender=event.sender.login,
        verb="mistake",
        argument=words,
        installation_id=event.installation.id if event.installation else None,
    )
    return Judgement(line, requests=[reply], repository=seen_in(heard))


def _key(event: IssueEvent) -> str:
    """A label that is taken away and set again asks anew, at another time."""
    at = event.issue.updated_at.isoformat() if event.issue.updated_at and event.action != "opened" else ""
    what = event.label.name[:60] if event.label else ""
    return f"{event.repository.id}:issue:{event.issue.number}:{event.action}:{what}:{at}"
