"""The Flask application: `gunicorn "intake.app:from_environment()"`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from flask import Flask
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from intake import (
    agents_api,
    answers,
    auth,
    callbacks,
    config_api,
    diagnostics_api,
    fly_api,
    health,
    metrics,
    notifications_api,
    review_api,
    setup_app,
    shapes,
    tasks_api,
    webhooks,
)
from intake.accept import webhook_secrets
from intake.commands import Vocabulary
from intake.judgement import House
from intake.stream import Streams
from jobs import bootstrap, fly_setup
from jobs import logging as log_lines
from jobs.bootstrap import Services
from jobs.errors import ConfigurationError
from jobs.roster import Roster, load

_MOST_STREAMS = 4  # of the eight threads that a gunicorn worker has
# gunicorn starts a worker that failed again and again, except after this status ("failed to boot").
_BOOT_FAILED = 3


def create_app(services: Services, *, settings: Mapping[str, str] | None = None, poll_seconds: float = 1.0) -> Flask:
    """The application on these services. `settings`: variables that an agent's recipe may name; `poll_seconds`: how
    often a stream of events looks.

    Raises ConfigurationError when something is missing without which it would be unsafe or useless.
    """
    config = services.config
    config.refuse_if_unsafe()
    if not any(webhook_secrets(config)) and config.names_app:
        raise ConfigurationError(["GITHUB_WEBHOOK_SECRET is not set: without it anybody could order work"])
    roster = load(config.default_agent, config.agents_file)
    bots = frozenset(config.allowed_bots)
    house = House(
        config.mention, _vocabulary(roster), roster.default, allowed_bots=bots,
        commands_per_hour=config.max_commands_per_hour,
    )  # fmt: skip
    app = OpenAPI(
        __name__,
        info=Info(title="Porter", version="0.1.0"),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_model=shapes.Error,
        validation_error_callback=answers.invalid,
    )
    answers.install(app)
    app.before_request(services.take_on_app)
    app.register_blueprint(webhooks.routes(services, house))
    app.register_blueprint(callbacks.routes(services, roster, settings or {}))
    app.register_blueprint(health.routes(services))
    app.register_blueprint(metrics.routes(services))
    app.register_blueprint(auth.routes(services))
    app.register_blueprint(setup_app.routes(services))
    app.register_api(
        tasks_api.routes(services, roster, Streams(services.db, most=_MOST_STREAMS, poll_seconds=poll_seconds))
    )
    app.register_api(agents_api.routes(services, roster))
    app.register_api(config_api.routes(services, roster))
    for part in (review_api, fly_api, diagnostics_api, notifications_api):
        app.register_api(part.routes(services))
    return app


def from_environment() -> Flask:
    """The application of this process. Says what is missing in one line and ends the process if it cannot start."""
    try:
        services = bootstrap.from_environment()
        log_lines.configure(services.config, process="intake")
        fly_setup.warn(services)
        return create_app(services, settings=os.environ)
    except ConfigurationError as error:
        sys.stderr.write(f"porter intake cannot start: {'; '.join(error.faults)}\n")
        raise SystemExit(_BOOT_FAILED) from None


def _vocabulary(roster: Roster) -> Vocabulary:
    return Vocabulary({word: agent.name for agent in roster.all() for word in (agent.name, *agent.aliases)})
