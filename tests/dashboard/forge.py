"""A GitHub that a dashboard process can reach, with pull requests of Porter's on it.

`python -m tests.dashboard.forge` keeps one up, with a dashboard before it, to look at by eye.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from werkzeug.serving import make_server

from emulators.github import World, create_app
from emulators.github.config import EVENTS, PERMISSIONS
from emulators.github.model import Issue, Repository
from store import installations
from store.database import Database
from store.installations import InstallationSeen, RepositoriesSeen
from store.lifecycle import Outcome, Status
from store.records import Task
from tests.builders import make_task
from tests.dashboard import builders
from tests.dashboard.conftest import serving
from tests.emulators.github_stage import APP_ID, SECRET, key_pair

FILES = {
    "README.md": "# widgets\n\nMakes widgets.\n",
    "src/login.py": '"""Signing in."""\n\nfrom urllib.parse import unquote_plus\n\n\ndef address(form):\n'
    '    # What the browser sent.\n    return unquote_plus(form["address"])\n',
    "src/old_name.py": "".join(f"NUMBER_{n} = {n}\n" for n in range(40)),
    "web/app.ts": 'export function greet(name: string): string {\n  return "Helo, " + name;\n}\n',
}
CHANGED = {
    "README.md": "# widgets\n\nMakes widgets, and signs people in.\n\n```\n$ widgets sign-in\n```\n",
    "src/login.py": '"""Signing in."""\n\n\ndef address(form: dict[str, str]) -> str:\n'
    '    # What the browser sent: decoded once, by the framework.\n    return form["address"].strip()\n',
    "web/app.ts": "export function greet(name: string, late = false): string {\n"
    '  const word = late ? "Good night" : "Hello";\n  return `${word}, ${name}`;\n}\n',
    "tests/test_login.py": "from src.login import address\n\n\ndef test_a_plus_sign_stays():\n"
    '    assert address({"address": "maria+x@acme.test"}) == "maria+x@acme.test"\n',
    "web/logo.bin": "\x00\x01\x02",
    "data/long.csv": "".join(f"{n},{n * n}\n" for n in range(700)),
}


@dataclass
class Forge:
    """GitHub at `url`, its one repository, and how a Porter reaches it."""

    world: World
    repository: Repository
    installation: int
    url: str

    @property
    def environment(self) -> dict[str, str]:
        app = {"GITHUB_APP_ID": str(APP_ID), "GITHUB_APP_PRIVATE_KEY": key_pair()[0]}
        return {"GITHUB_URL": self.url, "GITHUB_API_URL": f"{self.url}/api", "PORTER_DEFAULT_AGENT": "mock", **app}

    def known_to(self, db: Database) -> None:
        """As the installation's delivery would tell it."""
        now = datetime.now(UTC)
        with db.write() as connection:
            installations.seen(connection, InstallationSeen(self.installation, "acme", None, False, now), now=now)
            news = RepositoriesSeen(self.installation, added=[(self.repository.full_name, self.repository.id, False)])
            installations.repositories_seen(connection, news, now=now)

    def pull(self, db: Database, title: str, files: Mapping[str, str] = CHANGED, **more: Any) -> Task:
        """A finished task with an open pull request."""
        issue = self.world.add_issue(self.repository, "maria", title, "It happens every time, and it should not.", [])
        branch = f"porter/issue-{issue.number}-mock-7f3a"
        git = self.repository.git
        git.run("update-ref", f"refs/heads/{branch}", git.branches()["main"])
        head = git.commit(branch, files, author="Porter", email="porter@example.test", message=title)
        token = self.world.installation_token(self.installation)
        request: dict[str, Any] = {"title": title, "head": branch, "base": "main", "body": f"Closes #{issue.number}"}
        request["draft"] = more.pop("draft", False)
        pulls = f"{self.url}/api/repos/{self.repository.full_name}/pulls"
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "tests"}
        found = httpx.post(pulls, json=request, headers=headers).raise_for_status().json()
        values = {
            "issue_number": issue.number, "issue_title": title, "branch": branch, "base_branch": "main",
            "head_sha": head, "pr_number": found["number"], "pr_url": found["html_url"], "pr_state": "open",
            "outcome": Outcome.PULL_REQUEST, "files_changed": len(files), "additions": 24, "deletions": 7,
            "summary": "The address is decoded once. A test shows that a plus sign stays.", "cost_usd": 0.41,
            "machine_seconds": 134.0, "agent": "mock",
        }  # fmt: skip
        asked_as = {"repository": self.repository.full_name, "installation_id": self.installation}
        return make_task(db, now=datetime.now(UTC), status=Status.SUCCEEDED, **(asked_as | values | more))

    def on(self, task: Task) -> Issue:
        """The pull request itself."""
        return self.repository.issues[task.pr_number or 0]


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """One at a free port, until the block ends."""
    world = World(folder / "github")
    for login in ("maria", "tom", "eve"):
        world.add_user(login)
    repository = world.add_repository("acme/widgets", FILES, collaborators={"maria": "admin", "tom": "write"})
    app = world.add_app("porter", APP_ID, key_pair()[1], "http://127.0.0.1:9/hook", SECRET, PERMISSIONS, EVENTS)
    server = make_server("127.0.0.1", 0, create_app(world), threaded=True)
    world.move_to(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield Forge(world, repository, world.install(app, [repository]), world.urls.web)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
        world.close()


def _show() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        github = stack.enter_context(forge(folder))
        dashboard = stack.enter_context(serving(folder, **github.environment))
        github.known_to(dashboard.db)
        builders.fill(dashboard.db, datetime.now(UTC))
        full = github.pull(dashboard.db, "Login fails with a plus sign in the address", requested_by="the operator")
        sha = full.head_sha or ""
        for check, end in (("tests", "success"), ("lint", "failure"), ("types", "success")):
            github.world.check(github.repository, sha, check, end)
        github.pull(dashboard.db, "A draft of the export", {"x.py": "x = 1\n"}, draft=True)
        words = "Write tests for the address parser. Cover the edges."
        mine = {"source": "dashboard", "requested_by": "the operator", "instructions": words, "agent": "mock"}
        make_task(dashboard.db, now=datetime.now(UTC), repository="acme/widgets", **mine)
        sys.stdout.write(f"{dashboard.url}/review?id={full.id}\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        threading.Event().wait()


if __name__ == "__main__":
    _show()
