"""Signing people in for an App: the page that asks them, the code, the token, its end.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from emulators.github.auth import digest
from emulators.github.errors import Refusal
from emulators.github.model import App, Repository, SignIn, Token, User
from emulators.github.pages import SHUT
from emulators.github.pages.deeds import check_same_site

if TYPE_CHECKING:
    from emulators.github.world import World

CODE_LIFE = timedelta(minutes=10)
TOKEN_SECONDS = 8 * 3600
REFRESH_SECONDS = 15_811_200  # half a year


def covered(world: World, app: App) -> list[Repository]:
    """The repositories an App is installed on."""
    mine = [one for one in world.installations.values() if one.app is app and one.suspended_at is None]
    return [repository for one in mine for repository in one.repositories]


class OAuth:
    """The addresses, each under the world's lock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def ask(self) -> ResponseReturnValue:
        """The page that asks a person; what is wrong with the question is said there, and leads nowhere else."""
        with self.world.lock:
            app = self._app(request.args.get("client_id", ""))
            if app is None or app.oauth is None:
                return render_template("refused.html", words="There is no App with this client id."), 404
            back = request.args.get("redirect_uri") or app.oauth.callbacks[0]
            if back not in app.oauth.callbacks:
                words = "The redirect_uri is not associated with this application."
                return render_template("refused.html", words=words), 404
            everyone = [(user, "") for user in self.world.users.values() if user.kind == "User"]
            asked = {name: request.args.get(name, "") for name in ("client_id", "state", "code_challenge")}
            asked |= {"redirect_uri": back, "code_challenge_method": request.args.get("code_challenge_method", "")}
            return render_template("authorize.html", app=app, people=everyone, asked=asked)

    def agree(self) -> ResponseReturnValue:
        """The person pressed the button: back to the App, with a code or with their refusal."""
        try:
            check_same_site(self.world)
        except Refusal as no:
            return render_template("refused.html", words=no.message), no.status
        with self.world.lock:
            form = request.form
            app, user = self._app(form.get("client_id", "")), self.world.users.get(form.get("who", "").lower())
            back = form.get("redirect_uri", "")
            if app is None or app.oauth is None or user is None or back not in app.oauth.callbacks:
                return render_template("refused.html", words="That cannot be agreed to."), 422
            answer = {"state": form.get("state", "")} if form.get("state") else {}
            if form.get("answer") != "yes":
                answer |= {
                    "error": "access_denied",
                    "error_description": "The user has denied your application access.",
                }
            else:
                answer |= {"code": self._code(app, user, back, form)}
            return redirect(f"{back}?{urlencode(answer)}", 302)

    def exchange(self) -> ResponseReturnValue:
        """A code, or a refresh token, for a token. Errors are 200 with `error`, as GitHub's are."""
        with self.world.lock:
            given = request.form if request.form else (request.get_json(silent=True) or {})
            app = self._app(str(given.get("client_id", "")))
            if app is None or not _right_secret(app, str(given.get("client_secret", ""))):
                return _error("incorrect_client_credentials", "The client_id and/or client_secret are incorrect.")
            if given.get("grant_type") == "refresh_token":
                return self._refreshed(app, str(given.get("refresh_token", "")))
            found = self.world.sign_ins.pop(digest(str(given.get("code", ""))), None)
            if found is None or found.app is not app or found.until <= self.world.clock():
                return _error("bad_verification_code", "The code passed is incorrect or expired.")
            if given.get("redirect_uri", found.redirect_uri) != found.redirect_uri:
                return _error("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL.")
            if found.challenge and not _proves(str(given.get("code_verifier", "")), found.challenge):
                return _error("bad_verification_code", "The code passed is incorrect or expired.")
            return self._granted(app, found.user)

    def end(self, client_id: str) -> ResponseReturnValue:
        """DELETE /applications/{client_id}/token, with the App's own name and secret.

        https://docs.github.com/rest/apps/oauth-applications#delete-an-app-token
        """
        with self.world.lock:
            app, basic = self._app(client_id), request.authorization
            known = app is not None and basic is not None and basic.username == client_id
            if app is None or not known or not _right_secret(app, (basic and basic.password) or ""):
                return jsonify(message="Not Found", status="404"), 404
            body = request.get_json(silent=True)
            token = body.get("access_token") if isinstance(body, dict) else None
            if not isinstance(token, str):
                return jsonify(message="Validation Failed", status="422"), 422
            found = self.world.tokens.get(digest(token))
            if found is None or found.app is not app:
                return jsonify(message="Not Found", status="404"), 404
            del self.world.tokens[digest(token)]
            return Response(status=204)

    def _app(self, client_id: str) -> App | None:
        return next((app for app in self.world.apps.values() if app.client_id == client_id), None)

    def _code(self, app: App, user: User, back: str, form: Any) -> str:
        method, challenge = form.get("code_challenge_method", ""), form.get("code_challenge", "")
        if challenge and method != "S256":
            challenge = "only S256 is taken"
        code = secrets.token_hex(10)
        until = self.world.clock() + CODE_LIFE
        self.world.sign_ins[digest(code)] = SignIn(app, user, back, challenge, until)
        return code

    def _granted(self, app: App, user: User) -> ResponseReturnValue:
        text, refresh = f"ghu_{secrets.token_hex(18)}", f"ghr_{secrets.token_hex(38)}"
        until = self.world.clock() + timedelta(seconds=TOKEN_SECONDS)
        self.world.tokens[digest(text)] = Token(digest(text), until, user=user, app=app)
        far = self.world.clock() + timedelta(seconds=REFRESH_SECONDS)
        self.world.refresh_tokens[digest(refresh)] = Token(digest(refresh), far, user=user, app=app)
        return jsonify(
            access_token=text, expires_in=TOKEN_SECONDS, refresh_token=refresh,
            refresh_token_expires_in=REFRESH_SECONDS, token_type="bearer", scope="",  # noqa: S106
        )  # fmt: skip

    def _refreshed(self, app: App, text: str) -> ResponseReturnValue:
        found = self.world.refresh_tokens.pop(digest(text), None)
        if found is None or found.app is not app or found.user is None:
            return _error("bad_refresh_token", "The refresh token passed is incorrect or expired.")
        return self._granted(app, found.user)


def _right_secret(app: App, given: str) -> bool:
    return app.oauth is not None and hmac.compare_digest(digest(given), app.oauth.secret_digest)


def _proves(verifier: str, challenge: str) -> bool:
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(made, challenge)


def _error(error: str, words: str) -> ResponseReturnValue:
    return jsonify(error=error, error_description=words, error_uri="https://docs.github.com")


def install(app: Flask, world: World) -> None:
    """Serves what lies beside the REST API: the page at `/login/oauth`, and the one call that takes a secret."""
    oauth, rules = OAuth(world), Blueprint("oauth", __name__)
    rules.add_url_rule("/login/oauth/authorize", "ask", oauth.ask, methods=["GET"])
    rules.add_url_rule("/login/oauth/authorize", "agree", oauth.agree, methods=["POST"])
    rules.add_url_rule("/login/oauth/access_token", "exchange", oauth.exchange, methods=["POST"])
    rules.add_url_rule("/api/applications/<client_id>/token", "end", oauth.end, methods=["DELETE"])
    rules.after_request(_shut)
    app.register_blueprint(rules)


def _shut(answer: Response) -> Response:
    """As the other pages, but the form leads on to the App's own address, which browsers count as the form's target."""
    answer.headers.update(SHUT)
    answer.headers["Content-Security-Policy"] = SHUT["Content-Security-Policy"].replace(
        "form-action 'self'", "form-action 'self' http: https:"
    )
    return answer
