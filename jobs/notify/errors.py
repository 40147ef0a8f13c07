"""What can go wrong between Porter and whoever is to be told. No message quotes more of an address than its host."""

from __future__ import annotations

from jobs.errors import JobError


class NotifyError(JobError):
    """Something could not be told."""


class BadTarget(NotifyError):
    """An address to which nothing may be sent."""


class Refused(NotifyError):
    """The receiver does not want it, and would not want it later either."""


class Unreachable(NotifyError):
    """It did not arrive; a later try may do better. `wait`: seconds that the receiver asked for."""

    def __init__(self, message: str, *, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait
