"""What is known of the place that a delivery comes from, read from the database: intake asks nobody else."""

from __future__ import annotations

from dataclasses import replace

from intake import pace
from intake.events import Event, IssueComment, IssueEvent, RemarkEvent, ReviewEvent
from intake.judgement import Around, House
from intake.markdown import is_mentioned
from jobs import settings
from jobs.bootstrap import Services
from store import senders, tasks
from store import settings as kept
from store.records import Task

_NOTHING = Around()


def look(services: Services, event: Event, house: House) -> Around:
    """What a judgement of this event depends on; nothing is read for events that need nothing, and most comments do."""
    around = _place(services, event, house)
    if around is _NOTHING or (isinstance(event, IssueEvent) and event.action == "opened" and not around.auto_assign):
        return around
    since = services.clock() - pace.SPAN
    return replace(around, asked=senders.asked(services.db, pace.sender(event), since=since))


def _place(services: Services, event: Event, house: House) -> Around:
    match event:
        case IssueComment(comment=comment) if not is_mentioned(comment.body or "", house.mention):
            return _NOTHING
        case IssueComment(action="created", issue=issue) if issue.pull_request is not None:
            return Around(of_pull=_task(services, event.repository.full_name, issue.number))
        case ReviewEvent() | RemarkEvent():
            return Around(of_pull=_task(services, event.repository.full_name, event.pull_request.number))
        case IssueComment(action="created") | IssueEvent(action="opened" | "labeled"):
            return _settings(services, event.repository.full_name, event.sender.login, house)
        case _:
            return _NOTHING


def _task(services: Services, repository: str, number: int) -> Task | None:
    return tasks.of_pull(services.db, repository, number)


def _settings(services: Services, repository: str, login: str, house: House) -> Around:
    wanted = settings.triggers(services.db, repository)
    here = kept.of_scope(services.db, kept.of_repository(repository))
    file = {name: here[f"file_{name}"] for name in settings.FROM_FILE if f"file_{name}" in here}
    chosen = settings.effective(services.db, services.config, repository=repository, user=login, file=file).agent.value
    agent = house.agents.words.get(chosen.lower(), chosen)
    return Around(None, agent, wanted.auto_assign, frozenset(wanted.skip_labels))
