"""`python -m emulators.github`: the emulator as a process of its own.

The world lives in this one process, so the server is threaded, never forked.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import threading
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, make_server

from emulators.github import World, create_app, seed
from emulators.github.config import Config, read
from emulators.github.errors import GitHubEmulatorError

log = logging.getLogger("emulators.github")


def main() -> int:
    """Serves until SIGTERM or SIGINT. Prints one JSON line with its address once it listens."""
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(
        logging.WARNING
    )  # a page asks every second: one line each would hide all else
    try:
        return _serve(options)
    except (GitHubEmulatorError, OSError) as trouble:
        sys.stderr.write(f"emulators.github: {trouble}\n")
        return 2


def _serve(options: argparse.Namespace) -> int:
    config = read(options.config)
    options.data.mkdir(parents=True, exist_ok=True)
    # All else is in memory and ends with the process: so each start has a folder of its own, removed at the end.
    with tempfile.TemporaryDirectory(prefix="world-", dir=options.data.resolve(), ignore_cleanup_errors=True) as folder:
        return _run(options, config, World(Path(folder)))


def _run(options: argparse.Namespace, config: Config, world: World) -> int:
    app = create_app(world)
    server = make_server(options.host, options.port, app, threaded=True)
    named = "127.0.0.1" if options.host in ("", "0.0.0.0") else options.host  # noqa: S104  compared, not bound
    world.move_to(options.url or f"http://{named}:{server.server_port}")
    seed.demo(world, config)
    _stop_on_signals(server)
    log.warning("THIS IS AN EMULATOR of GitHub, at %s. Nothing here reaches github.com.", world.urls.web)
    sys.stdout.write(json.dumps({"url": world.urls.web}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    world.close()
    server.server_close()
    return 0


def _stop_on_signals(server: BaseWSGIServer) -> None:
    """`shutdown` waits for the serving loop, which is in the thread that hears signals: so another one asks."""

    def stop(_number: int, _frame: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.github", description="GitHub's part, played by a stand-in."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--url", default="", help="how others reach it, when that is not http://HOST:PORT")
    parser.add_argument("--data", type=Path, required=True, help="a directory for the git repositories")
    parser.add_argument("--config", type=Path, required=True, help="JSON with the App's id, public key and webhook")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
