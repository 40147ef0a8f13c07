"""Making the GitHub App: whose click counts, what comes back, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from jobs import app_settings, app_setup, bootstrap, signing_in
from jobs.app_setup import CannotMakeApp
from jobs.config import Config
from tests.making_app import Place, without_app


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with without_app(tmp_path) as made:
        yield made


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


def test_signing_in_with_the_stored_app_needs_an_admin_and_a_password_stays_without(place, browser):
    browser.get(place.way_back(browser))
    assert not place.services.config.signs_in
    assert browser.get("/api/auth/sign-in").status_code == 404
    for admins, signs_in in (("", False), ("maria", True)):
        other = bootstrap.build(Config.model_validate(place.settings | {"PORTER_ADMINS": admins}))
        other.take_on_app()
        assert other.config.signs_in is signs_in
        other.db.close()


def test_an_app_of_the_environment_counts_first(place, browser):
    browser.get(place.way_back(browser))
    given = {"GITHUB_APP_ID": "77", "GITHUB_APP_PRIVATE_KEY": "x", "GITHUB_WEBHOOK_SECRET": "own"}
    other = bootstrap.build(Config.model_validate(place.settings | given))
    other.take_on_app()
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
