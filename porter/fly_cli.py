"""`porter fly`: look at how it stands with Fly, and set it up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from porter.errors import StartError

if TYPE_CHECKING:
    from jobs.fly_setup import Report


@click.group()
def fly() -> None:
    """Where machines are rented."""


@fly.command()
def check() -> None:
    """Ask Fly whether the token and the app are good. Changes nothing; exit code 1 when they are not."""
    from jobs import bootstrap, fly_setup

    _tell(fly_setup.look(bootstrap.from_environment()))


@fly.command("set")
@click.option("--app", default="", help="The app for the machines; without it one is found or made.")
@click.option("--org", help="The organisation, for a token of several.")
@click.option("--mode", type=click.Choice(["org", "deploy"]), help="What the token is; left out, the token tells.")
def set_(app: str, org: str | None, mode: str | None) -> None:
    """Save a token and an app, if Fly accepts them.

    The token is read from standard input, so that no list of processes shows it; an empty one keeps what is there.
    """
    from jobs import bootstrap, fly_setup
    from jobs.fly_verdict import Mode

    change = fly_setup.Change(token=_token(), app=app, org=org, mode=Mode(mode) if mode else None)
    _tell(fly_setup.save(bootstrap.from_environment(), change, by="operator"))


@fly.command()
def forget() -> None:
    """Forget the token and the app that were saved; the environment's count again, if there are any."""
    from jobs import bootstrap, fly_settings

    services = bootstrap.from_environment()
    if not fly_settings.forget(services.db, by="operator", now=services.clock()):
        raise StartError("nothing was saved for Fly; `porter fly check` shows what is in use")
    click.echo("the saved token and app are forgotten")


def _token() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read()
    words = "token (empty keeps the one there is)"
    return str(click.prompt(words, hide_input=True, default="", show_default=False))


def _tell(report: Report) -> None:
    verdict = report.verdict
    click.echo(f"{verdict.status}: {verdict.message}")
    if verdict.action:
        click.echo(f"next: {verdict.action}")
    for warning in report.warnings:
        click.echo(f"warning: {warning}")
    if not verdict.ok:
        sys.exit(1)
