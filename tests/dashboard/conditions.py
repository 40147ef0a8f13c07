"""The dashboard in each of its conditions: empty, full, and with something that is really away."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from jobs.queues import connect
from porter import redis_server
from store import feed
from store.database import Database
from store.feed import TaskFilter
from store.lifecycle import Status
from tests.dashboard.conftest import serving
from tests.dashboard.crowd import crowd, fail_jobs
from tests.dashboard.forge import Forge, forge

Way = Callable[[Path], AbstractContextManager["Stage"]]


@dataclass(frozen=True)
class Stage:
    """A dashboard at `url` in one condition: `task` is at work there, `pull` waits for a decision, if there are any."""

    url: str
    task: str = "nobody"
    pull: str = "nobody"

    def at(self, path: str) -> str:
        """A page's address, with the tasks filled in."""
        return self.url + path.format(task=self.task, pull=self.pull)


class Stages:
    """The stages that tests ask for by name, one up at a time: ask for the same one in a row."""

    def __init__(self, ways: Mapping[str, Way], folder: Path) -> None:
        self._ways, self._folder = ways, folder
        self._up = ExitStack()
        self._now: tuple[str, Stage] | None = None

    def show(self, name: str) -> Stage:
        """The stage of this name, set up unless it is up already."""
        if self._now is None or self._now[0] != name:
            self.close()
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            self._now = (name, self._up.enter_context(self._ways[name](folder)))
        return self._now[1]

    def close(self) -> None:
        """End the one that is up."""
        self._now = None
        self._up.close()


@contextmanager
def own_redis(folder: Path) -> Iterator[tuple[str, Redis, subprocess.Popen[bytes]]]:
    """A Redis of one's own, which may be stopped: its URL, a client, and its process."""
    plan = redis_server.plan(Path(tempfile.mkdtemp(dir=folder)))
    server = subprocess.Popen(plan.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        redis = connect(plan.url, timeout=20)
        deadline = time.monotonic() + 30
        while not _answers(redis):
            assert time.monotonic() < deadline, "redis did not start"
            time.sleep(0.05)
        yield plan.url, redis, server
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def empty(folder: Path) -> Iterator[Stage]:
    """Nothing was ever asked for."""
    with forge(folder) as github, own_redis(folder) as (redis, _, _), _served(folder, github, redis) as url:
        yield Stage(url)


@contextmanager
def full(folder: Path) -> Iterator[Stage]:
    """A busy month, with failed jobs and many workers, and everything answers."""
    with forge(folder) as github, own_redis(folder) as (url, redis, _):
        fail_jobs(redis)
        with _filled(folder, github, url) as stage:
            yield stage


@contextmanager
def without_redis(folder: Path) -> Iterator[Stage]:
    """The same, and Redis was stopped."""
    with forge(folder) as github, own_redis(folder) as (url, _, server), _filled(folder, github, url) as stage:
        server.terminate()
        server.wait(20)
        yield stage


@contextmanager
def without_github(folder: Path) -> Iterator[Stage]:
    """The same, and nobody listens where GitHub is to be."""
    with ExitStack() as stack:
        github = stack.enter_context(forge(folder))
        redis, _, _ = stack.enter_context(own_redis(folder))
        with socket.create_server(("127.0.0.1", 0)) as door:
            nobody = f"http://127.0.0.1:{door.getsockname()[1]}/api"
        yield stack.enter_context(_filled(folder, github, redis, GITHUB_API_URL=nobody))


@contextmanager
def with_silent_github(folder: Path) -> Iterator[Stage]:
    """The same, and GitHub takes every call and never says a word."""
    with ExitStack() as stack:
        github = stack.enter_context(forge(folder))
        redis, _, _ = stack.enter_context(own_redis(folder))
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        silent = f"http://127.0.0.1:{door.getsockname()[1]}/api"
        yield stack.enter_context(_filled(folder, github, redis, GITHUB_API_URL=silent))


@contextmanager
def over(folder: Path, database: str) -> Iterator[Stage]:
    """A full one over the database at this URL, which somebody may take away."""
    with ExitStack() as stack:
        github = stack.enter_context(forge(folder))
        redis, _, _ = stack.enter_context(own_redis(folder))
        yield stack.enter_context(_filled(folder, github, redis, DATABASE_URL=database))


@contextmanager
def _served(folder: Path, github: Forge, redis: str, **more: str) -> Iterator[str]:
    with serving(folder, REDIS_URL=redis, **github.environment | more) as dashboard:
        yield dashboard.url


@contextmanager
def _filled(folder: Path, github: Forge, redis: str, **more: str) -> Iterator[Stage]:
    with serving(folder, REDIS_URL=redis, **github.environment | more) as dashboard:
        db = Database(more["DATABASE_URL"]) if "DATABASE_URL" in more else dashboard.db
        crowd(db, datetime.now(UTC))
        github.known_to(db)
        pull = github.pull(db, "Login fails with a plus sign in the address")
        running = feed.page(db, TaskFilter(statuses=frozenset({Status.RUNNING})), limit=1).tasks
        yield Stage(dashboard.url, running[0].id, pull.id)
        db.close()


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False
