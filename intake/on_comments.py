"""The verdict on words: comments, reviews, remarks on lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from intake.commands import CommandError, parse
from intake.events import IssueComment, RemarkEvent, ReviewEvent
from intake.judgement import Around, Heard, House, Judgement, delivered, ignored, seen_in
from intake.markdown import is_mentioned
from intake.ordered import Orders, Said, follow_up, ordered
from store.heard import CommentGone
from store.records import Verdict

LONGEST_COMMENT = 262_144  # characters; GitHub itself stops at 65,536
MARKER = "<!-- porter:"  # ends every comment that Porter writes

_EDITED = "edited comments are not read; write the command in a new one"
_ONLY_MENTIONED = "the mention stands only in a sentence, a quote or code; a command begins its line"
_NOT_OURS = "not a pull request that Porter opened"


def comment(heard: Heard, event: IssueComment, house: House, around: Around) -> Judgement:
    """A comment on an issue or in the conversation of a pull request."""
    if event.action == "deleted":
        return _deleted(heard, event)
    issue, key = event.issue, f"comment:{event.comment.id}"
    said = Said(
        body=event.comment.body or "",
        author=event.author,
        repository=event.repository.full_name,
        installation_id=event.installation.id if event.installation else None,
        number=issue.number,
        title=issue.title,
        key=key,
        at=event.comment.created_at or heard.at,
        is_pull=issue.pull_request is not None,
        is_closed=issue.state == "closed",
        comment_id=event.comment.id,
    )
    why = _why_ignored(event, said, house) or _why_unasked(said, house)
    if why:
        return ignored(heard, why)
    orders = ordered(parse(said.body, mention=house.mention, agents=house.agents), said, house, around)
    return _judged(heard, said, orders, f"{event.repository.id}:{event.comment.id}:{event.action}")


def review(heard: Heard, event: ReviewEvent, house: House, around: Around) -> Judgement:
    """A submitted review is one run, whatever it asks for in how many places."""
    it = event.review
    said = _on_pull(heard, event, it.body or "", f"review:{it.id}")
    if why := _why_ignored(event, said, house, action="submitted"):
        return ignored(heard, why)
    wanted = it.state.lower() == "changes_requested"
    return _reviewed(heard, said, house, around, wanted=wanted, content_key=f"{event.repository.id}:{said.key}")


def remark(heard: Heard, event: RemarkEvent, house: House, around: Around) -> Judgement:
    """A comment on a line counts as its review: GitHub tells of both, in any order, and they are one run."""
    it = event.comment
    of_review = it.pull_request_review_id
    said = _on_pull(
        heard, event, it.body or "", f"review_comment:{it.id}" if of_review is None else f"review:{of_review}"
    )
    if why := _why_ignored(event, said, house):
        return ignored(heard, why)
    return _reviewed(heard, said, house, around, wanted=False, content_key=f"{event.repository.id}:remark:{it.id}")


def _reviewed(heard: Heard, said: Said, house: House, around: Around, *, wanted: bool, content_key: str) -> Judgement:
    """`wanted`: changes were requested, command or not. The words are read again when the run starts, all of the
    review's together, so the follow-up holds none of them."""
    items = parse(said.body, mention=house.mention, agents=house.agents)
    if not items:
        why = _why_no_follow_up(said, around) if wanted else (_why_unasked(said, house) or _ONLY_MENTIONED)
        if why:
            return ignored(heard, why)
        return _judged(heard, said, Orders(follow_ups=[follow_up(said, around, None, key=said.key)]), content_key)
    if why := no_installation(said.installation_id):
        return ignored(heard, why)
    return _judged(heard, said, _as_one_run(ordered(items, said, house, around), said), content_key)


def _as_one_run(orders: Orders, said: Said) -> Orders:
    """A review is one run however many commands are in it: their flags add up. Those that contradict each other are
    refused, as they are within a command (docs/decisions/0011-one-review-is-one-run.md)."""
    flags: dict[str, Any] = {}
    for one in orders.follow_ups:
        if apart := sorted(name for name, value in one.flags.items() if flags.get(name, value) != value):
            orders.mistakes.append(CommandError(1, _contradiction(apart)))
            return replace(orders, follow_ups=[])
        flags |= one.flags
    whole = [replace(one, source_key=said.key, instructions="", flags=flags) for one in orders.follow_ups[:1]]
    return replace(orders, follow_ups=whole)


def _contradiction(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name.replace('_', '-')}`" for name in names)
    return (
        f"A review is one run, and its commands ask for different things ({shown}), so nothing was started. Ask again "
        "in comments: there each command is a run of its own, one after the other."
    )


def _judged(heard: Heard, said: Said, orders: Orders, content_key: str) -> Judgement:
    if not orders.is_accepted and not orders.mistakes:
        return ignored(heard, _ONLY_MENTIONED)
    verdict = Verdict.ACCEPTED if orders.is_accepted else Verdict.REFUSED
    line = delivered(heard, verdict, orders.counted(), content_key=content_key)
    nothing = "this review was heard already" if orders.follow_ups else None
    return Judgement(
        line, orders.tasks, orders.to_answer(said), orders.follow_ups, repository=seen_in(heard), nothing=nothing
    )


def _deleted(heard: Heard, event: IssueComment) -> Judgement:
    repository, gone = event.repository.full_name, event.comment.id
    news = CommentGone(repository, gone, event.sender.login, heard.at)
    line = delivered(heard, Verdict.ACCEPTED, "the comment was deleted: what it asked for is stopped")
    return Judgement(line, news=[news], nothing="a deleted comment asks for nothing")


def _on_pull(heard: Heard, event: ReviewEvent | RemarkEvent, body: str, key: str) -> Said:
    at = event.review.submitted_at if isinstance(event, ReviewEvent) else event.comment.created_at
    return Said(
        body=body,
        author=event.author,
        repository=event.repository.full_name,
        installation_id=event.installation.id if event.installation else None,
        number=event.pull_request.number,
        title=event.pull_request.title,
        key=key,
        at=at or heard.at,
        is_pull=True,
        is_closed=event.pull_request.state == "closed",
        remark_id=event.comment.id if isinstance(event, RemarkEvent) else None,
    )


def _why_ignored(
    event: IssueComment | ReviewEvent | RemarkEvent, said: Said, house: House, *, action: str = "created"
) -> str | None:
    if event.action != action:
        return _EDITED if event.action == "edited" else f"action {event.action} is not one that Porter acts on"
    if house.is_nobody(event.author) or house.is_nobody(event.sender):
        return "sent by a bot"
    if MARKER in said.body:
        return "written by Porter itself"
    if len(said.body) > LONGEST_COMMENT:
        return f"the comment is longer than {LONGEST_COMMENT:,} characters"
    return None


def _why_unasked(said: Said, house: House) -> str | None:
    if not is_mentioned(said.body, house.mention):
        return f"no @{house.mention} command in it"
    return no_installation(said.installation_id)


def no_installation(installation_id: int | None) -> str | None:
    """Why a delivery without an installation is ignored."""
    if installation_id is None:
        return "it names no installation: a repository's own hook sent it, not Porter's GitHub App"
    return None


def _why_no_follow_up(said: Said, around: Around) -> str | None:
    if said.installation_id is None:
        return no_installation(None)
    if around.of_pull is None:
        return _NOT_OURS
    return "the pull request is closed" if said.is_closed else None
