"""What can go wrong at the door, in words for whoever knocked. Pure."""

from __future__ import annotations

from http import HTTPStatus


class IntakeError(Exception):
    """A request that cannot be served. `code` is stable and for programs; the message is for people.

    `action` says what to do about it, `action_url` where.
    """

    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"

    def __init__(self, message: str, *, action: str | None = None, action_url: str | None = None) -> None:
        super().__init__(message)
        self.message, self.action, self.action_url = message, action, action_url


class Malformed(IntakeError):
    """The request is not what this address takes."""

    code = "malformed"


class Invalid(IntakeError):
    """The request is well formed, but a field of it will not do."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"


class KeyReused(Invalid):
    """The Idempotency-Key was sent before, with another request."""

    code = "key_reused"


class WrongSignature(IntakeError):
    """The delivery is not signed with a secret of ours; the answer does not say what was wrong with it."""

    status = HTTPStatus.UNAUTHORIZED
    code = "wrong_signature"


class WrongToken(IntakeError):
    """The caller did not show that it may call this."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class Forbidden(IntakeError):
    """The request came from a place that may not make it."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class Unknown(IntakeError):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(IntakeError):
    """The thing is in a state that does not allow it."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class RunOver(IntakeError):
    """The run has ended; its machine has nothing left to ask."""

    status = HTTPStatus.GONE
    code = "run_over"


class TooLarge(IntakeError):
    """The body is longer than this address takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class TooMany(IntakeError):
    """There are too many of these at once."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many"


class FlyRefused(IntakeError):
    """Fly did not accept what was to be saved; `code` is one of jobs.fly_verdict.FlyStatus."""

    def __init__(
        self, code: str, status: HTTPStatus, message: str, *, action: str | None = None, action_url: str | None = None
    ) -> None:
        super().__init__(message, action=action, action_url=action_url)
        self.code, self.status = code, status


class GitHubAway(IntakeError):
    """GitHub cannot be reached, or its answer was lost; the message says what is known."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "github_away"


class DatabaseAway(IntakeError):
    """The database cannot be reached, so nothing may be promised."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database_away"


class NotReady(IntakeError):
    """Porter cannot start, or cannot do this, the way it is configured."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "not_ready"
