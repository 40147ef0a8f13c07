"""What Fly's answers mean: machines, exits, refusals. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import httpx

from jobs.hosts.errors import HostError, HostRefused, HostUnavailable
from jobs.hosts.port import Machine, MachineState

MAX_WORDS = 300  # characters of Fly's own words in an error

# https://fly.io/docs/machines/machine-states/
_STATES = {
    **dict.fromkeys(("created", "creating", "starting", "restarting", "updating", "replacing"), MachineState.STARTING),
    **dict.fromkeys(("started", "stopping", "suspending"), MachineState.RUNNING),
    **dict.fromkeys(("stopped", "suspended", "failed", "launch_failed"), MachineState.STOPPED),
    **dict.fromkeys(("destroying", "destroyed", "replaced", "migrated"), MachineState.GONE),
}
# What hosts say when they are full but send no status word; a 409 is also a name that is taken, so words decide.
_FULL = ("no capacity", "insufficient resources", "insufficient cpus", "insufficient memory", "insufficient ips")
_APP_MISSING = re.compile(r"\b(could not find|no such) app\b|\bapp\b.{0,80}\bnot found", re.IGNORECASE)
_LATER = "Porter asks again later."
_ADVICE = {
    401: "The Fly token is wrong, expired or revoked: set a new one (`porter fly set`, or the settings page).",
    403: "The Fly token may not do this: it needs the deploy scope of that app.",
    404: "Does the Fly app exist, and can the token see it?",
    422: "Check the image, the size and the regions in the configuration.",
}


def machine(data: dict[str, Any]) -> Machine:
    """A machine out of Fly's description of it. A state nobody knows counts as running: deadlines still end it."""
    code, oom_killed = _exit(data.get("events") or [])
    return Machine(
        id=data["id"],
        run_id=metadata(data).get("porter_run", ""),
        state=_STATES.get(data.get("state", ""), MachineState.RUNNING),
        exit_code=code,
        oom_killed=oom_killed,
        region=data.get("region"),
        created_at=_time(data.get("created_at")),
        image=_image(data.get("image_ref") or {}),
    )


def metadata(data: dict[str, Any]) -> dict[str, str]:
    """Porter's own marks on a machine; Fly and its tools add theirs."""
    marks = (data.get("config") or {}).get("metadata") or {}
    return {key: value for key, value in marks.items() if key.startswith("porter_")}


def _image(ref: dict[str, Any]) -> str | None:
    """Name and digest of what Fly really pulled, whatever tag it was asked for."""
    if not ref.get("digest"):
        return None
    return f"{'/'.join(part for part in (ref.get('registry'), ref.get('repository')) if part)}@{ref['digest']}"


def _exit(events: list[dict[str, Any]]) -> tuple[int | None, bool]:
    """Exit code and whether memory ran out, from the newest exit; events come newest first, but are not promised to."""
    exits = [found for event in events if event.get("type") == "exit" and (found := _exit_event(event))]
    if not exits:
        return None, False
    newest = max(exits, key=lambda found: found[0])[1]
    return _code(newest), bool(newest.get("oom_killed"))


def _exit_event(event: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    request = event.get("request") or {}
    inner = (request.get("MonitorEvent") or {}).get("exit_event") or request.get("exit_event")
    return (int(event.get("timestamp") or 0), inner) if inner else None


def _code(event: dict[str, Any]) -> int:
    """As a shell would say it. Zeros may be left out, and "no signal" is -1."""
    signal = max(event.get("guest_signal") or 0, event.get("signal") or 0, 0)
    code = event.get("exit_code") or event.get("guest_exit_code") or 0
    return int(code or (128 + signal if signal else 0))


@dataclass(frozen=True)
class Failure:
    """An answer that is not a success, in Fly's own words with every secret taken out."""

    status: int
    words: str
    code: str
    request_id: str | None
    retry_after: float | None

    @classmethod
    def read(cls, answer: httpx.Response, *, hide: Iterable[str]) -> Self:
        words, code = _words(answer)
        for secret in hide:
            words = words.replace(secret, "[hidden]") if secret else words
        return cls(
            status=answer.status_code,
            words=" ".join(words.split())[:MAX_WORDS],
            code=code,
            request_id=answer.headers.get("fly-request-id"),
            retry_after=_seconds(answer.headers.get("retry-after")),
        )

    @property
    def no_capacity(self) -> bool:
        """A status word outranks the sentence: what quotes another error must not be taken for it."""
        if self.code:
            return self.code == "insufficient_capacity"
        return self.status in (409, 412, 422) and any(phrase in self.words.lower() for phrase in _FULL)

    @property
    def name_taken(self) -> bool:
        return self.status in (409, 422) and "unique machine name" in self.words

    @property
    def machine_missing(self) -> bool:
        """A missing app is 404 too, and must not make every machine look gone."""
        return self.status in (404, 410) and not _APP_MISSING.search(self.words)


def explain(failure: Failure, wish: str, app: str) -> HostError:
    """The error to raise for a wish that Fly did not grant."""
    said = f'Fly answered {failure.status} to "{wish}" in app {app}: {failure.words or "no reason given"}'
    said += f" (fly-request-id {failure.request_id})" if failure.request_id else ""
    if failure.status == 429:
        # One request a second is Fly's limit, so a second is enough when it does not say.
        return HostUnavailable(f"{said}. {_LATER}", failure.retry_after or 1.0, request_id=failure.request_id)
    if failure.status >= 500 or failure.status in (408, 409, 412):
        return HostUnavailable(f"{said}. {_LATER}", failure.retry_after, request_id=failure.request_id)
    advice = _ADVICE.get(failure.status, "Porter does not ask again.")
    return HostRefused(f"{said}. {advice}", status=failure.status, request_id=failure.request_id)


def document(answer: httpx.Response) -> Any:
    """The JSON of a success; raises HostUnavailable when something in between answered instead of Fly."""
    try:
        return answer.json()
    except ValueError as error:
        raise HostUnavailable(f"the answer {answer.status_code} from Fly's address is not JSON") from error


def _words(answer: httpx.Response) -> tuple[str, str]:
    try:
        data = answer.json()
    except ValueError:
        return answer.text, ""
    if not isinstance(data, dict):
        return answer.text, ""
    return str(data.get("error") or data.get("message") or ""), str(data.get("status") or "")


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.replace(".", "", 1).isdigit() else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
