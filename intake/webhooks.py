"""`POST /api/webhooks/github`: hears GitHub, and calls nobody."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from intake.accept import accept
from intake.judgement import House
from jobs.bootstrap import Services
from store.records import Verdict

LARGEST = 25 * 1024 * 1024  # bytes; GitHub caps payloads there


def routes(services: Services, house: House) -> Blueprint:
    """The webhook's address."""
    webhooks = Blueprint("webhooks", __name__)

    @webhooks.post("/api/webhooks/github")
    def github() -> ResponseReturnValue:
        own = f"{services.config.github_app_slug}[bot]"  # asked each time: the App may come while the process runs
        stored = accept(services, replace(house, own_login=own), request.headers, _body())
        if stored.delivery.verdict is Verdict.DUPLICATE:
            return {"verdict": Verdict.DUPLICATE, "reason": stored.delivery.reason, "tasks": []}
        answer = {"verdict": stored.delivery.verdict, "reason": stored.delivery.reason, "tasks": stored.task_ids}
        return answer, HTTPStatus.ACCEPTED

    return webhooks


def _body() -> bytes:
    """The raw bytes. Raises RequestEntityTooLarge; a chunked body has no length to refuse beforehand, and Werkzeug
    cuts it at the limit without a word, so one byte more than allowed is read."""
    request.max_content_length = LARGEST + (request.content_length is None)
    body = request.get_data(cache=False)
    if len(body) > LARGEST:
        raise RequestEntityTooLarge
    return body
