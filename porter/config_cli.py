"""`porter config`: what a run would work with and why, and the settings that people may change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import click

from jobs.errors import JobError
from porter.errors import StartError

SCOPE_OPTIONS = (
    click.option("--repo", metavar="OWNER/NAME", help="For one repository."),
    click.option("--user", metavar="LOGIN", help="For one person."),
    click.option("--global", "everyone", is_flag=True, help="For everyone."),
)


@click.group()
def config() -> None:
    """Settings by repository, person or for everyone; `explain` shows which of them counts."""


@config.command()
@click.option("--repo", metavar="OWNER/NAME", required=True, help="The repository of the run.")
@click.option("--user", metavar="LOGIN", required=True, help="Who asks for it.")
@click.option("--agent", metavar="NAME", help="As if the command named this agent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to value and source.")
def explain(repo: str, user: str, agent: str | None, as_json: bool) -> None:
    """Print each value a run would work with, and where it comes from.

    The sources, the strongest first: flag, file, repository, user, global, built-in.
    """
    from jobs import bootstrap, roster, settings

    services = bootstrap.from_environment()
    flags = {"agent": roster.named(services.config, agent)} if agent else {}
    file, note = _file(services, repo)
    inputs = settings.effective(services.db, services.config, repository=repo, user=user, flags=flags, file=file)
    note = "\n".join(filter(None, (note, _ignored(services, inputs))))
    if as_json:
        click.echo(json.dumps(inputs.to_json() | ({"note": note} if note else {}), ensure_ascii=False))
        return
    for one in fields(inputs):
        value = getattr(inputs, one.name)
        click.echo(f"{one.name:<20} {_shown(value.value):<40} {value.source}")
    if note:
        click.echo(note, err=True)


@config.command("set")
@click.argument("name")
@click.argument("value")
def set_(name: str, value: str, repo: str | None, user: str | None, everyone: bool) -> None:
    """Set NAME to VALUE: words, or JSON for lists, numbers and true or false."""
    from jobs import bootstrap, roster
    from store import settings

    scope, kind = _scope(repo, user, everyone)
    services = bootstrap.from_environment()
    kept = _checked(name, value, kind)
    if name == "default_agent":
        kept = roster.named(services.config, kept)
    settings.put(services.db, scope, name, kept, by="operator", now=datetime.now(UTC))
    click.echo(f"{name} is {_shown(kept)} in {scope}")


@config.command()
@click.argument("name")
def unset(name: str, repo: str | None, user: str | None, everyone: bool) -> None:
    """Forget what NAME was set to."""
    from jobs import bootstrap
    from store import settings

    scope, _ = _scope(repo, user, everyone)
    if not settings.remove(bootstrap.from_environment().db, scope, name):
        raise StartError(f"{name} is not set in {scope}; `porter config explain` shows what is set where")
    click.echo(f"{name} is no longer set in {scope}")


def _with_scope(command: Callable[..., Any]) -> None:
    for option in SCOPE_OPTIONS:
        option(command)


_with_scope(set_)
_with_scope(unset)


def _scope(repo: str | None, user: str | None, everyone: bool) -> tuple[str, Any]:
    """The scope as it is stored, and its kind."""
    from store import settings

    if sum(map(bool, (repo, user, everyone))) != 1:
        raise StartError("say for whom: one of --repo OWNER/NAME, --user LOGIN, --global")
    if repo:
        if repo.count("/") != 1 or not all(repo.split("/")):
            raise StartError(f"{repo!r} is no repository; it is written OWNER/NAME")
        return settings.of_repository(repo), "repo"
    return (settings.of_user(user), "user") if user else (settings.GLOBAL, "global")


def _checked(name: str, value: str, kind: Any) -> Any:
    """`true`, `12`, `["a", "b"]` are read as JSON, unless only the words themselves are valid. Raises BadSetting."""
    from jobs.setting_kinds import BadSetting, checked

    try:
        read = json.loads(value)
    except ValueError:
        return checked(name, value, kind)
    try:
        return checked(name, read, kind)
    except BadSetting as refusal:
        try:
            return checked(name, value, kind)
        except BadSetting:
            raise refusal from None


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _ignored(services: Any, inputs: Any) -> str:
    """A sentence when an effort is set that the agent cannot take."""
    from jobs import roster

    config = services.config
    agent = roster.load(config.default_agent, config.agents_file).find(inputs.agent.value)
    if inputs.effort.value is None or agent is None or agent.takes_effort:
        return ""
    return f"{agent.title} takes no effort, so that setting is left out when it runs."


def _file(services: Any, repo: str) -> tuple[dict[str, Any], str]:
    """What the repository's file sets, and a note when it could not be read or has mistakes."""
    from jobs import config_file, repository

    try:
        found = config_file.read(services, repository.of(services, repo, None))
    except JobError as error:
        return {}, f"The repository's file could not be read, so it is left out: {error}"
    mistakes = "; ".join(map(str, found.mistakes))
    return found.config.values(), f"{found.path} has a mistake: {mistakes}" if mistakes else ""
