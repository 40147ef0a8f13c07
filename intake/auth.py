"""`/api/auth`: signing in with GitHub and out again. What a person sees here are pages; `me` is for programs."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from intake.errors import Forbidden, Unknown, WrongToken
from jobs import roles, signing_in
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.github.errors import GitHubError
from jobs.signing_in import COMING_BACK, COOKIE, Arrival, NotSignedIn
from store.members import Role

PATH = "/api/auth"
_COMING_BACK_COOKIE = "porter_coming_back"
_DENIED = "GitHub says that you did not agree. Nothing was stored."
_HEADERS = {
    # The button's form leads on to GitHub, which browsers count as the form's target.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self' {github}; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def routes(services: Services) -> Blueprint:
    """The addresses of the sign-in. Where nobody can sign in with GitHub they do not exist."""
    auth = Blueprint(
        "auth",
        __name__,
        url_prefix=PATH,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    door = Door(services)

    @auth.before_request
    def _is_there() -> None:
        if not services.config.signs_in:
            raise Unknown("nobody signs in here with GitHub", action="set GITHUB_CLIENT_ID; see docs/configuration.md")

    @auth.after_request
    def _shut(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers[name] = value.replace("{github}", services.config.github_url)
        return answer

    auth.add_url_rule("/sign-in", "sign_in", door.page, methods=["GET"])
    auth.add_url_rule("/login", "login", door.leave, methods=["POST"])
    auth.add_url_rule("/callback", "callback", door.come_back, methods=["GET"])
    auth.add_url_rule("/logout", "logout", door.sign_out, methods=["POST"])
    auth.add_url_rule("/me", "me", door.me, methods=["GET"])
    return auth


class Door:
    """What happens at each address."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def _config(self) -> Config:
        """As it is now: an App that was made since this process began brings the sign-in with it."""
        return self._services.config

    def page(self) -> ResponseReturnValue:
        """The page with the button."""
        said = "You are signed out, in every browser." if request.args.get("said") == "out" else ""
        return self._page(said, goes_to=request.args.get("to", "/"))

    def leave(self) -> ResponseReturnValue:
        """To GitHub. A POST, so that no link or picture on another site sends anybody through a sign-in."""
        self._refuse_other_sites()
        departure = signing_in.begin(self._services, request.form.get("to", "/"))
        answer = make_response(redirect(departure.address, 303))
        seconds = int(COMING_BACK.total_seconds())
        self._set(answer, _COMING_BACK_COOKIE, departure.browser, seconds, path=f"{PATH}/callback")
        return answer

    def come_back(self) -> ResponseReturnValue:
        """From GitHub, with a code or a refusal."""
        if "error" in request.args:
            return self._page(_DENIED, status=403)
        state, code = request.args.get("state", ""), request.args.get("code", "")
        browser = request.cookies.get(_COMING_BACK_COOKIE, "")
        try:
            arrival = signing_in.finish(self._services, state=state, code=code, browser=browser)
        except NotSignedIn as error:
            return self._page(f"You are not signed in: {error}", status=403)
        except GitHubError as error:
            return self._page(f"You are not signed in: {error}", status=502)
        return self._arrived(arrival)

    def sign_out(self) -> ResponseReturnValue:
        """End it in every browser."""
        self._refuse_other_sites()
        signing_in.sign_out(self._services, request.cookies.get(COOKIE, ""))
        answer = make_response(redirect(f"{PATH}/sign-in?said=out", 303))
        answer.delete_cookie(COOKIE, path="/")
        return answer

    def me(self) -> ResponseReturnValue:
        """Who is signed in."""
        session = signing_in.who(self._services, request.cookies.get(COOKIE, ""))
        if session is None:
            raise WrongToken("you are not signed in", action="sign in", action_url=f"{self._config.url}{PATH}/sign-in")
        role = roles.of_session(self._services, session)
        return {"login": session.login, "name": session.name, "avatar_url": session.avatar_url, "role": role,
                "admin": role is Role.ADMIN, "expires_at": session.expires_at.isoformat()}  # fmt: skip

    def _arrived(self, arrival: Arrival) -> Response:
        answer = make_response(redirect(f"{self._config.dashboard_url}{arrival.goes_to}", 303))
        life = arrival.session.expires_at - self._services.clock()
        self._set(answer, COOKIE, arrival.cookie, int(life.total_seconds()), path="/")
        answer.delete_cookie(_COMING_BACK_COOKIE, path=f"{PATH}/callback")
        return answer

    def _set(self, answer: Response, name: str, value: str, seconds: int, *, path: str) -> None:
        """No script reads it and no other site's form sends it. The dashboard is another port of this host, or the same
        origin behind a proxy, so the browser shows it there too."""
        secure = self._config.url.startswith("https://")
        answer.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="Lax")

    def _refuse_other_sites(self) -> None:
        """Raises Forbidden for a form that another site sent. Browsers say so in Sec-Fetch-Site, over https and on this
        computer; where they do not, the Origin tells, though a page that hides its referrer has none to tell."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            allowed = site in ("same-origin", "same-site")
        else:
            ours = (urlsplit(address) for address in (self._config.url, self._config.dashboard_url))
            allowed = request.headers.get("Origin") in {f"{one.scheme}://{one.netloc}" for one in ours}
        if not allowed:
            raise Forbidden("that form was not sent from one of Porter's pages")

    def _page(self, said: str, *, goes_to: str = "/", status: int = 200) -> ResponseReturnValue:
        return render_template("sign_in.html", said=said, goes_to=signing_in.path_of(goes_to), path=PATH), status
