"""`porter up`: all of Porter on this computer, until Ctrl-C."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from jobs.config import Config, HostKind
from porter import stack
from porter.data_dir import DataDir
from porter.stack import Addresses
from porter.supervisor import Program, Supervisor
from store.migrate import upgrade


def run_up() -> None:
    """Start everything with embedded defaults, tell the addresses, run until interrupted."""
    logging.basicConfig(format="porter: %(message)s", level=logging.INFO)
    data = DataDir(Path(os.environ.get("PORTER_DATA_DIR", ".porter")))
    data.lock()
    with running(data, _environment(data)) as (supervisor, addresses, config):
        _tell(addresses, config, data)
        supervisor.watch()


@contextmanager
def running(
    data: DataDir,
    environment: Mapping[str, str],
    *,
    beside: Sequence[Program] = (),
    intake_port: int = 8100,
) -> Iterator[tuple[Supervisor, Addresses, Config]]:
    """Porter's programs (and those `beside` it), started and ready inside the block, stopped after it."""
    plan = stack.plan(data.path, environment, intake_port=intake_port)
    try:
        with Supervisor(data.path / "logs") as programs:
            config = Config(**plan.environment)  # type: ignore[arg-type]  # texts, which pydantic turns into values
            config.refuse_if_unsafe()
            programs.start(*plan.ground, *beside)
            upgrade(config.database)
            programs.start(*plan.parts)
            yield programs, plan.addresses, config
    finally:
        plan.clean_up()


def _environment(data: DataDir) -> dict[str, str]:
    """What the parts need beside the environment they inherit."""
    ours = ("PORTER_", "GITHUB_", "FLY_", "DOCKER_")
    environment = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    environment |= {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    if os.environ.get("FLY_API_TOKEN") and "PORTER_HOST" not in environment:
        environment["PORTER_HOST"] = HostKind.FLY
    return environment | data.secrets()


def _tell(addresses: Addresses, config: Config, data: DataDir) -> None:
    click.echo(f"dashboard   {addresses.dashboard}   no sign-in: it is for you alone, on this computer")
    click.echo(
        f"webhooks    {config.url}/api/webhooks/github   secret: GITHUB_WEBHOOK_SECRET in {data.path}/secrets.env"
    )
    click.echo(f"API         {addresses.intake}/openapi")
    click.echo(f"queues      rq info -u {addresses.redis}")
    click.echo(f"logs        {data.path}/logs")
    if config.github_app_id is None:
        click.echo(f"set-up      {addresses.dashboard}/setup   makes the GitHub App, and tells what is missing")
    if config.host is HostKind.LOCAL:
        click.echo("machines    local processes, isolated from nothing; set FLY_API_TOKEN and FLY_APP_NAME to use Fly")
    click.echo("Ctrl-C stops everything.")
