"""What Porter says to GitHub: a screen of typed methods on one repository."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from jobs.cleaning import masked
from jobs.github.answers import Comment, Issue, Pull, file_text
from jobs.github.app import App, Purpose
from jobs.github.errors import GitHubRefused
from jobs.github.guest import Guest
from jobs.github.memory import Memory
from jobs.github.wire import Wire
from store import responses
from store.database import Database
from store.vault import Vault

_WORDS = ("body", "title")
PAGE = 100
MAX_PAGES = 20  # 2,000 comments since the task began: beyond that a second comment is the smaller harm


class GitHub:
    """One GitHub, as the App that this Porter is. Every method may raise a GitHubError."""

    def __init__(
        self,
        *,
        api_url: str,
        app_id: str,
        private_key: str,
        db: Database,
        vault: Vault,
        clock: Callable[[], datetime],
        http: httpx.Client,
        sleep: Callable[[float], None] = time.sleep,
        hide: Callable[[str], str] = masked,
    ) -> None:
        self._wire, self.guest = Wire(api_url, http, clock), Guest(db, clock, sleep)
        self._memory, self._hide = Memory(db, clock), hide
        self.app = App(self._wire, self.guest, app_id=app_id, private_key=private_key, db=db, vault=vault, clock=clock)

    def repository(self, full_name: str, installation_id: int) -> Repository:
        """Speak about this repository, through this installation of the App."""
        return Repository(self._wire, self.app, self.guest, self._memory, full_name, installation_id, self._hide)


class Repository:
    """One repository. Reads are retried for a few seconds; writes never: look before you repeat one. Writes are a
    second apart: each may wait for its turn, and raises Crowded when that is too far off."""

    def __init__(
        self,
        wire: Wire,
        app: App,
        guest: Guest,
        memory: Memory,
        full_name: str,
        installation_id: int,
        hide: Callable[[str], str],
    ) -> None:
        self._wire, self._app, self._guest, self._memory, self._hide = wire, app, guest, memory, hide
        self.full_name, self.installation_id = full_name, installation_id
        self._path, self._purpose = f"/repos/{full_name}", Purpose.TALK

    def for_purpose(self, purpose: Purpose) -> Repository:
        """The same repository, spoken to with a token for this purpose instead of the one to talk."""
        other = copy(self)
        other._purpose = purpose
        return other

    def default_branch(self) -> str:
        return str(self.get("", doing=f"describe {self.full_name}")["default_branch"])

    def has_branch(self, branch: str) -> bool:
        return self.head_of(branch) is not None

    def head_of(self, branch: str) -> str | None:
        """The commit a branch stands on; None when there is no such branch."""
        found = self._find(f"/branches/{quote(branch, safe='/')}", doing=f"look for branch {branch}")
        return None if found is None else str(found["commit"]["sha"])

    def file(self, path: str, *, ref: str) -> str | None:
        """The text of one file at a branch or commit; None when there is none."""
        found = self._find(f"/contents/{quote(path)}", doing=f"read {path}", params={"ref": ref})
        return None if found is None else file_text(found)

    def permission(self, login: str) -> str:
        """`admin`, `write`, `read` or `none` (GitHub counts maintain as write and triage as read)."""
        path = f"/collaborators/{quote(login)}/permission"
        found = self._find(path, doing=f"say what {login} may do")
        return "none" if found is None else str(found["permission"])

    def account_id(self, login: str) -> int | None:
        """The number GitHub knows an account by, whatever it is called; None when there is no such account."""
        doing, path = f"say who {login} is", f"/users/{quote(login)}"
        try:
            found = self._with_token(lambda token: self._wire.read(path, token, doing=doing))
        except GitHubRefused as refusal:
            if refusal.status == 404:
                return None
            raise
        return int(found["id"])

    def labels(self, issue_number: int) -> list[str]:
        found = self.get(f"/issues/{issue_number}/labels", doing="read the labels", params={"per_page": PAGE})
        return [str(label["name"]) for label in found]

    def add_label(self, issue_number: int, name: str) -> None:
        """A label that the repository does not have yet is made on the way; one that is there stays."""
        self.send("POST", f"/issues/{issue_number}/labels", {"labels": [name]}, doing=f"add the label {name}")

    def remove_label(self, issue_number: int, name: str) -> None:
        """A label that is gone already is as good."""
        try:
            path = f"/issues/{issue_number}/labels/{quote(name)}"
            self.send("DELETE", path, None, doing=f"remove the label {name}")
        except GitHubRefused as refusal:
            if refusal.status != 404:
                raise

    def issue(self, number: int) -> Issue:
        return Issue.read(self.get(f"/issues/{number}", doing=f"read issue #{number}"))

    def close_issue(self, number: int) -> None:
        """One that is closed already is as good."""
        told = {"state": "closed", "state_reason": "completed"}
        self.send("PATCH", f"/issues/{number}", told, doing=f"close issue #{number}")

    def react(self, comment_id: int, content: str = "eyes") -> None:
        """Add a reaction to an issue comment; GitHub keeps one of each kind, so asking twice is fine."""
        path = f"/issues/comments/{comment_id}/reactions"
        self.send("POST", path, {"content": content}, doing="react to the comment")

    def find_comment(self, issue_number: int, marker: str, *, since: datetime) -> Comment | None:
        """Porter's own comment that ends with `marker`, among those written or edited since then."""
        for page in range(1, MAX_PAGES + 1):
            query = {"since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": PAGE, "page": page}
            found = self.get(f"/issues/{issue_number}/comments", doing="read the comments", params=query)
            for data in found:
                if self.is_ours(data, marker):
                    return Comment.read(data)
            if len(found) < PAGE:
                return None
        return None

    def create_comment(self, issue_number: int, body: str) -> Comment:
        path = f"/issues/{issue_number}/comments"
        return Comment.read(self.send("POST", path, {"body": body}, doing=f"comment on #{issue_number}"))

    def update_comment(self, comment_id: int, body: str) -> bool:
        """False when the comment was deleted."""
        try:
            self.send("PATCH", f"/issues/comments/{comment_id}", {"body": body}, doing="edit the comment")
        except GitHubRefused as refusal:
            if refusal.status in (404, 410):
                return False
            raise
        return True

    def find_pull(self, branch: str) -> Pull | None:
        """The pull request from this branch, open or not; the newest if there are several."""
        owner = self.full_name.partition("/")[0]
        query = {"head": f"{owner}:{branch}", "state": "all", "per_page": 1}
        found = self.get("/pulls", doing=f"look for a pull request from {branch}", params=query)
        return Pull.read(found[0]) if found else None

    def create_pull(self, *, branch: str, base: str, title: str, body: str, draft: bool = False) -> Pull:
        """Open a pull request. Raises GitHubRefused (422) when there is one already or nothing differs."""
        request = {"head": branch, "base": base, "title": title, "body": body, "draft": draft}
        return Pull.read(self.send("POST", "/pulls", request, doing=f"open a pull request from {branch}"))

    def pull(self, number: int) -> Pull:
        return Pull.read(self.get(f"/pulls/{number}", doing=f"read pull request #{number}"))

    def request_review(self, number: int, login: str) -> None:
        path = f"/pulls/{number}/requested_reviewers"
        self.send("POST", path, {"reviewers": [login]}, doing=f"ask {login} for a review")

    def is_ours(self, data: Mapping[str, Any], marker: str) -> bool:
        """Whether this issue or comment is this App's own and ends with the marker: people and agents can write the
        same words elsewhere."""
        by = data.get("performed_via_github_app") or {}
        return str(by.get("id") or "") == self._app.id and (data.get("body") or "").rstrip().endswith(marker)

    def search_issues(self, words: str) -> list[dict[str, Any]]:
        """Open issues of this repository by GitHub's own search, which is a little behind and has limits of its own."""
        query = {"q": f"repo:{self.full_name} is:issue is:open {words}", "per_page": 30}
        ask = partial(self._wire.read, "/search/issues", doing="search the issues", params=query)
        found: list[dict[str, Any]] = self._with_token(ask)["items"]
        return found

    def get(self, path: str, *, doing: str, params: Mapping[str, Any] | None = None) -> Any:
        """Read something below the repository's address."""
        return self._with_token(lambda token: self._wire.read(self._path + path, token, doing=doing, params=params))

    def get_kept(
        self, path: str, *, doing: str, params: Mapping[str, Any] | None = None, fresh: timedelta = timedelta()
    ) -> Any:
        """The same for what seldom changes: GitHub is asked whether the answer it gave last time still holds; not even
        that, if it was given within `fresh`."""
        query = "&".join(f"{name}={value}" for name, value in sorted((params or {}).items()))
        key = responses.key(str(self.installation_id), self._path + path, query)
        if fresh and (known := self._memory.recall(key, within=fresh)) is not None:
            return json.loads(known.body)
        kept = self._memory.recall(key)
        full = self._path + path
        asked = self._with_token(
            lambda token: self._wire.read_unless_kept(full, token, kept, doing=doing, params=params)
        )
        if asked is not kept or fresh:
            self._memory.keep(key, asked)
        return json.loads(asked.body)

    def find_kept(self, path: str, *, doing: str, params: Mapping[str, Any] | None = None) -> Any | None:
        """The same; None when there is no such thing."""
        try:
            return self.get_kept(path, doing=doing, params=params)
        except GitHubRefused as refusal:
            if refusal.status in (404, 409):  # 409: the repository is empty
                return None
            raise

    def _find(self, path: str, *, doing: str, params: Mapping[str, Any] | None = None) -> Any | None:
        try:
            return self.get(path, doing=doing, params=params)
        except GitHubRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    def send(self, method: str, path: str, body: Any, *, doing: str) -> Any:
        """Write something below the repository's address, when it is this write's turn."""
        if isinstance(body, dict):  # the one door through which words leave: nothing secret passes it
            body = {name: self._hide(value) if name in _WORDS else value for name, value in body.items()}
        self._guest.wait_to_write(self.installation_id)
        return self._with_token(lambda token: self._wire.send(method, self._path + path, token, doing=doing, json=body))

    def _with_token(self, ask: Callable[[str], Any]) -> Any:
        """A kept token that GitHub no longer takes (key rotated, App reinstalled) is replaced once."""
        try:
            return self._guest.ask(self.installation_id, lambda: ask(self._token()))
        except GitHubRefused as refusal:
            if refusal.status != 401:
                raise
        self._app.forget(self.installation_id, self.full_name)
        return self._guest.ask(self.installation_id, lambda: ask(self._token()))

    def _token(self) -> str:
        return self._app.token(self.installation_id, self.full_name, self._purpose)
