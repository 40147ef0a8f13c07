"""A small Docker engine on loopback: containers are processes of this computer, and every request and answer is held
against the engine's own API description."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from emulators.fly.process import Guest
from tests.contracts.openapi import Description

ENGINE = Description("docker-engine.json", words="message", prefix=r"/v1\.\d+", spanning=("name",), deep=True)
REPOSITORY = "registry.example.com:5000/porter-worker"
DIGEST = f"{REPOSITORY}@sha256:{'ab' * 32}"
Answer = tuple[int, Any]


@dataclass
class Container:
    """One container: what it was created with, and how it does."""

    id: str
    name: str
    config: dict[str, Any]
    place: Path
    status: str = "created"
    exit_code: int = 0
    oom_killed: bool = False
    guest: Guest | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        env = dict(pair.split("=", 1) for pair in self.config["Env"])
        self.guest = Guest([*self.config["Entrypoint"]], env, self.place)
        self.status = "running"
        threading.Thread(target=self._wait, args=(self.guest,)).start()

    def kill(self) -> None:
        if self.guest and not self.ended.is_set():
            self.guest.kill()
            self.ended.wait(10)

    def _wait(self, guest: Guest) -> None:
        code = guest.wait()
        self.exit_code, self.status = code if code >= 0 else 128 - code, "exited"
        self.ended.set()


@dataclass
class Engine:
    """The engine's world. `here` are its images, `there` the registry's; `faults` what broke the description."""

    directory: Path
    here: set[str] = field(default_factory=lambda: {f"{REPOSITORY}:latest", DIGEST})
    there: set[str] = field(default_factory=set)
    pull_fails: str | None = None
    start_fails: str | None = None
    containers: dict[str, Container] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, method: str, url: str, body: Any) -> Answer:
        """What the engine says to one request."""
        url = url.replace("&trunc_cmd=0", "")  # of the SDK's making, and no engine has listened to it for years
        self.asked.append((method, re.sub(r"^/v1\.\d+", "", unquote(urlsplit(url).path)), body))
        try:
            ENGINE.check_request(method, url, body)
            status, said = self._route(method, url, body)
            ENGINE.check_response(method, url, status, said)
        except AssertionError as fault:
            self.faults.append(str(fault))
            return 400, {"message": str(fault)}
        return status, said

    def find(self, key: str) -> Container | None:
        return next((one for one in self.containers.values() if key in (one.id, one.name)), None)

    def close(self) -> None:
        for container in self.containers.values():
            container.kill()

    def _route(self, method: str, url: str, body: Any) -> Answer:
        template, _ = ENGINE.find(method, url)
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        parts = unquote(urlsplit(url).path).split("/")
        match method, template:
            case "GET", "/version":
                return 200, {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24"}
            case "POST", "/images/create":
                return self._pull(query)
            case "GET", "/images/{name}/json":
                return self._image("/".join(parts[3:-1]))
            case "POST", "/containers/create":
                return self._create(query["name"], body)
            case "GET", "/containers/json":
                return self._list(json.loads(query["filters"])["label"][0])
        container = self.find(parts[3])
        if container is None:
            return 404, {"message": f"No such container: {parts[3]}"}
        return self._one(method, template, container, query)

    def _one(self, method: str, template: str, container: Container, query: dict[str, str]) -> Answer:
        match method, template.rpartition("/")[2]:
            case "POST", "start":
                return self._start(container)
            case "POST", "stop":
                return _stop(container, float(query["t"]))
            case "DELETE", _:
                container.kill()
                self.containers.pop(container.name, None)
                return 204, None
        return 200, _inspected(container)

    def _pull(self, query: dict[str, str]) -> Answer:
        mark = "@" if query["tag"].startswith("sha256:") else ":"
        name = f"{query['fromImage']}{mark}{query['tag']}"
        if name not in self.there:
            return 404, {"message": f"manifest for {name} not found: manifest unknown"}
        if self.pull_fails:
            return 200, json.dumps({"status": "Pulling"}) + "\r\n" + json.dumps({"error": self.pull_fails})
        self.here |= {name, DIGEST}
        return 200, json.dumps({"status": f"Digest: {DIGEST}"})

    def _image(self, name: str) -> Answer:
        if name not in self.here:
            return 404, {"message": f"No such image: {name}"}
        digests = [DIGEST] if name.startswith(REPOSITORY) else []
        needed = {"Parent": "", "Comment": "", "Created": "2026-11-21T09:00:00Z", "Container": "", "DockerVersion": ""}
        more = {"Author": "", "Architecture": "amd64", "Os": "linux", "Size": 1, "VirtualSize": 1}
        layers = {"RootFS": {"Type": "layers"}, "GraphDriver": {"Name": "overlay2", "Data": {}}}
        return 200, {"Id": f"sha256:{'cd' * 32}", "RepoDigests": digests, **needed, **more, **layers}

    def _create(self, name: str, config: dict[str, Any]) -> Answer:
        with self.lock:
            if config["Image"] not in self.here:
                return 404, {"message": f"No such image: {config['Image']}"}
            if name in self.containers:
                return 409, {"message": f'Conflict. The container name "/{name}" is already in use'}
            made = Container(uuid.uuid4().hex * 2, name, config, self.directory / f"{name}-{len(self.asked)}")
            self.containers[name] = made
        return 201, {"Id": made.id, "Warnings": []}

    def _start(self, container: Container) -> Answer:
        with self.lock:
            if self.start_fails:
                return 500, {"message": self.start_fails}
            if container.status == "running":
                return 304, None
            container.start()
        return 204, None

    def _list(self, label: str) -> Answer:
        key, _, value = label.partition("=")
        with self.lock:
            return 200, [_row(one) for one in self.containers.values() if one.config["Labels"].get(key) == value]


def _stop(container: Container, grace: float) -> Answer:
    if container.guest is None or container.ended.is_set():
        return 304, None
    container.guest.send("SIGTERM")
    if not container.ended.wait(grace):
        container.kill()
    return 204, None


def _inspected(container: Container) -> dict[str, Any]:
    state = {"Status": container.status, "ExitCode": container.exit_code, "OOMKilled": container.oom_killed}
    config = {key: value for key, value in container.config.items() if key not in ("HostConfig", "NetworkingConfig")}
    created = "2026-11-21T09:30:00.123456789Z"
    return {"Id": container.id, "Name": f"/{container.name}", "Created": created, "State": state, "Config": config}


def _row(container: Container) -> dict[str, Any]:
    words = {"created": "Created", "running": "Up 2 seconds", "exited": f"Exited ({container.exit_code}) 1 second ago"}
    return {
        "Id": container.id, "Names": [f"/{container.name}"], "Created": int(time.time()), "State": container.status,
        "Status": words[container.status], "Labels": container.config["Labels"],
    }  # fmt: skip


@contextmanager
def serving(engine: Engine) -> Iterator[str]:
    """The engine's address while it is served; nothing it started is left afterwards."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            status, said = engine.answer(self.command, self.path, sent)
            data = b"" if said is None else (said if isinstance(said, str) else json.dumps(said)).encode()
            streamed = isinstance(said, str)  # what a pull does, word by word
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if streamed:
                self.send_header("Transfer-Encoding", "chunked")
            elif status not in (204, 304):
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if streamed else data)

        def do_POST(self) -> None:
            self.do_GET()

        def do_DELETE(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        engine.close()
        server.shutdown()
        thread.join()
        server.server_close()
