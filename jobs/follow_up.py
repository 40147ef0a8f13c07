"""Feedback on Porter's pull request becomes a run on its branch, and everybody who gave some is answered."""

from __future__ import annotations

import logging
import secrets

from jobs import feedback, follow_up_words, gate, repository, roster
from jobs.bootstrap import Services
from jobs.feedback import NothingToGoOnWith, Source
from jobs.follow_up_words import Deed
from jobs.github.client import Repository
from jobs.github.errors import Crowded, GitHubRefused
from jobs.github.feedback import Feedback, Remark
from jobs.status_comment import CLOCKS_APART
from store import events, follow_ups, leases, runs, tasks
from store.lifecycle import ENDED, Status
from store.records import FollowUp, Priority, Run, Task
from worker.contract import Ending

_log = logging.getLogger(__name__)

LEASE = 110.0  # seconds; a job has 120, and each answer waits a second for its turn


def advance(services: Services, follow_up_id: str) -> None:
    """Do for the follow-up what is next: start it, say that it waits, or answer it. Repeated, nothing happens twice.

    Raises a GitHubError when GitHub is away: the sweep asks again.
    """
    holder, name = secrets.token_hex(8), f"follow-up:{follow_up_id}"
    if not leases.hold(services.db, name, holder=holder, now=services.clock(), seconds=LEASE):
        return
    try:
        one = follow_ups.get(services.db, follow_up_id)
        if one.answered_at is None:
            _advance(services, one, tasks.get(services.db, one.task_id))
    finally:
        leases.let_go(services.db, name, holder=holder)


def _advance(services: Services, one: FollowUp, task: Task) -> None:
    here = repository.of(services, task.repository, task.installation_id)
    if one.refused is not None:
        _tell(here, task, one, follow_up_words.refused(one), "refused")
        follow_ups.answered(services.db, one.id, now=services.clock())
    elif one.run_id is not None:
        _answer(services, here, task, one)
    elif _may_begin(services, here, task, one):
        _begin(services, here, task, one)


def _may_begin(services: Services, here: Repository, task: Task, one: FollowUp) -> bool:
    _acknowledge(here, task, one)
    if gate.may_ask(services, here, one.requested_by, source=Source.of(one).way):
        return True
    gate.refuse(services, here, task.pr_number or 0, one.requested_by)
    words = gate.why_not(services, task.repository, one.requested_by)
    follow_ups.refuse(services.db, one.id, words, now=services.clock())
    follow_ups.answered(services.db, one.id, now=services.clock())
    return False


def _begin(services: Services, here: Repository, task: Task, one: FollowUp) -> None:
    try:
        feedback.require_open(services, here, task)
    except NothingToGoOnWith as obstacle:
        _refuse(services, task, one, str(obstacle))
        return
    waiting = [other.id for other in follow_ups.waiting(services.db, task.id)]
    if task.is_live or waiting[:1] != [one.id]:
        before = waiting.index(one.id) if one.id in waiting else 0
        _tell(here, task, one, follow_up_words.queued(one, task.agent, before=before), "queued")
        return
    moved = follow_ups.start(services.db, one.id, now=services.clock(), changes=_replaced(services, task, one))
    if moved is not None:
        services.queues.launch(moved.run_id, moved.priority)


def _replaced(services: Services, task: Task, one: FollowUp) -> dict[str, object]:
    """The stored inputs that the follow-up's own flags replace; the branch stays what it is."""
    flags = {name: value for name, value in one.flags.items() if name != "base_branch"}
    columns: dict[str, object] = {}
    named = roster.load(services.config.default_agent, services.config.agents_file).find(str(flags.pop("agent", "")))
    if named is not None and named.name != task.agent:
        columns |= {"agent": named.name, "model": None}  # another agent knows no models of this one
    if "model" in flags:
        columns["model"] = flags.pop("model")
    if "priority" in flags:
        columns["priority"] = Priority(flags.pop("priority"))
    return columns | ({"flags": task.flags | flags} if flags else {})


def _refuse(services: Services, task: Task, one: FollowUp, words: str) -> None:
    now = services.clock()
    if follow_ups.refuse(services.db, one.id, words, now=now):
        events.record(services.db, task.id, "refused", words, now=now, once=f"refused:{one.id}")
    _advance(services, follow_ups.get(services.db, one.id), task)


