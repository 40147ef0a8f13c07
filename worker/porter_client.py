"""Asks Porter and tells Porter, over HTTP: one token, no redirects, every answer mapped to what it means."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from worker.contract import (
    COMPLETE_PATH,
    HELD_PATH,
    JOB_PATH,
    PUSH_TOKEN_PATH,
    SESSION_PATH,
    UPDATE_PATH,
    Held,
    JobDocument,
    Session,
)
from worker.desk import Orders
from worker.errors import BadSession, JobRefused, PorterAway, RunOver

PATIENCE = 600.0  # seconds: how long Porter may be away before the runner gives up
ONE_REQUEST = 10.0  # seconds
LARGE_REQUEST = 120.0  # seconds
SESSION_PATIENCE = 20.0  # seconds: a follow-up can do without its conversation
MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """A status and the JSON object that came with it."""

    status: int
    body: dict[str, Any]

    @property
    def wait_seconds(self) -> float:
        given = self.body.get("wait_seconds")
        return min(30.0, max(0.1, float(given))) if isinstance(given, int | float) else 1.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could carry the run's token to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class PorterClient:
    """The requests of docs/architecture.md. `url` is Porter's base address, `token` the run's own."""

    def __init__(self, url: str, run_id: str, token: str, orders: Orders, *, patience: float = PATIENCE) -> None:
        self._url, self._run_id, self._token = url.rstrip("/"), run_id, token
        self._orders, self._patience = orders, patience
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)

    def job(self) -> JobDocument:
        """The job, as soon as Porter has it. Raises JobRefused, PorterAway, Cancelled."""
        path = JOB_PATH.format(run_id=quote(self._run_id, safe=""))
        answer = self._until_ready(lambda: self.ask("GET", path), self._orders.check, self._orders.wait)
        if answer.status != 200:
            raise JobRefused(f"Porter gives this machine no job: {words(answer)}")
        try:
            return JobDocument.from_json(answer.body)
        except (KeyError, TypeError, AttributeError) as error:
            raise JobRefused(
                f"Porter's job document cannot be read ({error}): use an image of Porter's version"
            ) from error

    def push_token(self) -> str:
        """A token to push with, also for a while after the order to stop. Raises RunOver, PorterAway, Cancelled."""
        orders, body = self._orders, {"run_id": self._run_id}
        answer = self._until_ready(
            lambda: self.ask("POST", PUSH_TOKEN_PATH, body), orders.check_saving, orders.wait_saving
        )
        if answer.status != 200 or not isinstance(token := answer.body.get("token"), str):
            raise RunOver(f"Porter gives no push token: {words(answer)}")
        return token

    def keep(self, session: Session) -> None:
        """Hand in the conversation, for a short while. Raises PorterAway, Cancelled; BadSession when Porter does not
        take it."""
        path = SESSION_PATH.format(run_id=quote(self._run_id, safe=""))
        deadline = time.monotonic() + min(self._patience, SESSION_PATIENCE)
        put = _beside(lambda: self.ask("PUT", path, session.to_json()), self._orders.check)
        answer = _patiently(put, lambda: deadline, self._orders.wait)
        if answer.status != 200:
            raise BadSession(f"Porter does not take it: {words(answer)}")

    def update(self, report: dict[str, Any]) -> Answer:
        """One report, tried once. Raises PorterAway."""
        return self.ask("POST", UPDATE_PATH, {"run_id": self._run_id, **report})

    def complete(self, seq: int, result: dict[str, Any], *, until: Callable[[], float]) -> Answer:
        """The result, tried until that time (monotonic), also when the runner was told to stop. Raises PorterAway."""
        return self._last_word(COMPLETE_PATH, {"seq": seq, "result": result}, until, longest=ONE_REQUEST)

    def hold(self, seq: int, result: dict[str, Any], held: Held, *, until: Callable[[], float]) -> Answer:
        """The same with work that waits for a person."""
        kept = {
            "findings": [asdict(finding) for finding in held.findings],
            "base_sha": held.base_sha,
            "head_sha": held.head_sha,
            "bundle": base64.b64encode(held.bundle).decode(),
        }
        body = {"seq": seq, "result": result, "held": kept}
        return self._last_word(HELD_PATH, body, until, longest=LARGE_REQUEST)

    def _last_word(self, path: str, body: dict[str, Any], until: Callable[[], float], *, longest: float) -> Answer:
        def tell() -> Answer:
            left = until() - time.monotonic()
            return self.ask("POST", path, {"run_id": self._run_id, **body}, seconds=min(longest, max(1.0, left)))

        def check() -> None:
            if time.monotonic() > until():  # the time is shorter from when we hear that the machine goes down
                raise PorterAway("Porter did not answer in time")

        return _patiently(_beside(tell, check), until, lambda seconds: time.sleep(min(seconds, 2.0)))

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, seconds: float = ONE_REQUEST
    ) -> Answer:
        """One request. Raises PorterAway if there is no answer, or one that means: again, later (429, 5xx)."""
        request = urllib.request.Request(  # noqa: S310  the scheme was checked when the environment was read
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "porter-worker",
            },
        )
        try:
            with self._opener.open(request, timeout=seconds) as response:
                return Answer(response.status, _whole(response.read(MOST_BYTES)))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 429 or error.code >= 500:
                    raise PorterAway(f"Porter answered {error.code}") from error
                return Answer(error.code, _object(error.read(MOST_BYTES)))
        except (OSError, http.client.HTTPException) as error:
            raise PorterAway(f"Porter cannot be reached: {error}") from error

    def _until_ready(
        self, ask: Callable[[], Answer], check: Callable[[], None], pause: Callable[[float], None]
    ) -> Answer:
        deadline = time.monotonic() + self._patience
        while True:
            answer = _patiently(_beside(ask, check), lambda: deadline, pause)
            if answer.status != 202:
                return answer
            if time.monotonic() > deadline:
                raise PorterAway("Porter kept this machine waiting for too long")
            pause(answer.wait_seconds)


def _beside(ask: Callable[[], Answer], check: Callable[[], None]) -> Callable[[], Answer]:
    """`ask` in a thread that is left behind when `check` raises: a Porter that hangs must not keep us from ending."""

    def answered() -> Answer:
        answer: Future[Answer] = Future()
        threading.Thread(target=_fulfil, args=(answer, ask), daemon=True).start()
        while not wait([answer], timeout=0.1).done:
            check()
        return answer.result()

    return answered


def _fulfil(answer: Future[Answer], ask: Callable[[], Answer]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:
        answer.set_exception(error)  # raised again where the answer is waited for


def _patiently(ask: Callable[[], Answer], until: Callable[[], float], pause: Callable[[float], None]) -> Answer:
    seconds = 0.25
    while True:
        try:
            return ask()
        except PorterAway:
            if time.monotonic() + seconds > until():
                raise
        pause(seconds)
        seconds = min(seconds * 2, 10.0)


def _whole(data: bytes) -> dict[str, Any]:
    """The body of a good answer. Raises PorterAway when it broke off: the same may be asked again."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise PorterAway("Porter's answer broke off") from error
    return value if isinstance(value, dict) else {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def words(answer: Answer) -> str:
    """An answer that is a refusal, for people."""
    said = answer.body.get("message") or answer.body.get("error")
    return f"{answer.status} {said}" if isinstance(said, str) else str(answer.status)
