"""GitHub at the wire, for the demo and the tests: strict REST, real git, signed webhooks, and pages to look at."""

from emulators.github.app import create_app
from emulators.github.world import World

__all__ = ["World", "create_app"]
