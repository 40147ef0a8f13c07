"""History as a file: the rows of a filter as CSV, sent page by page while they are read."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from collections.abc import Callable, Iterator
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl

from sqlalchemy.exc import SQLAlchemyError

from dashboard import person
from dashboard.gate import Asgi, Receive, Scope, Send
from dashboard.histories import CSV_PATH
from dashboard.past import WantedHistory
from jobs.bootstrap import Services
from jobs.signing_in import COOKIE
from store import history
from store.counts import result_of
from store.database import Database
from store.history import Sought
from store.records import Task

log = logging.getLogger(__name__)

COLUMNS = (
    "task", "asked", "started", "finished", "result", "reason", "repository", "issue", "title", "asked by", "agent",
    "model", "branch", "pull request", "files", "additions", "deletions", "input tokens", "output tokens",
    "cache read tokens", "cache write tokens", "cost in US dollars", "machine seconds",
)  # fmt: skip
_PAGE = 500  # rows in memory at once
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FULL_WIDTH = ("＝", "＋", "－", "＠")


class Export:
    """ASGI middleware that answers GET of CSV_PATH and hands on the rest. It stands behind the gate."""

    def __init__(self, app: Asgi, services: Callable[[], Services]) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CSV_PATH or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        try:
            pages = await asyncio.to_thread(self._begin, scope)
        except SQLAlchemyError:
            await _sorry(send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        gone = asyncio.ensure_future(_gone(receive))
        try:
            while not gone.done() and scope["method"] == "GET":
                part = await asyncio.to_thread(next, pages, None)
                if part is None:
                    break
                await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    def _begin(self, scope: Scope) -> Iterator[str]:
        """With the first page read: so a database that is away is told of before the answer has begun."""
        services = self._services()
        only = person.sees_with(services, _cookie(scope))
        told = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        pages = texts(services.db, WantedHistory.read(told).sought(only))
        return _with(next(pages), pages)


def texts(db: Database, sought: Sought, *, limit: int = _PAGE) -> Iterator[str]:
    """The file in parts, the first with the names of the columns. A part is read when it is asked for."""
    after: str | None = None
    head = [_line(COLUMNS)]
    while True:
        page = history.page(db, sought, after=after, limit=limit)
        yield "".join([*head, *(_line(cells(task)) for task in page.tasks)])
        head, after = [], page.older
        if after is None:
            return


def cells(task: Task) -> list[str]:
    """One row. Moments are UTC in ISO 8601; what is not known is empty."""
    result = result_of(task.status, task.outcome, task.pr_state)
    moments = [at.isoformat(timespec="seconds") if at else "" for at in (task.started_at, task.finished_at)]
    values = [
        task.id, task.created_at.isoformat(timespec="seconds"), *moments,
        task.status.value if task.is_live else result.value, task.reason, task.repository, task.issue_number,
        task.issue_title, task.requested_by, task.agent, task.model, task.branch, task.pr_url, task.files_changed,
        task.additions, task.deletions, task.input_tokens, task.output_tokens, task.cache_read_tokens,
        task.cache_write_tokens, task.cost_usd, round(task.machine_seconds, 1),
    ]  # fmt: skip
    return [harmless(str(value)) if isinstance(value, str) else "" if value is None else str(value) for value in values]


def harmless(text: str) -> str:
    """Text that a spreadsheet shows as it is: what would begin a formula there begins with an apostrophe.
    https://owasp.org/www-community/attacks/CSV_Injection"""
    first = text.lstrip(" \n\0")[:1]
    return f"'{text}" if first and first in (*_FORMULA, *_FULL_WIDTH) else text


def _line(values: tuple[str, ...] | list[str]) -> str:
    made = io.StringIO()
    csv.writer(made).writerow(values)
    return made.getvalue()


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    try:
        yield from rest
    except SQLAlchemyError as error:
        # The answer has begun; a file that stops without a word would pass for whole.
        log.warning("an export was cut short", extra={"action": "export_cut", "error": type(error).__name__})
        yield _line(["The database went away here: this file is not whole. Download it again."])


def _cookie(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                return ""
            return morsel.value if morsel else ""
    return ""


async def _gone(receive: Receive) -> None:
    """Ends when the reader has left: nobody else says so, and a million rows would be read for nobody."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sorry(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    words = "Porter's database does not answer, so there is no file yet. Try again in a moment."
    await send({"type": "http.response.body", "body": words.encode()})


_HEADERS = [
    (b"content-type", b"text/csv; charset=utf-8"),
    (b"content-disposition", b'attachment; filename="porter-history.csv"'),
    (b"cache-control", b"no-store"),
]
