"""Whether each part that Porter stands on does its work: one sentence each, and what mends it. The one place for it."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs import fly_setup, queue_view, sweep_record
from jobs.bootstrap import Services
from jobs.config import HostKind
from jobs.errors import JobError
from jobs.queues import NAMES
from store import vault

_TOLD = ("streamlit", "flask", "rq", "redis", "sqlalchemy")


@dataclass(frozen=True)
class Check:
    """One part. `ok` None: it could not be told. `fix`: what to do, when there is something to do."""

    name: str
    title: str
    ok: bool | None
    text: str
    fix: str = ""


def database(services: Services) -> Check:
    """The truth: without it nothing works."""
    kind = "Postgres" if services.db.is_postgres else "SQLite"
    try:
        services.db.ping()
    except SQLAlchemyError:
        fix = "Start it, or correct DATABASE_URL; what waits goes on by itself."
        return Check("database", "Database", False, f"{kind} does not answer.", fix)
    return Check("database", "Database", True, f"{kind} answers.")


def redis(services: Services) -> Check:
    """Told, but not needed: without it tasks wait for the sweep, and none is lost."""
    if services.queues.ping():
        return Check("redis", "Redis", True, "Redis answers.")
    text = "Redis does not answer. No task is lost, but none starts until it is back."
    return Check(
        "redis", "Redis", False, text, "Start it, or correct REDIS_URL; the sweep brings what was not enqueued."
    )


def workers(services: Services) -> Check:
    """Whether somebody listens to each queue."""
    try:
        found = queue_view.look(services.queues)
    except RedisError:
        return Check("workers", "Workers", None, "Redis does not answer, so nobody can tell which workers there are.")
    if found.suspended:
        return Check("workers", "Workers", False, "All workers were told to take no new job.", "Run `rq resume`.")
    deaf = [queue.name for queue in found.queues if queue.name in NAMES and not queue.workers]
    if deaf:
        names = ", ".join(deaf)
        return Check(
            "workers",
            "Workers",
            False,
            f"No worker listens to: {names}.",
            f"Start one: `porter worker --queues {','.join(deaf)}`.",
        )
    return Check("workers", "Workers", True, f"{len(found.workers)} listen, and every queue has one.")


def sweep(services: Services) -> Check:
    """Whether the world is being brought into agreement with the tables."""
    now = services.clock()
    try:
        last = sweep_record.last(services.db)
    except SQLAlchemyError:
        return Check("sweep", "Sweep", None, "The database does not answer, so its last pass is not known.")
    fix = "Start `porter sweep`; without it nothing that was lost is found again."
    if last is None:
        return Check("sweep", "Sweep", False, "It has never run against this database.", fix)
    if last.is_late(now):
        return Check("sweep", "Sweep", False, f"Its last pass was {_age(last.at, now)} ago.", fix)
    if last.fault:
        return Check(
            "sweep",
            "Sweep",
            False,
            f"It runs, but something was in its way: {last.fault}",
            "Mend that; it goes on by itself.",
        )
    return Check("sweep", "Sweep", True, f"Its last pass was {_age(last.at, now)} ago.")


def host(services: Services) -> Check:
    """Whether machines can be had; asks the host."""
    kind = services.config.host
    try:
        if kind is HostKind.FLY:
            verdict = fly_setup.look(services).verdict
            text = f"{verdict.message[:1].upper()}{verdict.message[1:]}."
            return Check("host", "Machines", verdict.ok, text, verdict.action or "")
        count = len(services.host.list())
    except JobError as error:
        return Check("host", "Machines", False, f"{error}", "Tasks wait until it answers.")
    where = "this computer" if kind is HostKind.LOCAL else "Docker"
    return Check("host", "Machines", True, f"They come from {where}, {count or 'none'} now.")


def vault_keys(services: Services) -> Check:
    """Whether what is sealed opens here."""
    try:
        known = vault.known(services.db)
    except SQLAlchemyError:
        return Check("vault", "Vault keys", None, "The database does not answer, so nobody can tell what is sealed.")
    lost = sorted({one.key_version for one in known if not services.vault.has(one.key_version)})
    if lost:
        fix = "Put that key back into PORTER_VAULT_KEYS, or replace these secrets in Settings."
        return Check(
            "vault", "Vault keys", False, f"Secrets are sealed with a key that is not here: {', '.join(lost)}.", fix
        )
    old = sum(one.key_version != services.vault.current for one in known)
    text = f"{len(known)} {'secret is' if len(known) == 1 else 'secrets are'} sealed and can be opened."
    fix = f"{old} with an older key: `porter rotate` seals them anew." if old else ""
    return Check("vault", "Vault keys", True, text, fix)


def versions(services: Services) -> Check:  # noqa: ARG001  asked as the others are
    """What runs here."""
    told = ", ".join(f"{name} {_version(name)}" for name in _TOLD)
    return Check(
        "versions", "Versions", True, f"Porter {_version('porter')} on Python {platform.python_version()}; {told}."
    )


QUICK: dict[str, Callable[[Services], Check]] = {
    "database": database, "redis": redis, "workers": workers, "sweep": sweep, "vault": vault_keys, "versions": versions,
}  # fmt: skip


def _age(then: datetime, now: datetime) -> str:
    seconds = max(0, round((now - then).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
