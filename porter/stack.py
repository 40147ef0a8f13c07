"""The programs Porter consists of, and how each is started."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from porter import redis_server
from porter.supervisor import Program, answers, free_port, listens

HOST = "127.0.0.1"  # embedded Porter has no sign-in and is for this computer alone


@dataclass(frozen=True)
class Addresses:
    """Where the parts listen."""

    intake: str
    dashboard: str
    redis: str


@dataclass(frozen=True)
class Stack:
    """Porter's programs in the order in which they are started: `ground` first, the rest together."""

    addresses: Addresses
    environment: Mapping[str, str]
    ground: list[Program]
    parts: list[Program]
    scratch: Path | None = None

    def clean_up(self) -> None:
        """Remove what was put outside the data directory."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def plan(data: Path, environment: Mapping[str, str], *, intake_port: int = 8100, dashboard_port: int = 8501) -> Stack:
    """All of Porter on this computer. `environment` is what the parts are configured with besides their addresses.

    Raises StartError when no Redis server can be found.
    """
    ground, scratch, redis_url = [], None, environment.get("REDIS_URL")
    if not redis_url:
        server = redis_server.plan(data / "redis")
        redis_url, scratch = server.url, server.scratch
        ground.append(Program("redis", server.argv, ready=listens(redis_url)))
    intake, dashboard = free_port(intake_port), free_port(dashboard_port)
    where = Addresses(f"http://{HOST}:{intake}", f"http://{HOST}:{dashboard}", redis_url)
    env = {
        **environment,
        "REDIS_URL": redis_url,
        "PORTER_DATA_DIR": str(data),
        "PORTER_URL": environment.get("PORTER_URL") or where.intake,
        "PORTER_DASHBOARD_URL": environment.get("PORTER_DASHBOARD_URL") or where.dashboard,
    }
    return Stack(where, env, ground, _parts(env, intake, dashboard), scratch)


def _parts(env: Mapping[str, str], intake: int, dashboard: int) -> list[Program]:
    python = sys.executable
    gunicorn = [python, "-m", "gunicorn", *GUNICORN, "intake.app:from_environment()", "--bind", f"{HOST}:{intake}"]
    uvicorn = [python, "-m", "uvicorn", "dashboard.asgi:app", "--host", HOST, "--port", str(dashboard)]
    porter = [python, "-m", "porter"]
    return [
        Program("intake", gunicorn, env, answers(f"http://{HOST}:{intake}/healthz")),
        Program("control", [*porter, "worker", "--queues", "control"], env),
        Program("launcher", [*porter, "worker", "--queues", "high,default,low"], env),
        Program("sweep", [*porter, "sweep"], env),
        Program("dashboard", [*uvicorn, *UVICORN], env, answers(f"http://{HOST}:{dashboard}/_stcore/health")),
    ]


GUNICORN = ["-c", "python:intake.server"]
UVICORN = ["--no-access-log", "--log-level", "warning"]
