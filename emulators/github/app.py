"""One Flask app: the REST API under `/api`, git and the pages at `/`."""

from __future__ import annotations

from flask import Flask

from emulators.github import git_http, making, oauth, pages
from emulators.github.rest import dispatch
from emulators.github.world import World


def create_app(world: World) -> Flask:
    """The WSGI app that serves this world."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    dispatch.install(app, world)
    git_http.install(app, world)
    oauth.install(app, world)
    making.install(app, world)
    pages.install(app, world)
    dispatch.speak_json(app)
    return app
