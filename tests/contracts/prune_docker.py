"""Cuts the Docker engine's API description down to what Porter speaks: writes `docker-engine.json`.

Run `apt-get download golang-github-docker-docker-dev`, `dpkg -x *.deb x`, then
`python tests/contracts/prune_docker.py x/usr/share/gocode/src/github.com/docker/docker/api/swagger.yaml`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.contracts.prune_github import bare, references

KEPT: dict[str, tuple[str, ...]] = {
    "/version": ("get",),
    "/images/create": ("post",),
    "/images/{name}/json": ("get",),
    "/containers/create": ("post",),
    "/containers/json": ("get",),
    "/containers/{id}/json": ("get",),
    "/containers/{id}/start": ("post",),
    "/containers/{id}/stop": ("post",),
    "/containers/{id}": ("delete",),
}
REFERENCE = "#/components/schemas/"


def prune(description: dict[str, Any]) -> dict[str, Any]:
    """The kept operations and every schema they reach, without prose and examples, worded as OpenAPI 3 does."""
    paths = {
        path: {verb: _operation(description, description["paths"][path][verb]) for verb in verbs}
        for path, verbs in KEPT.items()
    }
    schemas: dict[str, Any] = {}
    waiting = sorted(references(paths))
    while waiting:
        name = waiting.pop().removeprefix("#/components/schemas/")
        if name not in schemas:
            schemas[name] = _schema(description, description["definitions"][name])
            waiting.extend(references(schemas[name]))
    info = {"title": "Docker Engine API", "version": description["info"]["version"], "license": {"name": "Apache-2.0"}}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _operation(description: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    given = operation.get("parameters", [])
    new: dict[str, Any] = {
        "parameters": [{"name": one["name"], "in": one["in"]} for one in given if one["in"] != "body"],
        "responses": {str(code): _content(description, answer) for code, answer in operation["responses"].items()},
    }
    for body in (one for one in given if one["in"] == "body" and one.get("required")):
        new["requestBody"] = {"required": True, **_content(description, body)}
    return new


def _content(description: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    if "schema" not in told:
        return {}
    return {"content": {"application/json": {"schema": _schema(description, told["schema"])}}}


def _schema(description: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Without `allOf`, which only adds fields to fields there: merged, the result says which fields there are."""
    kept: dict[str, Any] = json.loads(json.dumps(bare(schema), default=str).replace("#/definitions/", REFERENCE))
    for part in kept.pop("allOf", []):
        found = description["definitions"][part["$ref"].removeprefix(REFERENCE)] if "$ref" in part else part
        kept.setdefault("properties", {}).update(_schema(description, found)["properties"])
    return kept


if __name__ == "__main__":
    full = yaml.safe_load(Path(sys.argv[1]).read_text())
    target = Path(__file__).with_name("docker-engine.json")
    target.write_text(json.dumps(prune(full), separators=(",", ":"), sort_keys=True, default=str) + "\n")
