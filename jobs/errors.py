"""The root of everything `jobs` may raise."""


class JobError(Exception):
    """Something about carrying out a task went wrong; the message is for people."""


class ConfigurationError(JobError):
    """Porter cannot start as it is configured; the message lists what to mend, one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
