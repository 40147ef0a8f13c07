"""Apps from manifests: what GitHub reads, refuses and hands over, once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from emulators.github import create_app
from jobs.github.manifest import EVENTS, PERMISSIONS, manifest
from tests.emulators.github_stage import Stage, opened

HOME = "http://github.test"
GOOD = manifest(name="porter-test", url="http://porter.test", dashboard_url="http://porter.test:8501")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as stage:
        yield stage


@pytest.fixture
def pages(stage: Stage) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(create_app(stage.world)), base_url=HOME) as client:
        yield client


def code_of(pages: httpx.Client, told: dict[str, object] = GOOD) -> httpx.URL:
    shown = pages.post("/settings/apps/new?state=s1", data={"manifest": json.dumps(told)})
    assert shown.status_code == 200, shown.text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    form = {name: unescape(value) for name, value in form.items()}
    done = pages.post("/settings/apps", data=form | {"who": "maria"}, headers={"Origin": HOME})
    assert done.status_code == 302, done.text
    return httpx.URL(done.headers["location"])


def test_the_code_is_exchanged_once_for_an_app_that_can_speak(stage: Stage, pages: httpx.Client) -> None:
    back = code_of(pages)
    assert (back.host, back.path, back.params["state"]) == ("porter.test", "/api/setup/app/callback", "s1")
    path = f"/app-manifests/{back.params['code']}/conversions"
    told = stage.api.post(path, headers={"User-Agent": "porter"})
    assert told.status_code == 201
    app = told.json()
    assert (app["permissions"], tuple(app["events"]), app["owner"]["login"]) == (PERMISSIONS, EVENTS, "maria")
    assert app["pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    me = stage.api.get("/app", headers=stage.jwt(key=app["pem"], iss=str(app["id"])))
    assert me.json()["slug"] == app["slug"]
    assert stage.api.post(path, headers={"User-Agent": "porter"}).status_code == 404


def test_a_code_older_than_an_hour_is_worth_nothing(stage: Stage, pages: httpx.Client) -> None:
    code = code_of(pages).params["code"]
    stage.clock.pass_by(hours=1)
    assert stage.api.post(f"/app-manifests/{code}/conversions", headers={"User-Agent": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param({"default_events": ["sunrise"]}, "unsupported: sunrise", id="event"),
        pytest.param({"default_permissions": {"contents": "write"}}, "not supported by permissions", id="unpermitted"),
        pytest.param({"default_permissions": {"contents": "own"}}, "default_permissions.contents", id="level"),
        pytest.param({"redirect_url": "porter.test"}, "redirect_url", id="address"),
        pytest.param({"homepage": "x"}, "homepage", id="unknown-field"),
        pytest.param({"name": "x" * 35}, "name", id="long-name"),
    ],
)
def test_a_wrong_manifest_is_refused_before_anybody_agrees(pages: httpx.Client, wrong, words: str) -> None:
    answer = pages.post("/settings/apps/new", data={"manifest": json.dumps(GOOD | wrong)})
    assert answer.status_code == 422
    assert words in unescape(answer.text)


def test_another_site_cannot_press_the_button(pages: httpx.Client, stage: Stage) -> None:
    form = {"manifest": json.dumps(GOOD), "who": "maria"}
    refused = pages.post("/settings/apps", data=form, headers={"Origin": "http://evil.test"})
    assert refused.status_code == 403
    assert len(stage.world.apps) == 1
