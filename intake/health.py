"""`/healthz`: the process lives. `/readyz`: it can do its work."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from jobs import health as checks
from jobs.bootstrap import Services


def routes(services: Services) -> Blueprint:
    """The addresses that a supervisor asks."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @health.get("/readyz")
    def readyz() -> ResponseReturnValue:
        """Redis is told but not needed: without it tasks wait for the sweep, and none is lost."""
        if not checks.database(services).ok:
            return {"status": "not ready", "database": False}, HTTPStatus.SERVICE_UNAVAILABLE
        return {"status": "ready", "database": True, "redis": checks.redis(services).ok}

    return health
