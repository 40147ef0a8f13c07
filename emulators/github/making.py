"""Apps made by people: the page that a manifest is sent to, its button, and the page that installs an App.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Blueprint, Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from emulators.github import installing, manifest
from emulators.github.auth import digest
from emulators.github.errors import Refusal, not_found
from emulators.github.manifest import Manifest
from emulators.github.model import App, NewApp, OAuthClient, Repository, User
from emulators.github.pages import SHUT
from emulators.github.pages.deeds import check_same_site

if TYPE_CHECKING:
    from emulators.github.world import World

CODE_LIFE = timedelta(hours=1)


class Making:
    """The addresses, each under the world's lock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self, org: str = "") -> ResponseReturnValue:
        """The page that a manifest is posted to, from wherever: it changes nothing. One button for each person."""
        text = request.form.get("manifest", "")
        one = manifest.read(text)
        people = [user for user in self.world.users.values() if user.kind == "User" and "-owner" not in user.login]
        asked = {"manifest": text, "state": request.args.get("state", ""), "organization": self._account(org)}
        return render_template("new_app.html", one=one, people=people, asked=asked)

    def make(self) -> ResponseReturnValue:
        """The button: the App is made, and its owner sent back with a code."""
        check_same_site(self.world)
        one = manifest.read(request.form.get("manifest", ""))
        who = self._person()
        holder = self._account(request.form.get("organization", ""))
        owner = self.world.users[(holder or who.login).lower()]
        code = self._make(one, request.form.get("name", "").strip() or one.name, owner)
        query = {"code": code} | ({"state": request.form["state"]} if request.form.get("state") else {})
        return redirect(f"{one.redirect_url}?{urlencode(query)}", 302)

    def choose(self, slug: str) -> ResponseReturnValue:
        """Where an App is to be installed."""
        app = self._app(slug)
        return render_template("install_app.html", app=app, repositories=list(self.world.repositories.values()))

    def install(self, slug: str) -> ResponseReturnValue:
        """Installed: the App hears of it, and its owner goes on to its set-up page, if it has one."""
        check_same_site(self.world)
        app = self._app(slug)
        chosen = [self._repository(name) for name in request.form.getlist("repositories")]
        if not chosen or len({one.owner.login for one in chosen}) != 1:
            raise Refusal(422, "Choose repositories of one account.")
        made = installing.install(self.world, app, chosen)
        query = urlencode({"installation_id": made.id, "setup_action": "install"})
        return redirect(f"{app.setup_url}?{query}" if app.setup_url else "/", 302)

    def _make(self, one: Manifest, name: str, owner: User) -> str:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if not slug or any(app.slug == slug for app in self.world.apps.values()):
            raise Refusal(422, "Name is already taken.")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        hook = one.hook_attributes.url if one.hook_attributes else ""
        secret, code = secrets.token_hex(20), secrets.token_hex(20)
        app = self.world.add_app(
            slug, self.world.next_id(), _public(key), hook, secrets.token_hex(20), one.default_permissions,
            one.default_events, owner=owner.login, oauth=OAuthClient(digest(secret), list(one.callback_urls)),
        )  # fmt: skip
        app.name, app.setup_url = name, one.setup_url
        self.world.new_apps[digest(code)] = NewApp(app, self.world.clock() + CODE_LIFE, _private(key), secret)
        if hook:
            installing.ping(self.world, app)
        return code

    def _account(self, org: str) -> str:
        """The login of an organisation, or nothing."""
        if not org:
            return ""
        found = self.world.users.get(org.lower())
        if found is None or found.kind != "Organization":
            raise not_found()
        return found.login

    def _person(self) -> User:
        found = self.world.users.get(request.form.get("who", "").lower())
        if found is None or found.kind != "User":
            raise Refusal(422, "Say who you are.")
        return found

    def _app(self, slug: str) -> App:
        found = next((app for app in self.world.apps.values() if app.slug == slug), None)
        if found is None:
            raise not_found()
        return found

    def _repository(self, name: str) -> Repository:
        found = self.world.repositories.get(name.lower())
        if found is None:
            raise not_found()
        return found


def install(app: Flask, world: World) -> None:
    """Serves the pages under `/settings/apps`, `/organizations` and `/apps`."""
    making, rules = Making(world), Blueprint("making", __name__)
    for rule, view in (
        ("/settings/apps/new", making.ask),
        ("/organizations/<org>/settings/apps/new", making.ask),
        ("/settings/apps", making.make),
        ("/apps/<slug>/installations", making.install),
    ):
        rules.add_url_rule(rule, f"post {rule}".replace(".", "-"), _locked(world, view), methods=["POST"])
    rules.add_url_rule("/apps/<slug>/installations/new", "choose", _locked(world, making.choose), methods=["GET"])
    rules.after_request(_shut)
    app.register_blueprint(rules)


def _locked(world: World, view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    def under_the_lock(**args: str) -> ResponseReturnValue:
        try:
            with world.lock:
                return view(**args)
        except Refusal as no:
            return render_template("refused.html", words=no.message), no.status

    return under_the_lock


def _shut(answer: Response) -> Response:
    """The forms lead on to the App's own address, which browsers count as the form's target."""
    answer.headers.update(SHUT)
    policy = SHUT["Content-Security-Policy"].replace("form-action 'self'", "form-action 'self' http: https:")
    answer.headers["Content-Security-Policy"] = policy
    return answer


def _private(key: rsa.RSAPrivateKey) -> str:
    """GitHub's keys are in PKCS#1."""
    shape = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, shape, serialization.NoEncryption()).decode()


def _public(key: rsa.RSAPrivateKey) -> str:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, shape).decode()
