"""Where on Fly a Porter rents its machines, and how large they are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

SHARED, PERFORMANCE = "shared", "performance"
# CPU counts, then the least and most memory in MB for each: https://fly.io/docs/about/pricing/#started-fly-machines
_SIZES = {SHARED: ((1, 2, 4, 6, 8), 256, 2048), PERFORMANCE: ((1, 2, 4, 6, 8, 10, 12, 14, 16), 2048, 8192)}
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")
_SCHEME = re.compile(r"^(FlyV1|Bearer)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class FlyPlace:
    """One app, and what a machine in it is. `regions` are tried in order; none means wherever Fly likes."""

    token: str = field(repr=False)
    app: str
    image: str
    regions: tuple[str, ...] = ()
    cpu_kind: str = SHARED
    cpus: int = 2
    memory_mb: int = 2048

    @property
    def guest(self) -> dict[str, Any]:
        """The size as Fly wants it."""
        return {"cpu_kind": self.cpu_kind, "cpus": self.cpus, "memory_mb": self.memory_mb}

    def in_order(self, avoid: str | None) -> list[str | None]:
        """The regions to try, the one to avoid last."""
        return sorted(self.regions, key=lambda region: region == avoid) or [None]


def bare(token: str) -> str:
    """The token as it goes behind "Bearer": `fly tokens create` prints it with a scheme of its own before it."""
    return _SCHEME.sub("", token.strip())


def may_be_token(text: str) -> bool:
    """Whether it can be a token at all: nothing else is sent in a header."""
    return _TOKEN.fullmatch(text) is not None


def is_pinned(image: str) -> bool:
    """Whether the image is named by its digest, so that it is the same one tomorrow."""
    return _DIGEST.search(image) is not None


def faults(place: FlyPlace) -> list[str]:
    """What Fly would refuse of the size, in words with the remedy."""
    if place.cpu_kind not in _SIZES:
        return [f"machine_cpu_kind is {place.cpu_kind}; Fly has {SHARED} and {PERFORMANCE}"]
    counts, least, most = _SIZES[place.cpu_kind]
    found = []
    if place.cpus not in counts:
        known = ", ".join(map(str, counts))
        found.append(f"machine_cpus is {place.cpus}; {place.cpu_kind} machines on Fly have {known}")
    low, high = least * place.cpus, most * place.cpus
    if place.memory_mb % 256 or not low <= place.memory_mb <= high:
        size = f"{place.cpus} {place.cpu_kind} CPUs"
        found.append(f"machine_memory_mb is {place.memory_mb}; with {size} it is a multiple of 256, {low} to {high}")
    return found


def warnings(place: FlyPlace) -> list[str]:
    """What works today and may surprise tomorrow."""
    if is_pinned(place.image):
        return []
    words = f"the image {place.image} is named by a tag, which can mean another image tomorrow"
    return [f"{words}; set PORTER_WORKER_IMAGE to name@sha256:<digest>, the digest `docker push` prints"]
