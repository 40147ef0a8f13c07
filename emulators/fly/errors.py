"""What the emulator may raise: refusals that go over the wire, and mistakes in its own configuration."""


class FlyEmulatorError(Exception):
    """The Fly emulator cannot do what it was asked."""


class ConfigError(FlyEmulatorError):
    """The configuration file says something the emulator does not understand."""


class ApiError(FlyEmulatorError):
    """A refusal as Fly words it: HTTP status, sentence, and sometimes a status word."""

    def __init__(self, status: int, error: str, code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.code, self.headers = status, error, code, headers or {}

    def body(self) -> dict[str, str]:
        return {"error": self.error} | ({"status": self.code} if self.code else {})
