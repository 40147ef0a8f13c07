"""What the emulated Fly looks like when it starts: organisations, tokens, apps, images, regions."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from emulators.fly.errors import ConfigError


@dataclass(frozen=True)
class Config:
    """`org_tokens` maps a token to its organisation, `deploy_tokens` a token to the app or apps it is good for, `apps`
    an app to its organisation. `images` None allows any image. `regions` says how many machines fit; None is no limit,
    0 is full. `exit_shape` is how exits are told: `monitor`, `flat` or `both`; Fly sends either.
    """

    orgs: list[str] = field(default_factory=lambda: ["personal"])
    org_tokens: dict[str, str] = field(default_factory=dict, repr=False)
    deploy_tokens: dict[str, str | list[str]] = field(default_factory=dict, repr=False)
    apps: dict[str, str] = field(default_factory=dict)
    images: list[str] | None = None
    regions: dict[str, int | None] = field(default_factory=lambda: {"iad": None, "fra": None})
    rates: bool = True
    boot_seconds: float = 0.0
    exit_shape: str = "both"
    runner_argv: list[str] = field(default_factory=lambda: [sys.executable, "-m", "worker"])

    def __post_init__(self) -> None:
        known = {
            "org_tokens": (self.org_tokens.values(), self.orgs, "orgs"),
            "apps": (self.apps.values(), self.orgs, "orgs"),
            "deploy_tokens": ([app for apps in self.scoped_tokens().values() for app in apps], self.apps, "apps"),
        }
        for name, (used, allowed, where) in known.items():
            for value in set(used) - set(allowed):
                raise ConfigError(f"{name} names {value!r}, which is not among {where}; add it there")
        for region, room in self.regions.items():
            if room is not None and (not isinstance(room, int) or room < 0):
                raise ConfigError(
                    f"regions: {region} holds {room!r} machines; use a number, 0 for full, null for no limit"
                )
        if self.exit_shape not in ("monitor", "flat", "both"):
            raise ConfigError(f"exit_shape is {self.exit_shape!r}; use monitor, flat or both")

    def scoped_tokens(self) -> dict[str, list[str]]:
        """The deploy tokens, each with all of its apps."""
        return {token: [apps] if isinstance(apps, str) else apps for token, apps in self.deploy_tokens.items()}

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a JSON file. Raises ConfigError for what cannot be read or understood."""
        try:
            data = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigError(f"cannot read {path}: {error}; it must be a JSON object") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{path} must hold a JSON object")
        return cls.from_mapping(data)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        names = {item.name for item in fields(cls)}
        for name, value in data.items():
            if name not in names:
                raise ConfigError(f"unknown setting {name!r}; known are {', '.join(sorted(names))}")
            if not isinstance(value, _TYPES[name]):
                raise ConfigError(f"{name} has the wrong type: {type(value).__name__}")
        return cls(**data)


_TYPES: dict[str, tuple[type, ...]] = {
    "orgs": (list,),
    "org_tokens": (dict,),
    "deploy_tokens": (dict,),
    "apps": (dict,),
    "images": (list, type(None)),
    "regions": (dict,),
    "rates": (bool,),
    "boot_seconds": (int, float),
    "exit_shape": (str,),
    "runner_argv": (list,),
}
