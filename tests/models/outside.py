"""A proxy that lets nothing through and notes what was asked of it: how a test knows which hosts a CLI would reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Outside:
    """`env` sends a program's requests here, all but those to this computer; `asked` are the hosts it wanted."""

    url: str
    asked: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        proxied = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), self.url)
        return proxied | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


@contextmanager
def watched() -> Iterator[Outside]:
    """The proxy on an ephemeral port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    outside = Outside(f"http://127.0.0.1:{server.server_port}")
    _Handler.asked[server.server_port] = outside.asked
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    asked: dict[int, list[str]] = {}  # noqa: RUF012  by port, so that several can be up at once

    def do_CONNECT(self) -> None:
        self.asked[self.server.server_address[1]].append(self.path)  # type: ignore[index]  # always host and port
        self.send_error(403)

    def do_GET(self) -> None:
        self.do_CONNECT()

    def do_POST(self) -> None:
        self.do_CONNECT()

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""
