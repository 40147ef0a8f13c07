"""`porter demo`: all of Porter beside stand-ins for GitHub and Fly, and one task, from comment to pull request."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from jobs import bootstrap
from jobs.bootstrap import Services
from porter import demo_files
from porter.data_dir import DataDir
from porter.embedded import running
from porter.story import Story, play
from porter.supervisor import Program, Supervisor, free_port, listens

_COMMENT = "@porter mock fix the greeting"


@dataclass(frozen=True)
class Stage:
    """A demo that runs: Porter's services and the addresses people open."""

    supervisor: Supervisor
    services: Services
    github: str
    dashboard: str
    redis: str


def run_demo(*, once: bool) -> int:
    """Play the story; then end (`once`) or run until Ctrl-C. Answers the exit code: 0 if the pull request came."""
    logging.basicConfig(format="porter: %(message)s", level=logging.INFO)
    begun = time.monotonic()
    code = 1
    with _directory(once=once) as directory, stage(directory) as running_demo:
        _say(f"started in {time.monotonic() - begun:.1f} s; GitHub and Fly are stand-ins, everything else is real")
        if not once:
            _tell(running_demo)
        _say(f'maria comments on {demo_files.REPOSITORY}#{demo_files.ISSUE}: "{_COMMENT}"')
        story = play(
            running_demo.services, running_demo.supervisor, github=running_demo.github, comment=_COMMENT, say=_say
        )
        code = 0 if story.pull_request_url else 1
        if once:
            _print_story(story)
        else:
            _invite(running_demo, story)
            running_demo.supervisor.watch()
    return code


@contextmanager
def _directory(*, once: bool) -> Iterator[Path]:
    if once:
        with tempfile.TemporaryDirectory(prefix="porter-demo-") as name:
            yield Path(name)
        return
    yield Path(os.environ.get("PORTER_DATA_DIR", ".porter")) / "demo"


@contextmanager
def stage(directory: Path, **settings: str) -> Iterator[Stage]:
    """A demo in `directory`, up and ready inside the block; the benchmark and the tests use it too, with `settings` of
    their own (variables of the configuration)."""
    data = DataDir(directory)
    data.lock()
    _wipe(data.path)
    ports = [free_port(port) for port in (8200, 8300, 8100)]
    github, fly, intake = (f"http://127.0.0.1:{port}" for port in ports)
    known, token = data.secrets(), demo_files.new_fly_token()
    files = demo_files.write(
        data.path / "stand-ins",
        webhook_url=f"{intake}/api/webhooks/github",
        webhook_secret=known["GITHUB_WEBHOOK_SECRET"],
        fly_token=token,
    )
    environment = known | _environment(files, github, fly, intake, token) | settings
    emulators = [_emulator("github", files.github, github, data.path), _emulator("fly", files.fly, fly, data.path)]
    _say("starting the stand-ins for GitHub and Fly, Redis, intake, workers, sweep and dashboard")
    with running(data, environment, beside=emulators, intake_port=ports[2]) as (supervisor, addresses, config):
        services = bootstrap.build(config)
        try:
            yield Stage(supervisor, services, github, addresses.dashboard, addresses.redis)
        finally:
            services.db.close()


def _environment(files: demo_files.DemoFiles, github: str, fly: str, intake: str, fly_token: str) -> dict[str, str]:
    settings = {
        "PORTER_URL": intake,
        "PORTER_HOST": "fly",
        "PORTER_DEFAULT_AGENT": "mock",
        "PORTER_WORKER_IMAGE": demo_files.IMAGE,
        "GITHUB_URL": github,
        "GITHUB_API_URL": f"{github}/api",
        "GITHUB_APP_ID": demo_files.APP_ID,
        "GITHUB_APP_SLUG": demo_files.APP_SLUG,
        "GITHUB_APP_PRIVATE_KEY_FILE": str(files.app_key),
        "FLY_API_URL": fly,
        "FLY_API_TOKEN": fly_token,
        "FLY_APP_NAME": demo_files.FLY_APP,
    }
    return settings | {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}


def _emulator(name: str, config: Path, url: str, data: Path) -> Program:
    port = url.rpartition(":")[2]
    argv = [
        sys.executable,
        "-m",
        f"emulators.{name}",
        "--port",
        port,
        "--data",
        str(data / name),
        "--config",
        str(config),
    ]
    return Program(f"{name}-emulator", argv, ready=listens(url))


def _wipe(path: Path) -> None:
    """The stand-in for GitHub remembers nothing, so neither may the Porter beside it."""
    for item in path.iterdir():
        if item.name == "lock":
            continue
        shutil.rmtree(item) if item.is_dir() else item.unlink()


def _tell(stage: Stage) -> None:
    click.echo(f"\n  dashboard   {stage.dashboard}   no sign-in: it is for you alone, on this computer")
    click.echo(f"  the issue   {stage.github}/{demo_files.REPOSITORY}/issues/{demo_files.ISSUE}")
    click.echo(f"  queues      .venv/bin/rq info -u {stage.redis}")
    click.echo(f"  logs        {stage.supervisor.logs}\n")


def _invite(stage: Stage, story: Story) -> None:
    if story.pull_request_url:
        click.echo(f"\n  The pull request: {story.pull_request_url}")
    else:
        click.echo(f"\n  No pull request came: {story.message}")
    click.echo(
        f"  Now you: open {stage.github}/{demo_files.REPOSITORY}/issues and comment `{_COMMENT}` on any of them."
    )
    click.echo("  Ctrl-C stops everything.")


def _print_story(story: Story) -> None:
    click.echo(json.dumps(story.to_json()))


def _say(text: str) -> None:
    click.echo(f"· {text}", err=True)
