"""How much one sender may ask for in an hour; what is more is refused, told once, and then passed over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from intake.events import Event, IssueComment, IssueEvent, RemarkEvent, ReviewEvent
from intake.judgement import Around, Heard, House, Judgement
from store.records import NewRequest, Verdict
from store.senders import TOLD

SPAN = timedelta(hours=1)
_ALWAYS = ("stop",)  # ends work, and must not wait an hour for it


def slowed(made: Judgement, heard: Heard, house: House, around: Around) -> Judgement:
    """The judgement, without what is more than its sender may ask for. What came before the limit is heard as a whole,
    so a comment with several commands may go past it once."""
    asks = [one for one in made.requests if one.verb not in _ALWAYS]
    if around.asked.commands < house.commands_per_hour or not (made.tasks or made.follow_ups or asks):
        return made
    login, always = sender(heard.payload), [one for one in made.requests if one.verb in _ALWAYS]
    words = (
        f"{login} asked {around.asked.commands} times within the hour, and {house.commands_per_hour} are the most "
        "(PORTER_MAX_COMMANDS_PER_HOUR)"
    )
    # Without a content key: GitHub's own second sending of it is judged anew, at its own time.
    line = replace(made.delivery, verdict=Verdict.REFUSED, reason=words, content_key=None)
    return Judgement(line, requests=[*always, *_told(heard, house, around)], repository=made.repository)


def sender(event: Event) -> str:
    """Whose words or deed it is; nobody's for what asks for nothing."""
    match event:
        case IssueComment(author=author) | ReviewEvent(author=author) | RemarkEvent(author=author):
            return author.login
        case IssueEvent(sender=one):
            return one.login
        case _:
            return ""


def _told(heard: Heard, house: House, around: Around) -> Sequence[NewRequest]:
    """One reply in an hour, and none to whoever merely opened an issue."""
    said = heard.payload
    match said:
        case IssueComment() | IssueEvent(action="labeled"):
            number = said.issue.number
        case ReviewEvent() | RemarkEvent():
            number = said.pull_request.number
        case _:
            return []
    if around.asked.told:
        return []
    reply = NewRequest(
        repository=said.repository.full_name,
        issue_number=number,
        sender=sender(said),
        verb=TOLD,
        argument=str(house.commands_per_hour),
        installation_id=said.installation.id if said.installation else None,
    )
    return [reply]
