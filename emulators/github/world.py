"""The state of one GitHub, in memory, with bare git repositories in a directory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from emulators.github import acts, auth, installing, pulls, reviews
from emulators.github.faults import Faults, history
from emulators.github.git import GitRepository
from emulators.github.limits import Limits
from emulators.github.model import (
    Actor,
    App,
    Check,
    Comment,
    Installation,
    Issue,
    Label,
    NewApp,
    OAuthClient,
    Repository,
    Review,
    SignIn,
    Token,
    User,
)
from emulators.github.shapes import Json, Urls, people, repositories
from emulators.github.webhooks import Webhooks

LABELS = {
    "bug": ("d73a4a", "Something isn't working"),
    "documentation": ("0075ca", "Improvements or additions to documentation"),
    "enhancement": ("a2eeef", "New feature or request"),
    "good first issue": ("7057ff", "Good for newcomers"),
}


def _now() -> datetime:
    return datetime.now(UTC)


class World:
    """Everything the emulator knows. Change it under `lock`; the methods here take it themselves.

    `directory` holds the git repositories; `url` is where the emulator is reached, without a final slash;
    `webhook_transport` lets tests deliver webhooks in one process (httpx.WSGITransport).
    """

    def __init__(
        self,
        directory: Path,
        *,
        url: str = "http://github.test",
        clock: Callable[[], datetime] = _now,
        webhook_transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.directory = directory
        self.urls = Urls(url)
        self.clock = clock
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.sign_ins: dict[str, SignIn] = {}  # by the digest of their code
        self.new_apps: dict[str, NewApp] = {}  # likewise
        self.refresh_tokens: dict[str, Token] = {}
        self.tokens: dict[str, Token] = {}
        self.webhooks = Webhooks(clock, webhook_transport)
        self.limits = Limits(clock)
        self.faults = Faults()
        self.calls = history()
        self._ids = itertools.count(1001)

    def move_to(self, url: str) -> None:
        """Tells the world its address, once the server knows its port."""
        self.urls = Urls(url.rstrip("/"))

    def next_id(self) -> int:
        return next(self._ids)

    def close(self) -> None:
        """Ends the background threads and lets go of hanging requests."""
        self.faults.clear()
        self.webhooks.close()

    def add_user(self, login: str, name: str = "", *, kind: str = "User") -> User:
        """`kind` is User, Organization or Bot."""
        with self.lock:
            self.users[login.lower()] = User(self.next_id(), login, name or login, kind)
            return self.users[login.lower()]

    def add_repository(
        self,
        full_name: str,
        files: Mapping[str, str] | None = None,
        *,
        private: bool = False,
        collaborators: Mapping[str, str] | None = None,
        description: str = "",
        default_branch: str = "main",
    ) -> Repository:
        """A repository whose first commit holds `files`. An owner nobody knows becomes an organisation.

        `collaborators` maps logins to roles: admin, maintain, write, triage, read.
        """
        owner, name = full_name.split("/")
        with self.lock:
            holder = self.users.get(owner.lower()) or self.add_user(owner, owner.title(), kind="Organization")
            git = GitRepository(self.directory / holder.login / f"{name}.git")
            author = {"author": holder.name, "email": f"{holder.login}@users.noreply.github.com"}
            git.create(files or {}, default_branch, message="Begin\n", **author)
            made = Repository(
                self.next_id(), holder, name, private, default_branch, description, git, self.clock(), self.clock()
            )
            made.collaborators = {login.lower(): role for login, role in (collaborators or {}).items()}
            made.labels = {name: Label(self.next_id(), name, *about) for name, about in LABELS.items()}
            made.branches = git.branches()
            self.repositories[full_name.lower()] = made
            return made

    def add_app(
        self,
        slug: str,
        app_id: int,
        public_key_pem: str,
        webhook_url: str,
        webhook_secret: str,
        permissions: Mapping[str, str],
        events: Iterable[str],
        *,
        owner: str | None = None,
        oauth: OAuthClient | None = None,
    ) -> App:
        """An App with its bot user `<slug>[bot]`. `permissions` maps names like `issues` to read or write."""
        with self.lock:
            bot = self.add_user(f"{slug}[bot]", slug, kind="Bot")
            holder = self.users[owner.lower()] if owner else self.add_user(f"{slug}-owner", f"Owner of {slug}")
            granted = dict(permissions) | {"metadata": "read"}
            self.apps[app_id] = App(
                app_id,
                slug,
                slug.title(),
                holder,
                bot,
                public_key_pem,
                webhook_url,
                webhook_secret,
                granted,
                list(events),
                hook_id=self.next_id(),
                created_at=self.clock(),
                oauth=oauth,
            )
            return self.apps[app_id]

    def install(self, app: App, repos: Iterable[Repository | str]) -> int:
        """Installs the App on repositories of one owner, tells it so, and answers the installation's id."""
        with self.lock:
            chosen = [self.repository(one) if isinstance(one, str) else one for one in repos]
            return installing.install(self, app, chosen).id

    def ping(self, app: App) -> None:
        """Greets the App's webhook, as GitHub does when it is set up."""
        with self.lock:
            installing.ping(self, app)

    def suspend(self, installation_id: int, *, on: bool = True) -> None:
        """Suspends an installation, or wakes it with `on=False`, and tells the App."""
        with self.lock:
            installing.suspend(self, self.installations[installation_id], on=on)

    def uninstall(self, installation_id: int) -> None:
        """Ends an installation and tells the App."""
        with self.lock:
            installing.uninstall(self, self.installations[installation_id])

    def change_repositories(self, installation_id: int, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Gives an installation other repositories and tells the App."""
        with self.lock:
            came, went = [self.repository(one) for one in add], [self.repository(one) for one in remove]
            installing.change_repositories(self, self.installations[installation_id], came, went)

    def repository(self, full_name: str) -> Repository:
        """KeyError when there is none. Names are compared without regard to case, as on GitHub."""
        return self.repositories[full_name.lower()]

    def person(self, login: str) -> Actor:
        return Actor(self.users[login.lower()])

    def add_issue(
        self, repository: Repository, login: str, title: str, body: str = "", labels: Iterable[str] = ()
    ) -> Issue:
        with self.lock:
            return acts.open_issue(self, repository, self.person(login), title=title, body=body, labels=list(labels))

    def comment(self, issue: Issue, login: str, body: str) -> Comment:
        with self.lock:
            return acts.comment(self, issue, self.person(login), body)

    def review(
        self,
        pull: Issue,
        login: str,
        state: str,
        body: str = "",
        comments: Iterable[tuple[str, int, str]] = (),
    ) -> Review:
        """`state` is APPROVE, REQUEST_CHANGES or COMMENT; `comments` are (path, line after the change, words)."""
        if pull.pull is None:
            raise ValueError(f"#{pull.number} is no pull request")
        with self.lock:
            drafts = [reviews.Draft(*one) for one in comments]
            who = self.person(login)
            return reviews.submit(self, pull, pull.pull, who, event=state, body=body, drafts=drafts)

    def push(
        self, repository: Repository, login: str, branch: str, files: Mapping[str, str], message: str = "Change"
    ) -> str:
        """A commit that `login` pushes to `branch`, with its events; a new branch starts from the default one."""
        with self.lock:
            who, git = self.person(login), repository.git
            if git.sha(f"refs/heads/{branch}") is None:
                git.run("update-ref", f"refs/heads/{branch}", f"refs/heads/{repository.default_branch}")
            email = f"{login}@users.noreply.github.com"
            made = git.commit(branch, files, author=who.user.name, email=email, message=message)
            pulls.notice_push(self, repository, who)
            return made

    def check(
        self,
        repository: Repository,
        sha: str,
        name: str,
        conclusion: str | None = None,
        *,
        status: str = "",
        is_status: bool = False,
    ) -> None:
        """A program says of a commit how its check stands; a later word of the same name replaces the earlier one."""
        with self.lock:
            told = status or ("completed" if conclusion else "in_progress")
            one = Check(self.next_id(), name, told, conclusion, self.clock(), is_status)
            others = [it for it in repository.checks.get(sha, []) if (it.name, it.is_status) != (name, is_status)]
            repository.checks[sha] = [*others, one]

    def installation_token(
        self, installation_id: int, *, repositories: list[str] | None = None, permissions: dict[str, str] | None = None
    ) -> str:
        """A fresh installation token, narrowed as asked; lives an hour."""
        with self.lock:
            chosen = [self.repository(name) for name in repositories] if repositories is not None else None
            installed = self.installations[installation_id]
            return auth.grant(self, installed, repositories=chosen, permissions=permissions).text

    def user_token(self, login: str) -> str:
        """A personal token that may do whatever its owner may."""
        with self.lock:
            return auth.grant_user(self, self.users[login.lower()])

    def announce_pull(self, issue: Issue, actor: Actor, action: str, more: Json) -> None:
        """For `acts`, which `pulls` builds upon."""
        pulls.announce(self, issue, actor, action, more)

    def announce(self, event: str, repository: Repository, sender: User, payload: Json) -> None:
        """Sends an event to every App that is installed on the repository and listens to it."""
        around: dict[str, Any] = {"repository": repositories.repository(self.urls, repository)}
        if repository.owner.kind == "Organization":
            around["organization"] = people.organization(self.urls, repository.owner)
        around["sender"] = people.user(self.urls, sender)
        for one in self.installations.values():
            if repository in one.repositories and event in one.app.events and one.suspended_at is None:
                here = {"installation": {"id": one.id, "node_id": f"MDIz{one.id}"}}
                ids = {"installation_id": one.id, "repository_id": repository.id}
                self.webhooks.send(one.app, event, around | payload | here, **ids)
