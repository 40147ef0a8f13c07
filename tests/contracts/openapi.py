"""Holds what is said to and by an outside service against that service's own OpenAPI description."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

BODILESS = (204, 304)


@dataclass(frozen=True)
class Description:
    """A description in a file beside this one. `words`: the field in which the service says what was wrong.

    `prefix`: what may stand before a path, as an expression. `spanning`: parameters of a path whose value may hold a
    slash. `deep`: a field that no schema names is a typing mistake at any depth, not only at the top.
    """

    name: str
    words: str
    prefix: str = ""
    spanning: tuple[str, ...] = ()
    deep: bool = False

    def check_request(self, method: str, path: str, body: Any = None) -> None:
        """Raises AssertionError when the description has no such operation, query parameter or body.

        `path` is a path or a whole URL, with or without the prefix, with its query. `body` is the decoded JSON, None
        when none is sent.
        """
        template, operation = self.find(method, path)
        where = f"{method.upper()} {template}"
        self._check_query(operation, urlsplit(path).query, where)
        described = self.resolve(operation.get("requestBody", {}))
        if not described:
            assert body in (None, {}), f"{where} takes no body, but was sent {body!r}"
            return
        if body is None:
            assert not described.get("required"), f"{where} needs a body"
            return
        schema = described["content"]["application/json"]["schema"]
        self._complain(schema, body, f"the request body of {where}", closed=self.deep)
        stray = self._strays(self.resolve(schema), body)
        assert not stray, f"{where} knows no field {', '.join(sorted(stray))}"

    def check_response(self, method: str, path: str, status: int, body: Any = None) -> None:
        """Raises AssertionError when the answer is not one that the description allows.

        `body` is the decoded JSON; None for an empty answer, a `str` for another media type, not looked into.
        """
        template, operation = self.find(method, path)
        where = f"{method.upper()} {template}"
        if status >= 400 and str(status) not in operation["responses"]:
            assert isinstance(body, dict) and isinstance(body.get(self.words), str), (
                f"{where} {status} has no {self.words}: {body!r}"
            )
            return
        assert str(status) in operation["responses"] or status == 304, f"{where} never answers {status}"
        if status in BODILESS:
            assert body in (None, ""), f"{where} {status} must be empty, not {body!r}"
            return
        content = self.resolve(operation["responses"][str(status)]).get("content", {})
        if content.get("application/json") and not isinstance(body, str):
            self._complain(
                content["application/json"]["schema"], body, f"the answer {status} of {where}", closed=self.deep
            )

    def find(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The path template and the operation that a call falls under. AssertionError when there is none."""
        bare = re.sub(rf"^{self.prefix}(?=/)", "", urlsplit(path).path)
        for pattern, template, verbs in self._templates:
            if method.lower() in verbs and pattern.fullmatch(bare):
                return template, verbs[method.lower()]
        raise AssertionError(f"the description has no {method.upper()} {bare} (among the paths kept in {self.name})")

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """The node itself, or what its `$ref` points at."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole description."""
        loaded: dict[str, Any] = json.loads(Path(__file__).with_name(self.name).read_text())
        return loaded

    def _check_query(self, operation: dict[str, Any], query: str, where: str) -> None:
        parameters = [one for one in map(self.resolve, operation.get("parameters", [])) if one["in"] == "query"]
        known = {one["name"]: re.sub(r"\\\{\w+\\\}", ".+", re.escape(one["name"])) for one in parameters}
        unknown = {
            name for name, _ in parse_qsl(query) if not any(re.fullmatch(pattern, name) for pattern in known.values())
        }
        assert not unknown, (
            f"{where} has no query parameter {', '.join(sorted(unknown))}; it has {', '.join(sorted(known)) or 'none'}"
        )

    def _strays(self, schema: dict[str, Any], body: Any) -> set[str]:
        """Top-level fields that no variant of the schema names: typing mistakes that are ignored in silence."""
        more = schema.get("oneOf", []) + schema.get("anyOf", []) + schema.get("allOf", [])
        named = set().union(*(variant.get("properties", {}) for variant in [schema, *map(self.resolve, more)]))
        return set(body) - named if isinstance(body, dict) and named else set()

    def _complain(self, schema: dict[str, Any], body: Any, where: str, *, closed: bool) -> None:
        error = best_match(self._validator(schema, closed).iter_errors(body))
        assert error is None, f"{where}: at {error.json_path}: {error.message[:500]}"

    def _validator(self, schema: dict[str, Any], closed: bool) -> Draft202012Validator:
        kept: dict[tuple[str, bool], Draft202012Validator] = self._validators
        key = json.dumps(schema, sort_keys=True), closed
        if key not in kept:
            kept[key] = Draft202012Validator(
                {"components": modern(self.document["components"], closed), **modern(schema, closed)}
            )
        return kept[key]

    @cached_property
    def _validators(self) -> dict[tuple[str, bool], Draft202012Validator]:
        return {}

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
        """Path patterns, the most literal text first, so that `/issues/comments` wins over `/issues/{n}`."""
        found = []
        for template, verbs in self.document["paths"].items():
            pattern = re.sub(r"\{(\w+)\}", lambda m: ".*" if m[1] in self.spanning else "[^/]+", template)
            found.append((re.compile(pattern), template, verbs))
        return sorted(found, key=lambda entry: -len(re.sub(r"\{\w+\}", "", entry[1])))


def modern(node: Any, closed: bool = False, *, names: bool = False) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12: only `nullable` differs. `names`: keys are property names.

    `closed`: objects have no other fields than those that are named.
    """
    if isinstance(node, list):
        return [modern(item, closed) for item in node]
    if not isinstance(node, dict):
        return node
    new = {key: modern(value, closed, names=key == "properties" and not names) for key, value in node.items()}
    if names:
        return new
    if closed and "properties" in new and "additionalProperties" not in new:
        new["additionalProperties"] = False
    if not isinstance(new.get("nullable"), bool) or not new.pop("nullable"):
        return new
    return {"anyOf": [new, {"type": "null"}]}
