"""From a queued run to its machine. May be killed at any line and run again: nothing happens twice."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from jobs import (
    deciding,
    ending,
    feedback,
    fly_settings,
    gate,
    mint,
    own_issue,
    places,
    prompt,
    readiness,
    repository,
    roster,
    settings,
    status_comment,
)
from jobs.bootstrap import Services
from jobs.config import HostKind
from jobs.deciding import BadConfig
from jobs.errors import JobError
from jobs.github.app import Purpose
from jobs.github.client import Repository
from jobs.github.errors import Crowded, GitHubRefused, GitHubUnavailable
from jobs.hosts.errors import HostUnavailable, NoCapacity
from jobs.hosts.port import Machine, MachineSpec
from jobs.readiness import Asker
from jobs.reasons import Reason
from jobs.settings import Inputs
from jobs.sources import Fetching, Subject
from store import audit, events, runs, tasks
from store.lifecycle import Status
from store.records import Run, RunKind, Task
from store.runs import Claim
from worker.contract import Limits

_log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
MAX_CLAIMS = 25  # a launch that kills its worker each time must end some day
MAX_PAUSE = 60.0  # seconds between two attempts, unless the other side asks for more
LEASE = timedelta(seconds=60)
BEFORE_AND_AFTER_THE_AGENT = timedelta(minutes=15)  # booting, cloning, setting up; pushing, reporting
KILLED_BY_ITS_HOST = timedelta(minutes=30)  # past the run's own limit


class LaunchRefused(JobError):
    """The task cannot be launched as it was asked for; the message says what to change."""

    def __init__(self, message: str, reason: Reason = Reason.LAUNCH_FAILED) -> None:
        super().__init__(message)
        self.reason = reason


def launch(services: Services, run_id: str) -> None:
    """Give the run its machine, put it off, or fail its task. Raises Fenced when another worker took over."""
    claim = _claim(services, run_id)
    if claim is None:
        return
    try:
        if claim.fence > MAX_CLAIMS:
            raise LaunchRefused(f"it was started {MAX_CLAIMS} times and never got through; the workers' log says why")
        here, told = _let_in(services, claim)
        settled = own_issue.settle(services, here, claim.task, hold_on=lambda: _hold_on(services, claim))
        task = _begin(services, replace(claim, task=settled))
        if task is not None:
            _create_machine(services, claim, _prepare(services, claim, here, task))
    except (GitHubUnavailable, HostUnavailable, NoCapacity) as error:
        _try_later(services, claim, error)
    except BadConfig as error:
        ending.fail(services, claim, Reason.BAD_CONFIG, str(error))
    except LaunchRefused as refusal:
        ending.fail(services, claim, refusal.reason, str(refusal))
    except JobError as error:
        ending.fail(services, claim, Reason.LAUNCH_FAILED, str(error))
    else:  # while the machine boots: these may have to wait for their turn
        if not told:
            _acknowledge(here, claim.task)
        status_comment.publish(services, claim.task.id)


def branch_name(task: Task, run: Run) -> str:
    """Decided once per run. A retry has a branch of its own; a follow-up goes on with the one there is."""
    if run.kind is RunKind.FOLLOW_UP and task.branch:
        return task.branch
    subject = f"issue-{task.issue_number}-" if task.issue_number else ""
    again = f"-{run.number}" if run.number > 1 else ""
    return f"porter/{subject}{task.agent}-{task.id[:6]}{again}"


def limit_of(run: Run, default: float) -> float:
    """How long the agent may work, and the tests behind it, in seconds."""
    tests = Limits().test if settings.chosen(run.inputs, "test_command", None) else 0.0
    return settings.chosen(run.inputs, "timeout_seconds", default) + tests


def pause_before(attempt: int, asked: float | None = None) -> float:
    """Seconds before the next attempt: 2, 4, 8 … 60, or as long as the other side asked for."""
    return max(asked or 0.0, min(MAX_PAUSE, 2.0**attempt))


def _claim(services: Services, run_id: str) -> Claim | None:
    now = services.clock()
    waiting = runs.get(services.db, run_id)
    if waiting.due_at is not None and waiting.due_at > now:
        return None
    if waiting.waits_for is not None and not places.is_free_for(services, run_id):
        return None
    claim = runs.claim(services.db, run_id, now=now, lease=LEASE)
    if claim is None:
        return None
    task, run = claim.task, claim.run
    wanted = task.run_id == run.id and task.status in (Status.QUEUED, Status.LAUNCHING)
    if wanted and run.machine_id is None and run.result is None and run.cancel_requested_at is None:
        return claim
    runs.release(services.db, claim, due_at=run.due_at)
    return None


def _let_in(services: Services, claim: Claim) -> tuple[Repository, bool]:
    """Before the task can take a place from others: may its sender ask? The second answer: whether the command has its
    reaction. Raises LaunchRefused, a GitHubError."""
    task = claim.task
    here = repository.of(services, task.repository, task.installation_id)
    if task.installation_id is None:
        tasks.change(services.db, task.id, now=services.clock(), installation_id=here.installation_id)
    told = claim.run.waits_for is not None  # it was done when the run began to wait
    if not told and services.github.guest.is_idle(here.installation_id):  # else the machine does not wait for it
        _acknowledge(here, task)
        told = True
    asker, way = feedback.asker(services, task, claim.run)
    if not gate.may_ask(services, here, asker, source=way):
        raise LaunchRefused(gate.why_not(services, task.repository, asker), Reason.NOT_PERMITTED)
    return here, told


def _begin(services: Services, claim: Claim) -> Task | None:
    """None: the task has to wait, and is woken when its turn comes."""
    task = claim.task
    if task.status is Status.LAUNCHING:  # an earlier worker got this far
        return task
    return places.take(services, claim, {"branch": branch_name(task, claim.run), "message": "", "reason": None})


def _prepare(services: Services, claim: Claim, here: Repository, task: Task) -> Task:
    """What must be true and known before a machine is rented. Raises LaunchRefused, a GitHubError, BadConfig."""
    _hold_on(services, claim)
    inputs = deciding.decide(services, claim, here, task)
    task = _on_its_branch(services, claim.run, tasks.get(services.db, task.id))
    require_agent(services, task)
    if claim.run.prompt is None:
        _hold_on(services, claim)
        if claim.run.follow_up_id is None:
            _write_prompt(services, claim, here, task, inputs)
        else:
            feedback.write_prompt(services, claim, here, task, inputs)
    return tasks.get(services.db, task.id)


def _on_its_branch(services: Services, run: Run, task: Task) -> Task:
    """The branch has the agent's name in it, and the repository's file may have chosen another one."""
    branch = branch_name(task, run)
    if branch == task.branch:
        return task
    tasks.change(services.db, task.id, now=services.clock(), branch=branch)
    return tasks.get(services.db, task.id)


def _acknowledge(here: Repository, task: Task) -> None:
    """👀. A comment that was deleted since, a locked issue, or much else to write, is no reason not to work."""
    if task.comment_id is None:
        return
    try:
        here.react(task.comment_id)
    except (GitHubRefused, Crowded) as error:
        extra = {"action": "reaction_left_out", "task": task.id, "error": str(error)}
        _log.info("the command gets no reaction", extra=extra)


def require_agent(services: Services, task: Task) -> None:
    """Before the machine costs anything: is there such an agent, is it on, has it a key? Raises LaunchRefused."""
    agent = roster.load(services.config.default_agent, services.config.agents_file).find(task.agent)
    if agent is None:
        raise LaunchRefused(f"there is no agent {task.agent} any more; the configuration must have changed")
    asker = Asker(task.repository, task.requested_by)
    why = readiness.obstacle(services.db, agent, asker)
    if why is not None:
        raise LaunchRefused(why)
    readiness.keys(services, agent, asker)  # one that does not open is told of now


def _write_prompt(services: Services, claim: Claim, here: Repository, task: Task, inputs: Inputs) -> None:
    """A prompt is written once for a run: a launch that is repeated asks for the same work."""
    base = task.base_branch or here.default_branch()
    if not here.has_branch(base):
        raise LaunchRefused(f"{task.repository} has no branch {base} to start from; name one with `--branch=`")
    subject = Subject(task, inputs, base, deciding.advice(services, task, inputs))
    with Fetching(services, here) as fetching:
        material = fetching.material(subject)
    _hold_on(services, claim)
    tasks.change(services.db, task.id, now=services.clock(), issue_title=material.title)
    runs.write(services.db, claim, prompt=prompt.build(material, budget=services.config.prompt_budget))


def _create_machine(services: Services, claim: Claim, task: Task) -> None:
    """The token is known to the store before the machine can use it; the machine is recorded when it is there. Between
    the two a repeated launch adopts it by its name."""
    mint.keep(services, task, claim.run, Purpose.CLONE)
    _hold_on(services, claim)
    _wait_in_line(services)
    _hold_on(services, claim)
    run = runs.get(services.db, claim.run.id)
    if run.cancel_requested_at is not None:
        runs.release(services.db, claim)
        return
    token = secrets.token_urlsafe(32)
    runs.add_token(services.db, claim, token, now=services.clock())
    limit = timedelta(seconds=limit_of(run, services.config.task_timeout_seconds)) + BEFORE_AND_AFTER_THE_AGENT
    spec = MachineSpec(
        run_id=claim.run.id,
        task_id=task.id,
        env={
            "PORTER_URL": services.config.url,
            "TASK_ID": task.id,
            "RUN_ID": claim.run.id,
            "CALLBACK_TOKEN": token,
        },
        limit_seconds=(limit + KILLED_BY_ITS_HOST).total_seconds(),
        avoid=run.region,
    )
    machine = services.host.create(spec)
    _record(services, claim, machine, deadline=services.clock() + limit)


def _record(services: Services, claim: Claim, machine: Machine, *, deadline: datetime) -> None:
    now, host = services.clock(), services.host.name
    values = {
        "machine_id": machine.id, "host": host, "region": machine.region, "image": machine.image,
        "deadline": deadline, "launched_at": now, "lease_until": None, "due_at": None, "enqueued_at": None,
    }  # fmt: skip
    where = f" in {machine.region}" if machine.region else ""
    image = f" from {machine.image}" if machine.image else ""
    text = f"machine {machine.id} was started on {host}{where}{image}"
    with services.db.write() as connection:
        runs.write_in(connection, claim, values)
        once = f"{claim.run.id}:machine:{machine.id}"
        events.add(connection, claim.task.id, "machine", text, now=now, run_id=claim.run.id, once=once)
        if host == HostKind.FLY:
            used, about = f"used:{claim.run.id}:{fly_settings.TOKEN}", f"machine {machine.id} of task {claim.task.id}"
            what = f"{fly_settings.OWNER}/{fly_settings.TOKEN}"
            audit.note(connection, who="porter", action="secret_used", what=what, detail=about, now=now, once=used)
    extra = {"action": "machine_launched", "task": claim.task.id, "run": claim.run.id, "machine": machine.id}
    _log.info("a machine was started", extra=extra)


def _wait_in_line(services: Services) -> None:
    """Fly takes so many creates a second for an app; a wait here is shorter than being refused there."""
    if services.host.name != "fly":
        return
    services.fly_pace.wait(services.fly_place().app)


def _hold_on(services: Services, claim: Claim) -> None:
    """Renew the lease before the next slow step. Raises Fenced when it was lost."""
    runs.write(services.db, claim, lease_until=services.clock() + LEASE)


def _try_later(services: Services, claim: Claim, error: GitHubUnavailable | HostUnavailable | NoCapacity) -> None:
    attempts = claim.run.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        words = f"{error} (tried {attempts} times). Ask again with `retry` when that is over."
        ending.fail(services, claim, Reason.LAUNCH_FAILED, words)
        return
    pause = pause_before(attempts, getattr(error, "retry_after", None))
    now = services.clock()
    message = f"{error}; trying again in {pause:.0f} s"
    values = {
        "lease_until": None, "due_at": now + timedelta(seconds=pause), "enqueued_at": None, "attempts": attempts,
        "waits_for": None,
    }  # fmt: skip
    with services.db.write() as connection:
        if tasks.lock(connection, claim.task.id).status is Status.QUEUED:  # GitHub did not even say who asks
            tasks.change_in(connection, claim.task.id, now=now, message=message)
            events.add(connection, claim.task.id, "put_off", message, now=now, run_id=claim.run.id)
        else:
            tasks.move(
                connection, claim.task.id, Status.QUEUED, now=now, kind="put_off", text=message, run_id=claim.run.id,
                fence=claim.fence, changes={"message": message},
            )  # fmt: skip
        runs.write_in(connection, claim, values)
    extra = {"action": "launch_put_off", "task": claim.task.id, "run": claim.run.id, "error": str(error)}
    _log.warning("a launch was put off", extra=extra)
