"""What a delivery asks for, and the verdict on it. Pure.

Every delivery gets a verdict and a reason that a person can read: "why did nothing happen" is answered from them.
"""

from __future__ import annotations

from datetime import datetime

from intake import on_comments, on_issues, on_news, pace
from intake.events import (
    InstallationEvent,
    IssueComment,
    IssueEvent,
    Other,
    PullEvent,
    RemarkEvent,
    RepositoriesEvent,
    ReviewEvent,
)
from intake.judgement import Around, Heard, House, Judgement, ignored
from store.records import Delivery, Verdict


def judge(heard: Heard, house: House, around: Around) -> Judgement:
    """The verdict on a delivery, with all that it makes."""
    return pace.slowed(_judged(heard, house, around), heard, house, around)


def _judged(heard: Heard, house: House, around: Around) -> Judgement:
    match heard.payload:
        case Other(event="ping"):
            return ignored(heard, "GitHub's ping: the address and the secret are right")
        case Other(event="push"):
            return ignored(heard, "a push starts no task; one that touches .porter/ has the configuration read anew")
        case Other(event=event):
            return ignored(heard, f"event {event} is not one that Porter acts on")
        case IssueComment() as said:
            return on_comments.comment(heard, said, house, around)
        case ReviewEvent() as said:
            return on_comments.review(heard, said, house, around)
        case RemarkEvent() as said:
            return on_comments.remark(heard, said, house, around)
        case IssueEvent() as said:
            return on_issues.issue(heard, said, house, around)
        case PullEvent() as said:
            return on_news.pull(heard, said)
        case InstallationEvent() as said:
            return on_news.installation(heard, said)
        case RepositoriesEvent() as said:
            return on_news.repositories(heard, said)


def refused(delivery_id: str, event: str, reason: str, *, at: datetime) -> Delivery:
    """The line that is kept of a signed delivery that cannot be read."""
    return Delivery(delivery_id, event, at, Verdict.REFUSED, reason)
