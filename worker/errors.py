"""What can go wrong on the machine, in words for people. Pure."""

from __future__ import annotations


class WorkerError(Exception):
    """The root of everything the runner raises on purpose; its text is fit to be shown."""


class BadEnvironment(WorkerError):
    """The variables the runner was started with are missing or make no sense."""


class JobRefused(WorkerError):
    """Porter will not give this machine a job: wrong token, unknown run, or the run is over."""


class RunOver(WorkerError):
    """Porter says that this run has ended; whatever the machine still does is not wanted."""


class PorterAway(WorkerError):
    """Porter could not be reached for as long as the runner is willing to try."""


class ResultRefused(WorkerError):
    """Porter answered the result with an error that asking again will not mend."""


class GitFailed(WorkerError):
    """A git command failed; the text is git's own last line, with secrets masked."""

    def __init__(self, doing: str, last_line: str) -> None:
        super().__init__(f"git could not {doing}: {last_line or 'it said nothing'}")
        self.doing, self.last_line = doing, last_line


class TooLarge(WorkerError):
    """Work that a person must look at first, and too much of it to be kept until then. Sizes in bytes."""

    def __init__(self, size: int, most: int, why: str) -> None:
        super().__init__(
            f"the work was not pushed, because a person must look at it first ({why.rstrip('.')}), and with "
            f"{size / 1e6:,.1f} MB it is too large to be kept until then; up to {most / 1e6:,.0f} MB can be"
        )


class SetupFailed(WorkerError):
    """A setup command of the repository failed or ran out of time."""


class AgentNotFound(WorkerError):
    """The agent's program is not installed on this machine."""


class Cancelled(WorkerError):
    """Porter, or a signal, told the runner to stop."""


class UnknownStream(WorkerError):
    """A recipe names a parser that this runner does not have."""


class BadSession(WorkerError):
    """A conversation cannot be kept or resumed; the run goes on without it."""


class BadAgentConfig(WorkerError):
    """A custom agent in the configuration cannot be understood."""


class ImageFailed(WorkerError):
    """An agent's program could not be installed, or what was installed does not start."""
