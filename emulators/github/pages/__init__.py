"""The web pages: what a newcomer looks at while Porter works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response

from emulators.github.pages import deeds, views
from emulators.github.pages.markdown import rendered

if TYPE_CHECKING:
    from emulators.github.world import World

# Nothing from outside, no inline script or style: what people write cannot run here.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)
SHUT = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def install(app: Flask, world: World) -> None:
    """Serves the pages at `/`."""
    pages = Blueprint(
        "pages", __name__, template_folder="templates", static_folder="static", static_url_path="/-/static"
    )
    views.install(pages, world)
    deeds.install(pages, world)
    pages.add_app_template_filter(rendered, "markdown")

    @pages.after_request
    def shut(answer: Response) -> Response:
        answer.headers.update(SHUT)
        return answer

    app.register_blueprint(pages)
