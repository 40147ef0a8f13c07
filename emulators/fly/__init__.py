"""Fly Machines at the wire, for the demo and the tests: the same requests, refusals and rates, real processes.

It isolates nothing. What it refuses is what https://api.machines.dev refuses, as far as Fly documents it.
"""

from emulators.fly.app import create_app
from emulators.fly.config import Config
from emulators.fly.errors import ApiError, ConfigError, FlyEmulatorError
from emulators.fly.server import Server
from emulators.fly.world import World

__all__ = ["ApiError", "Config", "ConfigError", "FlyEmulatorError", "Server", "World", "create_app"]
