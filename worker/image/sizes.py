"""How many bytes of an image are whose."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from worker.agents import Agent


def table(directory: Path, chosen: Iterable[Agent]) -> list[str]:
    """One line an agent, and the whole. Shared dependencies count for each that needs them."""
    lines = [_line(f"{agent.name} {agent.version}", measure(of(directory, agent))) for agent in chosen]
    return ["bytes of image by agent:", *lines, _line("everything, Node included", measure([directory]))]


def of(directory: Path, agent: Agent) -> list[Path]:
    """The directories that are there for this agent's sake."""
    if agent.installer == "pip":
        return [directory / agent.name]
    return sorted(_closure(directory, str(agent.package)))


def measure(places: Iterable[Path]) -> int:
    """Bytes on disk below these directories; a file with two names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for path in (path for place in places for path in _files(place)):
        found = path.lstat()
        seen[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(seen.values())


def _files(place: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(place):
        yield from (Path(folder, name) for name in names)


def _closure(directory: Path, package: str) -> set[Path]:
    """The package and all it needs, by npm's own record of what it installed."""
    installed = json.loads((directory / "node_modules" / ".package-lock.json").read_text())["packages"]
    found, left = set[str](), [f"node_modules/{package}"]
    while left:
        key = left.pop()
        if key in installed and key not in found:
            found.add(key)
            needs = installed[key].get("dependencies", {}) | installed[key].get("optionalDependencies", {})
            left += [place for name in needs for place in (f"{key}/node_modules/{name}", f"node_modules/{name}")]
    return {directory / key for key in found}


def _line(name: str, size: int) -> str:
    return f"  {name:<32}{size:>16,}"
