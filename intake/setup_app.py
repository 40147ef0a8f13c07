"""`/api/setup/app`: from the set-up page to GitHub with the App's manifest, and back with its keys."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from jobs import app_setup
from jobs.app_setup import COMING_BACK, CannotMakeApp
from jobs.bootstrap import Services
from jobs.github.manifest import EVENTS, PERMISSIONS

PATH = "/api/setup/app"
_STYLE = f"{PATH}/static/sign_in.css"
_COOKIE = "porter_app_setup"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self' {github}; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(services: Services) -> Blueprint:
    """Begin is for whoever brings a ticket, which the set-up page gives to admins only; the way back is for the
    browser that began."""
    setup = Blueprint(
        "setup_app", __name__, url_prefix=PATH, template_folder="templates", static_folder="static",
        static_url_path="/static",
    )  # fmt: skip
    secure = services.config.url.startswith("https://")

    @setup.post("")
    def begin() -> ResponseReturnValue:
        organisation = request.form.get("organisation", "").strip()
        leaving = app_setup.begin(services, ticket=request.form.get("ticket", ""), organisation=organisation)
        shown = render_template(
            "new_app.html", leaving=leaving, organisation=organisation, permissions=PERMISSIONS, events=EVENTS,
            dashboard=services.config.dashboard_url, is_local=_is_local(services), style=_STYLE,
        )  # fmt: skip
        answer = make_response(shown)
        answer.set_cookie(
            _COOKIE, leaving.browser, max_age=int(COMING_BACK.total_seconds()), path=f"{PATH}/callback",
            secure=secure, httponly=True, samesite="Lax",
        )  # fmt: skip
        return answer

    @setup.get("/callback")
    def come_back() -> ResponseReturnValue:
        told, browser = request.args, request.cookies.get(_COOKIE, "")
        app_setup.finish(services, state=told.get("state", ""), code=told.get("code", ""), browser=browser)
        answer = make_response(redirect(f"{services.config.dashboard_url}/setup", 303))
        answer.delete_cookie(_COOKIE, path=f"{PATH}/callback")
        return answer

    @setup.errorhandler(CannotMakeApp)
    def refused(error: CannotMakeApp) -> ResponseReturnValue:
        back = f"{services.config.dashboard_url}/setup"
        return render_template("no_app.html", words=str(error), back=back, style=_STYLE), 403

    @setup.after_request
    def shut(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers[name] = value.replace("{github}", services.config.github_url)
        return answer

    return setup


def _is_local(services: Services) -> bool:
    """Whether GitHub itself will refuse the webhook's address."""
    is_loopback = urlsplit(services.config.url).hostname in ("127.0.0.1", "localhost", "::1")
    return is_loopback and urlsplit(services.config.github_url).hostname == "github.com"
