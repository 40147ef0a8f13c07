"""git over HTTP on loopback that checks tokens: one may read, one may write, nobody else gets in."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

READ_TOKEN = f"ghs_READ{secrets.token_hex(12)}"  # of this test process alone, as in tests/worker/porter.py


@dataclass
class GitServer:
    """What the server lets in, and what it saw."""

    root: Path
    read: str
    write: str
    look: Callable[[], None] = lambda: None  # called during each authorised request
    url: str = ""
    paths: list[str] = field(default_factory=list)
    redirect_to: str = ""

    def allows(self, path: str, authorization: str) -> bool:
        token = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[2]
        return token == (self.write if "receive-pack" in path else self.read)


@contextmanager
def serving(server: GitServer) -> Iterator[GitServer]:
    """The server on an ephemeral port; repositories are below `root`."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"policy": server}))
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    policy: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do(b"")

    def do_POST(self) -> None:
        self._do(self._body())

    def _do(self, body: bytes) -> None:
        self.policy.paths.append(self.path)
        if self.policy.redirect_to:
            self._answer(302, {"Location": self.policy.redirect_to + self.path}, b"")
        elif not self.policy.allows(self.path, self.headers.get("Authorization", "")):
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"no")
        else:
            self.policy.look()
            self._backend(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.policy.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._answer(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""
