"""The command line: `porter up`, `porter demo`, and the parts of a server (`worker`, `sweep`, `migrate`, `secret`)."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from jobs.errors import JobError
from porter.config_cli import config
from porter.data_dir import known_secrets
from porter.doctor_cli import app, doctor
from porter.errors import StartError
from porter.fly_cli import fly
from porter.member_cli import member
from store.errors import StoreError

# They work on what `porter up` keeps in its data directory, with the keys that it has made there.
_BESIDE_UP = ("secret", "rotate", "config", "doctor", "app", "fly", "member", "migrate")


@click.group()
@click.version_option(package_name="porter")
@click.pass_context
def cli(context: click.Context) -> None:
    """Porter: comment `@porter <agent>` on a GitHub issue, get a pull request back."""
    if context.invoked_subcommand in _BESIDE_UP and os.environ.get("PORTER_ENV") != "production":
        os.environ |= known_secrets(Path(os.environ.get("PORTER_DATA_DIR", ".porter")))


@cli.command()
def up() -> None:
    """Start all of Porter on this computer, against the real GitHub and Fly."""
    from porter.embedded import run_up

    run_up()


@cli.command()
@click.option("--once", is_flag=True, help="Play the story, print one JSON object as the last line, stop everything.")
def demo(once: bool) -> None:
    """Start all of Porter with stand-ins for GitHub and Fly, and play a task from comment to pull request."""
    from porter.demo import run_demo

    sys.exit(run_demo(once=once))


@cli.command()
@click.option("--demo", is_flag=True, help="For the compose file's demo profile.")
def env(demo: bool) -> None:
    """Print a .env for docker-compose.yml, with fresh secrets."""
    from porter.env_file import render

    click.echo(render(demo=demo), nl=False)


@cli.command("demo-files")
@click.argument("directory", type=click.Path(path_type=Path))
def demo_files(directory: Path) -> None:
    """Write what the emulators of the compose file's demo profile are started with."""
    from jobs.config import Config
    from porter import demo_files as files

    config = Config()
    if config.github_webhook_secret is None or config.fly_api_token is None:
        raise StartError("GITHUB_WEBHOOK_SECRET and FLY_API_TOKEN are not set; `porter env --demo` makes them")
    files.write(
        directory,
        webhook_url=f"{config.url}/api/webhooks/github",
        webhook_secret=config.github_webhook_secret.get_secret_value(),
        fly_token=config.fly_api_token.get_secret_value(),
    )


@cli.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    from jobs.config import Config
    from store.migrate import upgrade

    upgrade(Config.from_environment().database)
    click.echo("the database is up to date")


@cli.command()
@click.option("--queues", default="control,high,default,low", show_default=True, help="In order of preference.")
def worker(queues: str) -> None:
    """Work on jobs (an RQ worker; `rq info` sees it)."""
    from jobs import rq_worker
    from jobs.config import Config
    from jobs.logging import configure

    config = Config.from_environment()
    configure(config, process="worker")
    if config.redis_url is None:
        raise StartError("REDIS_URL is not set; `porter up` starts a Redis and its workers")
    rq_worker.run([name.strip() for name in queues.split(",")], config.redis_url)


@cli.command()
def sweep() -> None:
    """Make the world agree with the tables, again and again. Several may run; one of them acts."""
    from jobs import bootstrap
    from jobs.logging import configure
    from jobs.sweep import run_forever

    services = bootstrap.from_environment()
    configure(services.config, process="sweep")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    run_forever(services, ended)


_SCOPE = click.option("--scope", default="global", metavar="SCOPE", help="global, repo:OWNER/NAME or user:LOGIN.")


@cli.group()
def secret() -> None:
    """Keys for agents, sealed in the database. Values are written, never shown."""


@secret.command("set")
@click.argument("name")
@_SCOPE
def secret_set(name: str, scope: str) -> None:
    """Add or replace a secret; the value is read from standard input, so that no list of processes shows it."""
    from jobs import bootstrap, changing

    services = bootstrap.from_environment()
    value = click.prompt("value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().strip()
    if not value:
        raise StartError("nothing was stored: the value is empty; to delete it, use `porter secret remove`")
    whom = changing.For.read(scope)
    changing.put_secret(services, whom, name, value, by="operator")
    click.echo(f"{name} is configured{'' if whom == changing.EVERYONE else f' in {whom.scope}'}")


@secret.command("list")
def secret_list() -> None:
    """Which secrets are configured, since when, by whom."""
    from jobs import bootstrap
    from store import vault

    for info in vault.known(bootstrap.from_environment().db):
        click.echo(f"{info.owner}  {info.name}  configured {info.updated_at:%Y-%m-%d %H:%M} UTC by {info.updated_by}")


@secret.command("remove")
@click.argument("name")
@_SCOPE
def secret_remove(name: str, scope: str) -> None:
    """Forget a secret."""
    from jobs import bootstrap, changing

    whom = changing.For.read(scope)
    if not changing.remove_secret(bootstrap.from_environment(), whom, name, by="operator"):
        raise StartError(f"there is no secret {name}; `porter secret list` shows the ones there are")
    click.echo(f"{name} is removed")


@cli.command()
def rotate() -> None:
    """Seal every secret again with the first key of PORTER_VAULT_KEYS."""
    from jobs import bootstrap
    from store import vault

    services = bootstrap.from_environment()
    click.echo(f"sealed again: {vault.rotate(services.db, services.vault)}")


cli.add_command(config)
cli.add_command(doctor)
cli.add_command(app)
cli.add_command(fly)
cli.add_command(member)


def main() -> None:
    """Run the command; a fault that people can mend is one line and exit code 1."""
    for noisy in ("httpx", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `up` and `demo` stop what they started, as on Ctrl-C
    with _plain_faults():
        cli(prog_name="porter", standalone_mode=False)


@contextmanager
def _plain_faults() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (StartError, JobError, StoreError) as error:
        _complain(str(error))
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0]  # the rest quotes statements, whose values are nobody's business
        _complain(
            f"the database refused: {said}\ncheck DATABASE_URL or PORTER_DATA_DIR; `porter migrate` makes its tables"
        )


def _complain(words: str) -> NoReturn:
    click.echo("\n".join(f"porter: {line}" for line in words.splitlines()), err=True)
    sys.exit(1)
