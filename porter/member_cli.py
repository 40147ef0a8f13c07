"""`porter member`: who has which role. The way to the first admin, where PORTER_ADMINS names none."""

from __future__ import annotations

import click

from porter.errors import StartError


@click.group()
def member() -> None:
    """Roles: admin, member, viewer."""


@member.command("list")
def list_() -> None:
    """Everybody who signed in or was named, with their role."""
    from jobs import bootstrap, roles
    from store import members

    services = bootstrap.from_environment()
    for one in members.known(services.db):
        role = roles.of_login(services, one.login) if one.role is None else one.role
        seen = f"last seen {one.seen_at:%Y-%m-%d}" if one.seen_at else "never signed in"
        click.echo(f"{one.login}  {role}  {seen}")


@member.command("set")
@click.argument("login")
@click.argument("role", type=click.Choice(["admin", "member", "viewer"]))
def set_(login: str, role: str) -> None:
    """Give somebody a role, by their login on GitHub, whether they have signed in or not."""
    from jobs import bootstrap, roles

    try:
        given = roles.name(bootstrap.from_environment(), login, role, by="operator")
    except roles.CannotGive as refused:
        raise StartError(str(refused)) from refused
    click.echo(f"{given.login} is {given.role} now")
