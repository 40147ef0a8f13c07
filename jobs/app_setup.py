"""Making the GitHub App by a click: an admin's ticket, GitHub's page, and the way back with a code."""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

import httpx

from jobs import app_settings
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github import manifest
from jobs.github.errors import GitHubError
from jobs.github.manifest import NewApp
from store import sign_ins
from store.sign_ins import SignIn

_log = logging.getLogger(__name__)

COMING_BACK = timedelta(minutes=30)  # GitHub asks for a password now and then, and people read what they agree to
TICKET_LIFE = timedelta(minutes=30)
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_BYTES = 32
_TICKET, _RETURN = "app-ticket", "app-return"
_PAGE = "/setup"


class CannotMakeApp(JobError):
    """There will be no App this way; the message says what to do."""


@dataclass(frozen=True)
class Departure:
    """GitHub's page, the manifest it is sent as JSON, and what the browser keeps until it comes back."""

    address: str
    manifest: str
    name: str
    browser: str


def ticket(services: Services, *, by: str) -> str:
    """What lets one browser begin, once. Only for an admin: whoever calls this has checked it.

    Raises CannotMakeApp when there is an App already.
    """
    _refuse_second(services)
    made = secrets.token_urlsafe(_BYTES)
    _keep(services, _TICKET, by, state=made, browser="", life=TICKET_LIFE)
    return made


def begin(services: Services, *, ticket: str, organisation: str = "") -> Departure:
    """Where to send the manifest; without an organisation the App is the person's own. Raises CannotMakeApp."""
    if organisation and not manifest.is_organisation(organisation):
        raise CannotMakeApp("that is no organisation's name on GitHub; go back and type it as in its address")
    by = _take(services, _TICKET, state=ticket, browser="")
    _refuse_second(services)
    state, browser = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
    _keep(services, _RETURN, by, state=state, browser=browser, life=COMING_BACK)
    config = services.config
    asked = manifest.manifest(name=f"porter-{secrets.token_hex(3)}", url=config.url, dashboard_url=config.dashboard_url)
    where = manifest.address(config.github_url, organisation, state)
    return Departure(where, json.dumps(asked), asked["name"], browser)


def finish(services: Services, *, state: str, code: str, browser: str) -> NewApp:
    """The person is back with GitHub's code: fetch the keys and keep them, sealed. Raises CannotMakeApp."""
    by = _take(services, _RETURN, state=state, browser=browser)
    _refuse_second(services)
    try:
        with httpx.Client(timeout=_TIMEOUT) as http:
            app = manifest.convert(http, services.config.github_api_url, code)
    except GitHubError as error:
        raise CannotMakeApp(f"{error} Begin again; delete the App on GitHub if it was made.") from error
    app_settings.save(services.db, services.vault, app, by=by, now=services.clock())
    services.take_on_app()
    _log.info("a GitHub App was made", extra={"action": "app_created", "app": app.slug, "by": by})
    return app


def _refuse_second(services: Services) -> None:
    """One that the environment names counts first; one that is stored is forgotten on purpose only."""
    services.take_on_app()
    if services.config.names_app:
        raise CannotMakeApp(
            "there is a GitHub App already; to make another, take the old one out of the environment, or run "
            "`porter app forget`, and restart Porter"
        )


def _keep(services: Services, kind: str, by: str, *, state: str, browser: str, life: timedelta) -> None:
    one = SignIn(json.dumps([kind, by]), _PAGE)
    sign_ins.begin(
        services.db, services.vault, one, state=state, browser=browser, expires_at=services.clock() + life
    )  # fmt: skip


def _take(services: Services, kind: str, *, state: str, browser: str) -> str:
    """Who began. The kind is checked too: the state of somebody's sign-in, which anybody may begin, opens nothing."""
    one = sign_ins.take(services.db, services.vault, state=state, browser=browser, now=services.clock())
    try:
        told = json.loads(one.verifier) if one else None
    except ValueError:
        told = None
    if not isinstance(told, list) or told[:1] != [kind]:
        raise CannotMakeApp("that was begun in another browser, or too long ago; open the set-up page and begin again")
    return str(told[1])
