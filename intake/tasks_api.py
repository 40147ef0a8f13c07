"""`/api/tasks`: list, start, read, retry, cancel, logs, events."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from intake import shapes
from intake.access import check
from intake.answers import Answered, require_json
from intake.errors import Conflict, Invalid, KeyReused
from intake.stream import Streams
from jobs.bootstrap import Services
from jobs.dispatching import CannotDispatch, NoKey, Wish, dispatch
from jobs.roster import Roster
from store import feed, logs, once, runs, tasks
from store.errors import AskedBefore, KeyTaken, NotFound
from store.feed import TaskFilter
from store.lifecycle import Status
from store.once import Once
from store.records import Task

LARGEST = 512 * 1024  # bytes
_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
}


def routes(services: Services, roster: Roster, streams: Streams) -> APIBlueprint:
    """The addresses of tasks."""
    api = APIBlueprint(
        "tasks", __name__, url_prefix="/api/tasks", abp_tags=[Tag(name="tasks")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip
    desk = Desk(services, roster)

    @api.before_request
    def _who() -> None:
        g.caller = check(services.config, request.method, request.headers)
        request.max_content_length = LARGEST
        if request.method in ("POST", "PUT"):
            require_json()

    @api.get("", responses={"200": shapes.TaskPage})
    def list_tasks(query: shapes.ListQuery) -> Answered:
        """Tasks, newest first."""
        found = feed.page(services.db, _filter(query), after=_key(query.after), limit=query.limit)
        return {"tasks": [desk.shape(task) for task in found.tasks], "next": found.next_key}

    @api.post("", responses={"201": shapes.TaskShape, "200": shapes.TaskShape})
    def start_task(header: shapes.OnceHeader, body: shapes.TaskBody) -> Answered:
        """Start work on an issue, or with words alone, for which an issue is opened. 200: its Idempotency-Key was sent
        before, and this is the task it made."""
        made, status = desk.start(body, by=g.caller, key=header.idempotency_key)
        return desk.shape(made), status, {"Location": f"/api/tasks/{made.id}"}

    @api.get("/<task_id>", responses={"200": shapes.TaskShape})
    def read_task(path: shapes.TaskPath) -> Answered:
        """One task."""
        return desk.shape(tasks.get(services.db, path.task_id))

    @api.put("/<task_id>/retry", responses={"200": shapes.TaskShape})
    def retry_task(path: shapes.TaskPath) -> Answered:
        """Another run of an ended task, with the same inputs."""
        return desk.shape(desk.retry(path.task_id, by=g.caller))

    @api.delete("/<task_id>", responses={"204": None})
    def cancel_task(path: shapes.TaskPath) -> Answered:
        """Stop a task."""
        desk.cancel(path.task_id, by=g.caller)
        return "", HTTPStatus.NO_CONTENT

    @api.get("/<task_id>/logs", responses={"200": shapes.LogPage})
    def read_logs(path: shapes.TaskPath, query: shapes.LogQuery) -> Answered:
        """What the machine of a run said."""
        run_id = desk.run_of(path.task_id, query.run_id)
        found = logs.of_run(services.db, run_id, after=query.after, limit=query.limit)
        lines = [shapes.log_line(line) for line in found]
        return {"run_id": run_id, "lines": lines, "next": found[-1].n if found else query.after}

    @api.get("/<task_id>/events", responses={"200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})
    def follow_events(path: shapes.TaskPath) -> Answered:
        """The task's history as server-sent events, from behind the header Last-Event-ID."""
        chunks = streams.open(path.task_id, after=_last_event())
        return Response(chunks, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return api


class Desk:
    """What the API does to tasks."""

    def __init__(self, services: Services, roster: Roster) -> None:
        self._services, self._roster = services, roster

    def shape(self, task: Task) -> dict[str, Any]:
        """The task as it is shown."""
        waits = task.status is Status.QUEUED
        return shapes.task(task, feed.position(self._services.db, task) if waits else None)

    def start(self, body: shapes.TaskBody, *, by: str, key: str | None = None) -> tuple[Task, HTTPStatus]:
        """The task, and whether it was created now. `key`: the caller's own name for the request. Raises Invalid for
        what cannot work, KeyReused, Conflict when the agent has no key."""
        asked = Once.of(by, key, body.model_dump_json(exclude_defaults=True)) if key is not None else None
        try:
            known = self._known(asked) if asked else None
            return (known, HTTPStatus.OK) if known else (self._dispatched(body, by, asked), HTTPStatus.CREATED)
        except AskedBefore:  # the same request, sent at the same moment, was faster
            return self.start(body, by=by, key=key)

    def _known(self, asked: Once) -> Task | None:
        try:
            return once.task(self._services.db, asked)
        except KeyTaken as taken:
            raise KeyReused(f"Idempotency-Key: {taken}", action="send a new key with a new request") from taken

    def _dispatched(self, body: shapes.TaskBody, by: str, asked: Once | None) -> Task:
        flags = {name: getattr(body, name) for name in ("draft", "no_tests", "with_thread", "timeout_seconds")}
        named = ("repository", "instructions", "issue_number", "title", "agent", "model", "base_branch", "priority")
        wish = Wish(**{name: getattr(body, name) for name in named}, flags=flags)
        try:
            return dispatch(self._services, self._roster, wish, by=self._person(body, by), source="api", once=asked)
        except NoKey as missing:
            raise Conflict(str(missing), action=missing.action) from missing
        except CannotDispatch as refusal:
            raise Invalid(f"{refusal.field}: {refusal}", action=refusal.action) from refusal

    def retry(self, task_id: str, *, by: str) -> Task:
        """Raises NotFound; IllegalMove while it is at work."""
        again = tasks.restart(self._services.db, task_id, by=by, now=self._services.clock())
        self._services.queues.launch(again.run_id, again.priority)
        return again

    def cancel(self, task_id: str, *, by: str) -> None:
        """Raises NotFound; IllegalMove when it ended otherwise."""
        if tasks.get(self._services.db, task_id).status is not Status.CANCELLED:
            tasks.cancel(self._services.db, task_id, by=by, now=self._services.clock())
            self._services.queues.publish(task_id)

    def run_of(self, task_id: str, run_id: str | None) -> str:
        """The run asked for, if it is one of this task; else the current one. Raises NotFound."""
        current = tasks.get(self._services.db, task_id).run_id
        if run_id is None or run_id == current:
            return current
        if run_id not in [run.id for run in runs.of_task(self._services.db, task_id)]:
            raise NotFound("run", run_id)
        return run_id

    def _person(self, body: shapes.TaskBody, by: str) -> str:
        """A token is no person, and GitHub is asked about a person before anything is launched."""
        if body.requested_by is None and self._services.config.is_production:
            raise Invalid("requested_by: name the GitHub login on whose behalf this is")
        return body.requested_by or by


def _filter(query: shapes.ListQuery) -> TaskFilter:
    words = {name: getattr(query, name) for name in ("repository", "agent", "requested_by", "search")}
    plain: dict[str, Any] = {name: word.replace("\0", "") if word else None for name, word in words.items()}
    return TaskFilter(statuses=frozenset(query.status), issue_number=query.issue_number, **plain)


def _key(after: str | None) -> str | None:
    """The key of a page, made sure of: the store takes it apart and trusts the pieces."""
    if after is None:
        return None
    at, _, task_id = after.partition("/")
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not task_id.isalnum():
            raise ValueError
        return f"{moment.astimezone(UTC).isoformat()}/{task_id}"
    except (ValueError, OverflowError):
        raise Invalid("after: give the `next` of the page before, as it was") from None


def _last_event() -> int:
    given = request.headers.get("Last-Event-ID", "0")
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise Invalid("Last-Event-ID: give the id of the last event received")
    return int(given)
