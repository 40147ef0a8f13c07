"""Making the GitHub App: whose click counts, what comes back, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx
import pytest
from flask import Flask
from pydantic import SecretStr

from emulators.github import World
from emulators.github import create_app as create_github
from intake.app import create_app
from jobs import app_settings, app_setup, bootstrap, signing_in
from jobs.app_setup import CannotMakeApp
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


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    migrate.upgrade(f"sqlite:///{tmp_path / 'porter.db'}")
    world, late = World(tmp_path / "git"), Flask("not yet")
    with served(create_github(world)) as github, served(late) as url:
        world.move_to(github)
        world.add_user("maria")
        world.add_user("acme", kind="Organization")
        settings = {
            "PORTER_ENV": "production", "DATABASE_URL": f"sqlite:///{tmp_path / 'porter.db'}",
            "REDIS_URL": "redis://127.0.0.1:1/0", "PORTER_VAULT_KEYS": f"v1:{'A' * 43}=", "PORTER_URL": url,
            "PORTER_DASHBOARD_URL": "http://127.0.0.1:1", "PORTER_API_TOKEN": "api", "PORTER_HOST": "fly",
            "PORTER_DASHBOARD_PASSWORD": "open", "GITHUB_URL": github, "GITHUB_API_URL": f"{github}/api",
        }  # fmt: skip
        services = bootstrap.build(Config.model_validate(settings))
        late.wsgi_app = create_app(services).wsgi_app  # type: ignore[method-assign]  # its port was to be known first
        yield Place(services, world, url, settings)
        services.db.close()
        world.close()


@pytest.fixture
def browser(place: Place) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=place.url, timeout=10) as client:
        yield client


def test_every_process_takes_the_new_app_on_and_the_environments_webhook_secret_counts_no_more(place, browser):
    other = place.again()
    other.take_on_app()
    assert not other.config.names_app
    came = browser.get(place.way_back(browser, "acme"))
    assert (came.status_code, came.headers["location"]) == (303, "http://127.0.0.1:1/setup")
    (app,) = place.world.apps.values()
    assert app.owner.login == "acme"
    other.take_on_app()
    assert (other.config.github_app_id, other.config.github_app_slug) == (str(app.id), app.slug)
    assert other.config.github_webhook_secret.get_secret_value() == app.webhook_secret
    assert other.github.app.described()["permissions"] == app.permissions
    assert "BEGIN" not in repr(other.config)
    assert "BEGIN" not in repr(app_settings.stored(other.db, other.vault))
    other.db.close()


def test_signing_in_with_the_stored_app_begins_at_a_restart_and_needs_an_admin(place, browser):
    browser.get(place.way_back(browser))
    assert not place.services.config.signs_in
    for admins, signs_in in (("", False), ("maria", True)):
        other = bootstrap.build(Config.model_validate(place.settings | {"PORTER_ADMINS": admins}))
        other.take_on_app(starting=True)
        assert other.config.signs_in is signs_in
        other.db.close()


def test_an_app_of_the_environment_counts_first(place, browser):
    browser.get(place.way_back(browser))
    given = {"GITHUB_APP_ID": "77", "GITHUB_APP_PRIVATE_KEY": "x", "GITHUB_WEBHOOK_SECRET": "own"}
    other = bootstrap.build(Config.model_validate(place.settings | given))
    other.take_on_app(starting=True)
    assert other.config.github_app_id == "77"
    assert other.config.github_webhook_secret.get_secret_value() == "own"
    other.db.close()


def test_without_a_ticket_nobody_begins_and_a_ticket_counts_once(place, browser):
    assert browser.post("/api/setup/app", data={"ticket": "made-up"}).status_code == 403
    ticket = app_setup.ticket(place.services, by="maria")
    assert browser.post("/api/setup/app", data={"ticket": ticket}).status_code == 200
    assert browser.post("/api/setup/app", data={"ticket": ticket}).status_code == 403


def test_the_way_back_counts_once_and_in_the_browser_that_began(place, browser):
    back = place.way_back(browser)
    with httpx.Client() as stranger:
        assert stranger.get(back).status_code == 403
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 403


def test_the_state_of_a_sign_in_which_anybody_may_begin_brings_no_app(place, browser):
    config = place.services.config.model_copy(update={"github_client_id": "c", "github_client_secret": SecretStr("s")})
    departure = signing_in.begin(bootstrap.build(config), "/")
    state = re.search(r"state=([^&]+)", departure.address).group(1)
    with pytest.raises(CannotMakeApp, match="begin again"):
        app_setup.finish(place.services, state=state, code="c0de", browser=departure.browser)
    assert app_settings.note(place.services.db) is None


def test_there_is_one_app_and_no_click_replaces_it(place, browser):
    first = place.way_back(browser)
    ticket = app_setup.ticket(place.services, by="maria")
    assert browser.get(first).status_code == 303
    second = browser.post("/api/setup/app", data={"ticket": ticket})
    assert second.status_code == 403
    assert "porter app forget" in second.text
    with pytest.raises(CannotMakeApp):
        app_setup.ticket(place.services, by="maria")


@pytest.mark.parametrize("code", ["nonsense", "../app", ""])
def test_a_code_that_is_not_githubs_stores_nothing(place, browser, code):
    back = httpx.URL(place.way_back(browser))
    refused = browser.get(back.copy_set_param("code", code))
    assert refused.status_code == 403
    assert "Nothing was stored" in refused.text
    assert app_settings.stored(place.services.db, place.services.vault) is None


def test_diagnostics_are_for_the_api_token_and_tell_one_fix_for_each_fault(place, browser):
    assert browser.get("/api/startup/check").status_code == 401
    for path in ("/api/startup/check", "/api/auth/diagnostics"):
        told = browser.get(path, headers={"Authorization": "Bearer api"})
        assert told.status_code == 200
        checks = {one["name"]: one for one in told.json()["checks"]}
        assert told.json()["ok"] is False
        assert checks["database"]["ok"] is True
        assert checks["app"]["fix"] == "Make one by a click: http://127.0.0.1:1/setup"
        assert all(one["fix"] for one in checks.values() if one["ok"] is False), json.dumps(checks)
