"""Reads a Dockerfile as far as ours go, and lays what it copies in a directory, without an engine."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """One instruction: `RUN`, and what stands behind it."""

    verb: str
    words: str


def steps(name: str) -> list[Step]:
    """The instructions of a file, its comments left out and its continued lines joined."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [Step(*line.strip().split(None, 1)) for line in joined.splitlines() if line.strip()]


def last_stage(name: str) -> list[Step]:
    """The steps that make the image itself."""
    every = steps(name)
    begins = max(number for number, step in enumerate(every) if step.verb == "FROM")
    return every[begins:]


def bases(name: str) -> list[str]:
    """What its stages begin with, build arguments filled in; a stage that begins with another is left out."""
    arguments = dict(step.words.split("=", 1) for step in steps(name) if step.verb == "ARG")
    begins = [step.words.split() for step in steps(name) if step.verb == "FROM"]
    stages = {words[2] for words in begins if len(words) == 3}
    found = (re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], words[0]) for words in begins)
    return [base for base in found if base not in stages]


def copies(name: str) -> list[tuple[list[str], str]]:
    """Sources in the repository, and where the image has them."""
    place, found = "/", []
    for step in last_stage(name):
        if step.verb == "WORKDIR":
            place = step.words
        elif step.verb == "COPY" and not step.words.startswith("--from"):
            *sources, target = step.words.split()
            found.append((sources, str(Path(place) / target)))
    return found


def lay(name: str, tree: Path) -> None:
    """Copy what the last stage copies, ignored files left out, below `tree`."""
    for sources, target in copies(name):
        for source in sources:
            place = tree / target.lstrip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=_ignored, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)


def ignored(path: str) -> bool:
    """Does .dockerignore keep this path, as seen from the top, out of every image?"""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    parts = Path(path).parts
    return any(
        fnmatch("/".join(parts[:depth]), pattern.removeprefix("**/"))
        or (pattern.startswith("**/") and fnmatch(parts[depth - 1], pattern[3:]))
        for pattern in patterns
        for depth in range(1, len(parts) + 1)
    )


def _ignored(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if ignored(str((Path(folder) / name).relative_to(ROOT)))]