def _acknowledge(here: Repository, task: Task, one: FollowUp) -> None:
    """👀, where GitHub has a place for it: a review as a whole has none."""
    source, threads = Source.of(one), Feedback(here, task.pr_number or 0)
    try:
        if source.kind == "comment":
            here.react(source.id)
        elif (lone := _lone(one, threads)) is not None:
            threads.react(lone.id)
    except (GitHubRefused, Crowded) as error:
        _log.info("the feedback gets no reaction", extra={"action": "reaction_left_out", "error": str(error)})


def _lone(one: FollowUp, threads: Feedback) -> Remark | None:
    """The one remark that is all of the feedback. GitHub makes a review without words of a remark on its own."""
    source, found = Source.of(one), feedback.remarks(one, threads)
    if len(found) != 1 or (source.kind == "review" and threads.review(source.id).body.strip()):
        return None
    return found[0]


def _answer(services: Services, here: Repository, task: Task, one: FollowUp) -> None:
    """In each thread, and below the review or comment. Whoever deleted theirs needs no answer."""
    deed = _deed(services, task, one)
    if deed is None:
        return
    in_thread_only = False
    try:
        _answer_threads(services, here, task, one, deed)
        in_thread_only = _lone(one, Feedback(here, task.pr_number or 0)) is not None
    except GitHubRefused as refusal:
        extra = {"action": "answer_refused", "follow_up": one.id, "status": refusal.status}
        _log.warning("github refused an answer in a thread", extra=extra)
    if not in_thread_only:
        _tell(here, task, one, follow_up_words.below(one, deed), one.run_id or "")
    follow_ups.answered(services.db, one.id, now=services.clock())


def _answer_threads(services: Services, here: Repository, task: Task, one: FollowUp, deed: Deed) -> None:
    threads = Feedback(here, task.pr_number or 0)
    asked = {remark.thread for remark in feedback.remarks(one, threads)}
    if not asked:
        return
    me, words = f"{services.config.github_app_slug}[bot]", follow_up_words.in_thread(one, deed)
    sign = follow_up_words.marker(one, one.run_id or "")
    given = {said.thread for said in threads.remarks() if said.author == me and said.body.rstrip().endswith(sign)}
    for thread in sorted(asked - given):
        threads.reply(thread, words)


def _tell(here: Repository, task: Task, one: FollowUp, words: str, what: str) -> None:
    """One reply on the pull request, given once."""
    number, sign = task.pr_number or task.issue_number or 0, follow_up_words.marker(one, what)
    try:
        if here.find_comment(number, sign, since=one.asked_at - CLOCKS_APART) is None:
            here.create_comment(number, words)
    except GitHubRefused as refusal:
        extra = {"action": "answer_refused", "follow_up": one.id, "status": refusal.status}
        _log.warning("github refused the answer to feedback", extra=extra)


def _deed(services: Services, task: Task, one: FollowUp) -> Deed | None:
    """What came of the run; None while it is at work."""
    run = runs.get(services.db, one.run_id or "")
    if run.finished_at is None:
        return None
    config, result = services.config, run.result or {}
    how, why = _end_of(services, task, run)
    delivered = how == Status.SUCCEEDED and result.get("ending") == Ending.CHANGES
    commit = result.get("head_sha") if delivered or result.get("pushed") else None
    return Deed(
        task_url=f"{config.dashboard_url}/task?id={task.id}",
        mention=config.mention,
        commit=commit,
        commit_url=f"{config.github_url}/{task.repository}/commit/{commit}" if commit else "",
        failed=None if how == Status.SUCCEEDED else why,
        summary=str(result.get("summary") or ""),
    )


def _end_of(services: Services, task: Task, run: Run) -> tuple[str, str]:
    """How the run ended, and why. The task itself may be at its next run already; then its history tells."""
    if task.run_id == run.id:
        return task.status, task.message
    history = events.of_task(services.db, task.id)
    ended = [event for event in history if event.run_id == run.id and event.kind in ENDED]
    return (ended[-1].kind, ended[-1].text) if ended else (Status.FAILED, "It ended without a word.")
