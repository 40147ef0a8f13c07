"""`porter doctor`: what stands between a comment and a pull request. `porter app`: the stored GitHub App."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from porter.errors import StartError

_MARKS = {True: "ok", False: "BROKEN", None: "-"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def doctor(as_json: bool) -> None:
    """Look at everything that a task needs; say the one thing that mends each fault. Exit code 1 if there is one.

    Changes nothing. GitHub and the host of machines are asked.
    """
    from jobs import bootstrap, preconditions

    checks = preconditions.all_of(bootstrap.from_environment())
    well = preconditions.is_well(checks)
    if as_json:
        click.echo(json.dumps({"ok": well, "checks": [asdict(one) for one in checks]}))
    else:
        for one in checks:
            click.echo(f"{_MARKS[one.ok]:7} {one.title}: {one.text}")
            if one.fix and one.ok is not True:
                click.echo(f"{'':7} next: {one.fix}")
        click.echo("Everything that a task needs is there." if well else "Mend the first fault first, then ask again.")
    if not well:
        sys.exit(1)


@click.group()
def app() -> None:
    """The GitHub App that was made on the set-up page."""


@app.command()
def show() -> None:
    """Which App is stored, since when, by whom. Its keys are never shown."""
    from jobs import app_settings, bootstrap

    note = app_settings.note(bootstrap.from_environment().db)
    if note is None:
        raise StartError("no App is stored; the set-up page makes one, or GITHUB_APP_ID names one")
    click.echo(f"{note.name}  {note.html_url}  made {note.at[:16].replace('T', ' ')} UTC by {note.by}")


@app.command()
def forget() -> None:
    """Forget the stored App and its keys. At GitHub it stays until you delete it there. Restart Porter afterwards."""
    from jobs import app_settings, bootstrap

    services = bootstrap.from_environment()
    if not app_settings.forget(services.db, by="operator", now=services.clock()):
        raise StartError("no App is stored")
    click.echo("the stored App is forgotten; restart Porter, and delete the App on GitHub if nobody needs it")
