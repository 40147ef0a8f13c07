"""The baseline of `bench.intake`: a Flask route that checks the same signature and does nothing else."""

from __future__ import annotations

import hashlib
import hmac
import os

from flask import Flask, request


def create() -> Flask:
    """For gunicorn: `bench.bare:create()`. The secret is GITHUB_WEBHOOK_SECRET."""
    app = Flask("bare")
    secret = os.environ["GITHUB_WEBHOOK_SECRET"].encode()

    @app.post("/api/webhooks/github")
    def hook() -> tuple[dict[str, str], int]:
        wanted = "sha256=" + hmac.new(secret, request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.headers.get("X-Hub-Signature-256", "")):
            return {"error": "unauthorized"}, 401
        return {"verdict": "accepted"}, 202

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {}

    return app
