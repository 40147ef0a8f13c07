"""The emulator on a port."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from werkzeug.serving import make_server

from emulators.fly.app import create_app
from emulators.fly.world import World


class Server:
    """Serves a world until it is closed; `with Server(world) as server: server.url`. Port 0 picks a free one.

    Closing kills every machine.
    """

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0) -> None:
        self.world = world
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request helps nobody here
        self._server = make_server(host, port, create_app(world), threaded=True)
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # of ThreadingMixIn: hung requests do not hold us
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self.world.close()
        self._server.server_close()
        self._thread.join(timeout=2.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
