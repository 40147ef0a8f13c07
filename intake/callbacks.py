"""The machine's side of the conversation: its job, its reports, its push token (docs/architecture.md draws it)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from intake import job, reports
from intake.access import bearer
from intake.errors import Malformed, RunOver, Unknown, WrongToken
from jobs.bootstrap import Services
from jobs.roster import Roster
from store import credentials, held_changes, runs, sessions, tasks
from store import reports as store_reports
from store.credentials import Credential
from store.errors import NotFound, VaultError
from store.errors import WrongToken as TokenRefused
from store.records import Run
from store.reports import Answer
from store.sessions import Session
from worker.contract import COMPLETE_PATH, HELD_PATH, MAX_SESSION, PUSH_TOKEN_PATH, SESSION_PATH, UPDATE_PATH
from worker.masking import Mask

log = logging.getLogger(__name__)

LARGEST = 2 * 1024 * 1024  # bytes
LARGEST_HELD = 30 * 1024 * 1024
_WAIT = {"wait_seconds": 1}
_MARGIN = timedelta(seconds=60)  # a token that ends sooner is not worth handing out
_NOT_WANTED = Answer(accepted=False, stop=True)
Shape = TypeVar("Shape", bound=BaseModel)


def routes(services: Services, roster: Roster, settings: Mapping[str, str]) -> Blueprint:
    """The machine's addresses. `settings`: variables that an agent's recipe may name."""
    callbacks = Blueprint("callbacks", __name__)
    desk = Desk(services, roster, settings)

    @callbacks.get("/api/runs/<run_id>/job")
    def get_job(run_id: str) -> ResponseReturnValue:
        found = desk.job(run_id)
        return found if found is not None else (_WAIT, HTTPStatus.ACCEPTED)

    @callbacks.put(SESSION_PATH.format(run_id="<run_id>"))
    def put_session(run_id: str) -> ResponseReturnValue:
        desk.keep(run_id, _read(reports.Conversation, largest=LARGEST + MAX_SESSION))
        return {"kept": True}

    @callbacks.post(UPDATE_PATH)
    def task_update() -> ResponseReturnValue:
        return _orders(desk.update(_read(reports.Update)))

    @callbacks.post(COMPLETE_PATH)
    def task_complete() -> ResponseReturnValue:
        return _orders(desk.complete(_read(reports.Complete)))

    @callbacks.post(HELD_PATH)
    def held() -> ResponseReturnValue:
        return _orders(desk.hold(_read(reports.CompleteHeld, largest=LARGEST_HELD)))

    @callbacks.post(PUSH_TOKEN_PATH)
    def push_token() -> ResponseReturnValue:
        found = desk.push_token(_read(reports.Asking).run_id)
        if found is None:
            return _WAIT, HTTPStatus.ACCEPTED
        return {"token": found.value, "expires_at": found.expires_at.isoformat()}

    return callbacks


class Desk:
    """Answers machines. Every method first makes sure that the caller speaks for the run."""

    def __init__(self, services: Services, roster: Roster, settings: Mapping[str, str]) -> None:
        self._services, self._roster, self._settings = services, roster, settings

    def job(self, run_id: str) -> dict[str, Any] | None:
        """The job document; None while it is being made. Raises RunOver, WrongToken, Unknown."""
        run = self._wanted(run_id)
        task = tasks.get(self._services.db, run.task_id)
        token = self._credential(run, "clone") if job.is_ready(task, run) else None
        if token is None:
            return None
        made = job.document(self._services, self._roster, task, run, clone_token=token.value, settings=self._settings)
        job.note_use(self._services, self._roster, task, run)
        return made.to_json()

    def keep(self, run_id: str, talk: reports.Conversation) -> None:
        """Keep the agent's conversation for a follow-up. Raises RunOver, WrongToken, Unknown."""
        run, services = self._wanted(run_id), self._services
        agent = tasks.get(services.db, run.task_id).agent
        kept = Session(talk.id, talk.data, talk.path, talk.usage.model_dump())
        sessions.keep(
            services.db, services.vault, kept, task_id=run.task_id, agent=agent, run_id=run.id, now=services.clock()
        )

    def push_token(self, run_id: str) -> Credential | None:
        """The token to push with; None while it is being made. Also for a run that was told to stop, while it may still
        save its work. Raises RunOver, WrongToken, Unknown."""
        run = self._authenticated(run_id)
        now = self._services.clock()
        if run is None or not store_reports.begin_finishing(self._services.db, run.id, now=now).accepted:
            raise RunOver(f"run {run_id} is over")
        return self._credential(run, "push")

    def update(self, report: reports.Update) -> Answer:
        """Take in a progress report. Raises WrongToken, Unknown."""
        run = self._authenticated(report.run_id)
        if run is None:
            return _NOT_WANTED
        now = self._services.clock()
        mask = self._mask(run)
        kept = store_reports.Update(
            run_id=run.id,
            seq=report.seq,
            phase=report.phase,
            logs=reports.lines(report, mask, now=now),
            step=reports.step(report, mask),
            percent=report.percent,
            usage=reports.usage(report.usage) if report.usage else None,
        )
        return store_reports.accept_update(self._services.db, kept, now=now)

    def complete(self, report: reports.Complete) -> Answer:
        """Take in the last word, and have it acted upon. Raises WrongToken, Unknown."""
        run = self._authenticated(report.run_id)
        if run is None:
            return _NOT_WANTED
        kept = reports.result(report.result, self._mask(run))
        now = self._services.clock()
        answer = store_reports.accept_result(self._services.db, run.id, report.seq, kept, now=now)
        if answer.accepted:
            extra = {"action": "run_reported", "task": run.task_id, "run": run.id, "ending": kept["ending"]}
            log.info("a machine reported its result", extra=extra)
            self._services.queues.finish(run.id)
        return answer

    def hold(self, report: reports.CompleteHeld) -> Answer:
        """The last word of a run whose work waits for a person: from here on it gets no push token. Raises WrongToken,
        Unknown."""
        run = self._authenticated(report.run_id)
        if run is None:
            return _NOT_WANTED
        mask, now = self._mask(run), self._services.clock()
        kept, work = reports.result(report.result, mask) | {"pushed": False}, reports.held(report.held, mask)
        answer = held_changes.hold(self._services.db, run.id, report.seq, kept, work, now=now)
        if answer.accepted:
            log.info("a change is held", extra={"action": "run_held", "task": run.task_id, "run": run.id})
            self._services.queues.finish(run.id)
        return answer

    def _wanted(self, run_id: str) -> Run:
        """The caller's run, if there is still a reason to work on it."""
        run = self._authenticated(run_id)
        if run is None or run.finished_at or run.cancel_requested_at or run.result is not None:
            raise RunOver(f"run {run_id} is over")
        return run

    def _authenticated(self, run_id: str) -> Run | None:
        """The caller's run; None when it has ended. A token ends with its run, so a late one cannot be told from a
        wrong one any more: both are answered "over", which gives nothing away but that."""
        try:
            return runs.authenticate(self._services.db, run_id, bearer(request.headers))
        except NotFound:
            raise Unknown("there is no such run") from None
        except TokenRefused:
            if runs.get(self._services.db, run_id).finished_at is not None:
                return None
            log.warning("a wrong token was used for a run", extra={"action": "wrong_token", "run": run_id})
            raise WrongToken("that token does not open this run") from None

    def _credential(self, run: Run, purpose: str) -> Credential | None:
        """The run's token for `purpose`, or None after asking for one."""
        services = self._services
        valid_at = services.clock() + _MARGIN
        found = credentials.find(services.db, services.vault, f"run:{run.id}", purpose, valid_at=valid_at)
        if found is None:
            services.queues.mint(run.id, purpose)
        return found

    def _mask(self, run: Run) -> Mask:
        """Hides what this run's machine knows; the runner has done so before, with code that an agent runs beside."""
        services = self._services
        mask = Mask([bearer(request.headers)])
        try:
            for purpose in ("clone", "push"):
                found = credentials.find(
                    services.db, services.vault, f"run:{run.id}", purpose, valid_at=services.clock()
                )
                mask.add(*([found.value] if found else []))
            task = tasks.get(services.db, run.task_id)
            agent = self._roster.find(task.agent)
            mask.add(*(job.keys(services, agent, task).values() if agent else []))
        except VaultError:
            # What does not open now did not open when the job was handed out, so the machine cannot know it.
            log.exception("a secret does not open", extra={"action": "vault_error", "run": run.id})
        return mask


def _orders(answer: Answer) -> dict[str, Any]:
    return {"accepted": answer.accepted, "orders": ["cancel"] if answer.stop else []}


def _read(shape: type[Shape], *, largest: int = LARGEST) -> Shape:
    """The request's body in this shape, of at most `largest` bytes. Raises WrongToken without a token, before anything
    is read; Malformed."""
    bearer(request.headers)
    request.max_content_length = largest
    try:
        # Not pydantic's own parser: it refuses a whole report for one lone surrogate in a log line.
        data = _without_surrogates(json.loads(request.get_data(cache=False).decode("utf-8", "replace")))
        return shape.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where or 'the body'}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None


def _without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list():
            return [_without_surrogates(item) for item in value]
        case dict():
            return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
        case _:
            return value
