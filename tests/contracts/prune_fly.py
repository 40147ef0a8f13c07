"""Cuts Fly's description of its Machines API down to what Porter and the emulator speak: writes `fly-machines.json`.

`python tests/contracts/prune_fly.py openapi.json`, with `api/machines/openapi.json` of the repository superfly/docs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.contracts.prune_github import bare, references

APP = "/v1/apps/{app_name}"
MACHINE = f"{APP}/machines/{{machine_id}}"
KEPT: dict[str, tuple[str, ...]] = {
    "/v1/tokens/current": ("get",),
    "/v1/apps": ("get", "post"),
    APP: ("get", "delete"),
    f"{APP}/deploy_token": ("post",),
    f"{APP}/machines": ("get", "post"),
    MACHINE: ("get", "delete"),
    f"{MACHINE}/events": ("get",),
    f"{MACHINE}/lease": ("get", "post", "delete"),
    f"{MACHINE}/metadata": ("get", "patch"),
    f"{MACHINE}/metadata/{{key}}": ("post", "delete"),
    f"{MACHINE}/signal": ("post",),
    f"{MACHINE}/start": ("post",),
    f"{MACHINE}/stop": ("post",),
    f"{MACHINE}/wait": ("get",),
}
# What no machine of Porter's has: that there may be such a thing is enough.
SHALLOW = (
    "ContainerConfig", "DNSConfig", "MachineCacheDrive", "MachineCheck", "MachineMetrics", "MachineMount",
    "MachineProcess", "MachineRootfs", "MachineService", "MachineSpot", "Static",
)  # fmt: skip


def prune(description: dict[str, Any]) -> dict[str, Any]:
    """The kept operations and the schemas they reach, without prose."""
    paths = {path: {verb: bare(description["paths"][path][verb]) for verb in verbs} for path, verbs in KEPT.items()}
    for operation in (operation for verbs in paths.values() for operation in verbs.values()):
        for needless in ("operationId", "x-codegen-request-body-name"):
            operation.pop(needless, None)
    schemas: dict[str, Any] = {}
    waiting = sorted(references(paths))
    while waiting:
        name = waiting.pop().removeprefix("#/components/schemas/")
        if name not in schemas:
            schemas[name] = _schema(name, description)
            waiting.extend(references(schemas[name]))
    info = {key: description["info"][key] for key in ("title", "version", "license")}
    return {"openapi": description["openapi"], "info": info, "paths": paths, "components": {"schemas": schemas}}


def _schema(name: str, description: dict[str, Any]) -> dict[str, Any]:
    if name.removeprefix("fly.") in SHALLOW:
        return {"type": "object"}
    kept: dict[str, Any] = bare(description["components"]["schemas"][name])
    kept.pop("x-enum-varnames", None)
    return kept


if __name__ == "__main__":
    full = json.loads(Path(sys.argv[1]).read_text())
    target = Path(__file__).with_name("fly-machines.json")
    target.write_text(json.dumps(prune(full), separators=(",", ":"), sort_keys=True) + "\n")
