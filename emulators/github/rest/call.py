"""One call of the REST API as its handler sees it: who, where, what, and small readers that refuse bad fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from emulators.github.auth import Caller
from emulators.github.errors import Refusal, invalid, not_found
from emulators.github.model import Actor, App, Comment, Issue, Pull, Repository, Review, ReviewComment
from emulators.github.shapes import Urls

if TYPE_CHECKING:
    from emulators.github.world import World

T = TypeVar("T")
KINDS: dict[type, str] = {str: "a string", bool: "a boolean", list: "an array", dict: "an object", int: "an integer"}


@dataclass(frozen=True)
class Reply:
    """`body` is what becomes JSON, or text that goes out as it is under `media`. None is an empty answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Route:
    """`path` is as in GitHub's documentation.

    `by` is who may call: app (a JWT), installation, user, anyone, or repository (any token; nobody for public reads).
    `needs` is of installation tokens: any one of these permissions will do. `role` is what a person must be there.
    """

    method: str
    path: str
    handler: Callable[[Call], Reply]
    by: str = "repository"
    needs: tuple[str, ...] = ()
    role: str = "read"


@dataclass(frozen=True)
class Call:
    world: World
    caller: Caller
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str
    root: str
    of: Repository | None

    @property
    def urls(self) -> Urls:
        return self.world.urls

    @property
    def repository(self) -> Repository:
        if self.of is None:
            raise not_found()
        return self.of

    @property
    def actor(self) -> Actor:
        return self.caller.actor()

    @property
    def app(self) -> App:
        if self.caller.app is None:
            raise Refusal(401, "A JSON web token could not be decoded")
        return self.caller.app

    def number(self, name: str) -> int:
        """A number of the path. Refusal 404 when it is none."""
        text = self.args[name]
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise not_found()
        return int(text)

    def issue(self) -> Issue:
        found = self.repository.issues.get(self.number("issue_number"))
        if found is None:
            raise not_found()
        return found

    def pull(self) -> tuple[Issue, Pull]:
        found = self.repository.issues.get(self.number("pull_number"))
        if found is None or found.pull is None:
            raise not_found()
        return found, found.pull

    def comment(self) -> Comment:
        wanted = self.number("comment_id")
        for issue in self.repository.issues.values():
            for one in issue.comments:
                if one.id == wanted:
                    return one
        raise not_found()

    def review(self) -> Review:
        wanted = self.number("review_id")
        _, it = self.pull()
        for one in it.reviews:
            if one.id == wanted:
                return one
        raise not_found()

    def remark(self) -> ReviewComment:
        """A comment on a line of any pull request of the repository."""
        wanted = self.number("comment_id")
        pulls = [issue.pull for issue in self.repository.issues.values() if issue.pull]
        for one in [remark for pull in pulls for remark in pull.remarks]:
            if one.id == wanted:
                return one
        raise not_found()

    def field(self, name: str, kind: type[T], *, resource: str = "") -> T | None:
        """A field of the body, None when it is absent or null. Refusal 422 when it is of another type.

        With `resource` it must be there: GitHub names the resource in the refusal.
        """
        value = self.fields().get(name)
        if value is None:
            if resource:
                raise invalid(resource, "missing_field", name)
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Refusal(422, f"Invalid request.\n\nFor 'properties/{name}', {shown(value)} is not {KINDS[kind]}.")
        return value

    def required(self, name: str, *, resource: str) -> str:
        found = self.field(name, str, resource=resource)
        return found if found is not None else ""

    def names(self, name: str) -> list[str] | None:
        """A list of strings. Refusal 422 when something else is in it."""
        found = self.field(name, list)
        for value in found or []:
            if not isinstance(value, str):
                raise Refusal(422, f"Invalid request.\n\nFor 'items', {shown(value)} is not a string.")
        return found

    def fields(self) -> Mapping[str, Any]:
        if isinstance(self.body, dict):
            return self.body
        raise Refusal(422, "Invalid request.\n\nFor 'links/0/schema', the body is not an object.")

    def page(self, items: Sequence[Any], shape: Callable[[Any], Any]) -> Reply:
        """The page that `page` and `per_page` ask for, with a Link header to the others."""
        size, at = self._count("per_page", 30, 100), self._count("page", 1, 1_000_000)
        last = max(1, -(-len(items) // size))
        chosen = items[(at - 1) * size : at * size]
        links = {"prev": at - 1, "next": at + 1, "last": last, "first": 1}
        shown_links = [
            f'<{self._link(page=page)}>; rel="{rel}"'
            for rel, page in links.items()
            if 1 <= page <= last and (at < last if rel in ("next", "last") else at > 1)
        ]
        headers = {"Link": ", ".join(shown_links)} if shown_links else {}
        return Reply(200, [shape(one) for one in chosen], headers)

    def _count(self, name: str, usual: int, most: int) -> int:
        text = self.query.get(name, "")
        return max(1, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 10 else usual

    def _link(self, **changed: int) -> str:
        """Under the address the client used: in containers that is not the one the browser has."""
        return f"{self.root}{self.path}?{urlencode({**self.query, **changed})}"


def shown(value: Any) -> str:
    return json.dumps(value)[:80]
