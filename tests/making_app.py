"""A Porter that has no GitHub App yet, and the buttons that lead to one, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
from flask import Flask

from emulators.github import World
from emulators.github import create_app as create_github
from intake.app import create_app
from jobs import app_setup, bootstrap
from jobs.bootstrap import Services
from jobs.config import Config
from store import migrate
from tests.signing_in import served


@dataclass
class Place:
    """Porter at `url` without an App, GitHub with maria and acme, and settings for another process."""

    services: Services
    world: World
    url: str
    settings: dict[str, str]

    def again(self) -> Services:
        """Another process of the same Porter."""
        return bootstrap.build(Config.model_validate(self.settings))

    def way_back(self, browser: httpx.Client, organisation: str = "") -> str:
        """Press the buttons up to GitHub's; the address that it leads back to."""
        ticket = app_setup.ticket(self.services, by="maria")
        page = browser.post("/api/setup/app", data={"ticket": ticket, "organisation": organisation})
        assert page.status_code == 200, page.text
        target = unescape(re.search(r'<form method="post" action="([^"]+)"', page.text).group(1))
        manifest = unescape(re.search(r'name="manifest" value="([^"]+)"', page.text).group(1))
        shown = httpx.post(target, data={"manifest": manifest})
        assert "Create as maria" in shown.text, shown.text
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
        form = {name: unescape(value) for name, value in form.items()}
        github = self.settings["GITHUB_URL"]
        done = httpx.post(f"{github}/settings/apps", data=form | {"who": "maria"}, headers={"Origin": github})
        assert done.status_code == 302, done.text
        return str(done.headers["location"])


@contextmanager
def without_app(folder: Path, dashboard: str = "http://127.0.0.1:1", **more: str) -> Iterator[Place]:
    """All of it. `dashboard`: its address; `more`: variables of the environment."""
    migrate.upgrade(f"sqlite:///{folder / 'porter.db'}")
    world, late = World(folder / "git"), Flask("not yet")
    with served(create_github(world)) as github, served(late) as url:
        world.move_to(github)
        world.add_user("maria")
        world.add_user("acme", kind="Organization")
        settings = {
            "PORTER_ENV": "production", "DATABASE_URL": f"sqlite:///{folder / 'porter.db'}",
            "REDIS_URL": "redis://127.0.0.1:1/0", "PORTER_VAULT_KEYS": f"v1:{'A' * 43}=", "PORTER_URL": url,
            "PORTER_DASHBOARD_URL": dashboard, "PORTER_API_TOKEN": "api", "PORTER_HOST": "fly",
            "PORTER_DASHBOARD_PASSWORD": "open", "GITHUB_URL": github, "GITHUB_API_URL": f"{github}/api",
        } | more  # fmt: skip
        services = bootstrap.build(Config.model_validate(settings))
        late.wsgi_app = create_app(services).wsgi_app  # type: ignore[method-assign]  # its port was to be known first
        yield Place(services, world, url, settings)
        services.db.close()
        world.close()
