"""docker-compose.yml without an engine: its services' own commands as processes here, its variables filled likewise."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from porter import redis_server
from porter.env_file import render
from porter.supervisor import Program, Supervisor, free_port, listens

ROOT = Path(__file__).parents[2]
_PORTS = {"intake": 8100, "dashboard": 8501, "github": 8200, "fly": 8300}
_EVERYWHERE = "0.0.0.0"  # noqa: S104  what a container listens on; here it becomes the loopback
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Composed:
    """The demo profile, running. `urls` are the addresses by service; `environment` is that of Porter's services."""

    supervisor: Supervisor
    urls: Mapping[str, str]
    environment: Mapping[str, str]


@contextmanager
def demo_profile(directory: Path, database_url: str) -> Iterator[Composed]:
    """Every Porter service of the file, started by the file's own command. Postgres and Redis are real ones of ours."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ports = {name: free_port(port) for name, port in _PORTS.items()}
    here = _Here(directory, ports)
    dotenv = dict(line.split("=", 1) for line in render(demo=True).splitlines() if "=" in line)
    plain = {name: here.place(_fill(str(text), dotenv)) for name, text in services["intake"]["environment"].items()}
    redis = redis_server.plan(Path(tempfile.mkdtemp(dir=directory)))
    environment = plain | {"DATABASE_URL": database_url, "REDIS_URL": redis.url, "PORTER_DATA_DIR": str(directory)}
    with Supervisor(directory / "logs") as supervisor:
        supervisor.start(Program("redis", redis.argv, ready=listens(redis.url)))
        for once in ("demo-files", "migrate"):
            _run(here.command(services[once]["command"]), environment)
        for name in ("github", "fly", "intake", "control", "launcher", "sweep", "dashboard"):
            ready = listens(f"http://127.0.0.1:{ports[name]}") if name in ports else None
            supervisor.start(Program(name, here.command(services[name]["command"]), environment, ready))
        yield Composed(supervisor, {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, environment)


@dataclass(frozen=True)
class _Here:
    """The compose network and its volumes, moved to this computer."""

    directory: Path
    ports: Mapping[str, int]

    def place(self, text: str) -> str:
        for name, port in _PORTS.items():
            text = text.replace(f"http://{name}:{port}", f"http://127.0.0.1:{self.ports[name]}")
            text = text.replace(f"{_EVERYWHERE}:{port}", f"127.0.0.1:{self.ports[name]}")
            text = text.replace(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{self.ports[name]}")
        return re.sub(r"^/(demo|data)\b", rf"{self.directory}/\1", text)

    def command(self, command: list[str]) -> list[str]:
        placed = [self.place(word) for word in command]
        for option, name in (("--port", str), ("--host", str)):
            if option in placed:
                at = placed.index(option) + 1
                placed[at] = name(self._moved(placed[at]))
        return [str(Path(sys.executable).parent / placed[0]), *placed[1:]]

    def _moved(self, word: str) -> str:
        moved = {str(port): str(self.ports[name]) for name, port in _PORTS.items()} | {_EVERYWHERE: "127.0.0.1"}
        return moved.get(word, word)


def _fill(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME:-default}` and `${NAME:?complaint}` as the compose specification reads them."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found[1], found[2], found[3] or ""
        if variables.get(name):
            return variables[name]
        assert kind != "?", f"{name} is not set: {rest}"
        return rest

    return _VARIABLE.sub(value, text)


def _run(argv: list[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(
        argv, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
