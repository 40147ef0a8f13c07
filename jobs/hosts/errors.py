"""What can go wrong between Porter and the place its machines come from."""

from jobs.errors import JobError


class HostError(JobError):
    """A host did not do what it was asked."""


class HostUnavailable(HostError):
    """The host cannot answer now; the same request may work later. `retry_after` is in seconds, if the host said."""

    def __init__(self, message: str, retry_after: float | None = None, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.retry_after, self.request_id = retry_after, request_id


class HostRefused(HostError):
    """The host understood and said no; asking again without a change will not help."""

    def __init__(self, message: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status, self.request_id = status, request_id


class NoCapacity(HostError):
    """Every region that may be used is full."""

    def __init__(self, regions: list[str]) -> None:
        where = ", ".join(regions) or "the nearest region"
        super().__init__(
            f"no machine is free in {where}; Porter tries again later, and another region in the configuration helps"
        )
        self.regions = regions
