"""A Porter that people sign in to with GitHub's stand-in, all of it over real HTTP."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from flask import Flask
from werkzeug.serving import make_server

from emulators.github import create_app as create_github
from emulators.github.auth import digest
from emulators.github.model import OAuthClient
from intake.app import create_app
from jobs import bootstrap
from jobs.bootstrap import Services
from jobs.config import Config
from store import tables
from tests.emulators import github_stage
from tests.emulators.github_stage import Stage

SECRET = "the-client-secret-of-the-tests"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Place:
    """Porter at `url`, GitHub at `github`, and nobody signed in."""

    services: Services
    stage: Stage
    url: str
    github: str
    settings: dict[str, str]

    def environment(self, dashboard: str) -> dict[str, str]:
        """What a dashboard of this Porter is started with."""
        return self.settings | {"PORTER_DASHBOARD_URL": dashboard}

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, timeout=10) as client:
            yield client

    def asked(self, browser: httpx.Client, to: str = "/task?id=t1") -> str:
        """Press the button; GitHub's address that it leads to."""
        answer = browser.post("/api/auth/login", data={"to": to}, headers={"Origin": self.url})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def agreed(self, address: str, who: str, answer: str = "yes") -> str:
        """Say who one is on GitHub's page; Porter's address that it leads back to."""
        page = httpx.get(address)
        assert "wants to know who you are" in page.text, page.text
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        done = httpx.post(
            f"{self.github}/login/oauth/authorize", data=form | {"who": who, "answer": answer},
            headers={"Origin": self.github},
        )  # fmt: skip
        assert done.status_code == 302, done.text
        return str(done.headers["location"])

    def signed_in(self, browser: httpx.Client, who: str = "maria") -> httpx.Response:
        return browser.get(self.agreed(self.asked(browser), who))

    def rows(self) -> int:
        with self.services.db.read() as connection:
            return len(connection.execute(tables.browser_sessions.select()).all())


@contextmanager
def opened(
    folder: Path, database: Path, *, clock: Callable[[], datetime] | None = None, dashboard: str = ""
) -> Iterator[Place]:
    """All of it. `clock`: of Porter and GitHub both, else one that stands still; `dashboard`: its own address,
    if it has one."""
    with github_stage.opened(folder, clock) as stage, served(create_github(stage.world)) as github:
        late = Flask("not yet")
        with served(late) as url:
            stage.app.oauth = OAuthClient(digest(SECRET), [f"{url}/api/auth/callback"])
            settings = variables(database, url, github, stage.app.client_id) | {
                "PORTER_DASHBOARD_URL": dashboard or url
            }
            services = bootstrap.build(Config.model_validate(settings), clock=stage.clock)
            late.wsgi_app = create_app(services).wsgi_app  # type: ignore[method-assign]  # its port was to be known first
            yield Place(services, stage, url, github, settings)


def variables(database: Path, url: str, github: str, client_id: str) -> dict[str, str]:
    """Porter's configuration, as its environment says it."""
    return {        "PORTER_ENV": "production", "DATABASE_URL": f"sqlite:///{database}", "REDIS_URL": "redis://127.0.0.1:1/0",
        "PORTER_VAULT_KEYS": f"v1:{'A' * 43}=", "PORTER_URL": url, "PORTER_DASHBOARD_URL": url,
        "PORTER_API_TOKEN": "api", "GITHUB_WEBHOOK_SECRET": "hook", "GITHUB_APP_ID": str(github_stage.APP_ID),
        "PORTER_ADMINS": "maria",
        "GITHUB_APP_PRIVATE_KEY": github_stage.key_pair()[0], "GITHUB_URL": github, "PORTER_HOST": "fly",
        "GITHUB_API_URL": f"{github}/api", "GITHUB_CLIENT_ID": client_id, "GITHUB_CLIENT_SECRET": SECRET,
    }  # fmt: skip
