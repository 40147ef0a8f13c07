"""`python -m emulators.fly --port 0 --data DIR --config FILE`: prints one JSON line with its url when it listens."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from pathlib import Path

import click

from emulators.fly.config import Config
from emulators.fly.errors import FlyEmulatorError
from emulators.fly.server import Server
from emulators.fly.world import World


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0 picks a free one")
@click.option("--data", "directory", required=True, type=click.Path(path_type=Path), help="where machines live")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="a JSON file: tokens, apps, regions")
def main(host: str, port: int, directory: Path, config_file: Path | None) -> None:
    """Emulate the Fly Machines API; machines are processes of this computer."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        config = Config.from_file(config_file) if config_file else Config()
        server = Server(World(directory, config=config), host, port)
    except (FlyEmulatorError, OSError) as error:
        raise click.ClickException(str(error)) from error
    with server:
        click.echo(json.dumps({"url": server.url}))
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main(prog_name="python -m emulators.fly")
