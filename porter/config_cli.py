"""`porter config`: what a run would work with and why, and the settings that people may change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
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
    from jobs import bootstrap, changing

    whom = _whom(repo, user, everyone)
    kept = changing.put_text(bootstrap.from_environment(), whom, name, value, by="operator")
    click.echo(f"{name} is {_shown(kept)} in {whom.scope}")


@config.command()
@click.argument("name")
def unset(name: str, repo: str | None, user: str | None, everyone: bool) -> None:
    """Forget what NAME was set to."""
    from jobs import bootstrap, changing

    whom = _whom(repo, user, everyone)
    if not changing.unset(bootstrap.from_environment(), whom, name, by="operator"):
        raise StartError(f"{name} is not set in {whom.scope}; `porter config explain` shows what is set where")
    click.echo(f"{name} is no longer set in {whom.scope}")


def _with_scope(command: Callable[..., Any]) -> None:
    for option in SCOPE_OPTIONS:
        option(command)


_with_scope(set_)
_with_scope(unset)


def _whom(repo: str | None, user: str | None, everyone: bool) -> Any:
    """For whom, as `jobs.changing` understands it."""
    from jobs.changing import EVERYONE, For

    if sum(map(bool, (repo, user, everyone))) != 1:
        raise StartError("say for whom: one of --repo OWNER/NAME, --user LOGIN, --global")
    if repo and (repo.count("/") != 1 or not all(repo.split("/"))):
        raise StartError(f"{repo!r} is no repository; it is written OWNER/NAME")
    return For("repo", repo) if repo else For("user", user) if user else EVERYONE


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
