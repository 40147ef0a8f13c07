"""Holds what is said to and by a GitHub against GitHub's own REST description."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

DESCRIPTION = Path(__file__).with_name("github-rest.json")
SPANS_SLASHES = ("path", "ref", "branch", "name", "basehead", "tree_sha")  # parameters whose value may hold a "/"
BODILESS = (204, 304)


def check_request(method: str, path: str, body: Any = None) -> None:
    """Raises AssertionError when the description has no such operation, query parameter or body.

    `path` is a path or a whole URL, with or without the prefix `/api` or `/api/v3`, with its query.
    `body` is the decoded JSON, None when none is sent.
    """
    template, operation = find(method, path)
    where = f"{method.upper()} {template}"
    known = {
        parameter["name"] for parameter in map(resolve, operation.get("parameters", [])) if parameter["in"] == "query"
    }
    unknown = {name for name, _ in parse_qsl(urlsplit(path).query)} - known
    assert not unknown, (
        f"{where} has no query parameter {', '.join(sorted(unknown))}; it has {', '.join(sorted(known)) or 'none'}"
    )
    described = resolve(operation.get("requestBody", {}))
    if not described:
        assert body in (None, {}), f"{where} takes no body, but was sent {body!r}"
        return
    if body is None:
        assert not described.get("required"), f"{where} needs a body"
        return
    schema = described["content"]["application/json"]["schema"]
    complain(schema, body, f"the request body of {where}")
    stray = strays(resolve(schema), body)
    assert not stray, f"{where} knows no field {', '.join(sorted(stray))}"


def check_response(method: str, path: str, status: int, body: Any = None) -> None:
    """Raises AssertionError when the answer is not one that the description allows.

    `body` is the decoded JSON; None for an empty answer, a `str` for another media type, not looked into.
    """
    template, operation = find(method, path)
    where = f"{method.upper()} {template}"
    if status >= 400 and str(status) not in operation["responses"]:
        assert isinstance(body, dict) and isinstance(body.get("message"), str), (
            f"{where} {status} has no message: {body!r}"
        )
        return
    assert str(status) in operation["responses"] or status == 304, f"{where} never answers {status}"
    if status in BODILESS:
        assert body in (None, ""), f"{where} {status} must be empty, not {body!r}"
        return
    content = resolve(operation["responses"][str(status)]).get("content", {})
    if content.get("application/json") and not isinstance(body, str):
        complain(content["application/json"]["schema"], body, f"the answer {status} of {where}")


def find(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The path template and the operation that a call falls under. AssertionError when there is none."""
    bare = re.sub(r"^/api(/v3)?(?=/)", "", urlsplit(path).path)
    for pattern, template, verbs in templates():
        if method.lower() in verbs and pattern.fullmatch(bare):
            return template, verbs[method.lower()]
    raise AssertionError(
        f"GitHub's REST description has no {method.upper()} {bare} (among the paths kept in {DESCRIPTION.name})"
    )


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """The node itself, or what its `$ref` points at."""
    while "$ref" in node:
        found: Any = description()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def strays(schema: dict[str, Any], body: Any) -> set[str]:
    """Top-level fields that no variant of the schema names: typing mistakes that GitHub ignores in silence."""
    variants = [schema, *map(resolve, schema.get("oneOf", []) + schema.get("anyOf", []) + schema.get("allOf", []))]
    named = set().union(*(variant.get("properties", {}) for variant in variants))
    return set(body) - named if isinstance(body, dict) and named else set()


def complain(schema: dict[str, Any], body: Any, where: str) -> None:
    error = best_match(validator(json.dumps(schema, sort_keys=True)).iter_errors(body))
    assert error is None, f"{where}: at {error.json_path}: {error.message[:500]}"


@cache
def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"components": modern(description()["components"]), **modern(json.loads(schema))})


@cache
def templates() -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
    """Path patterns, the one with the most literal text first, so that `/issues/comments` wins over `/issues/{n}`."""
    found = []
    for template, verbs in description()["paths"].items():
        pattern = re.sub(r"\{(\w+)\}", lambda m: ".*" if m[1] in SPANS_SLASHES else "[^/]+", template)
        found.append((re.compile(pattern), template, verbs))
    return sorted(found, key=lambda entry: -len(re.sub(r"\{\w+\}", "", entry[1])))


@cache
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return loaded


def modern(node: Any, *, names: bool = False) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12; only `nullable` differs. `names`: keys are property names."""
    if isinstance(node, list):
        return [modern(item) for item in node]
    if not isinstance(node, dict):
        return node
    new = {key: modern(value, names=key == "properties" and not names) for key, value in node.items()}
    if names or not isinstance(new.get("nullable"), bool) or not new.pop("nullable"):
        return new
    return {"anyOf": [new, {"type": "null"}]}
