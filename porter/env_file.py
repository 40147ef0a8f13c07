"""`porter env`: a .env for docker-compose.yml with fresh secrets, and blanks for what only the operator knows."""

from __future__ import annotations

import base64
import secrets

from porter import demo_files

_SECRETS = (
    "GITHUB_WEBHOOK_SECRET",
    "PORTER_API_TOKEN",
    "PORTER_DASHBOARD_PASSWORD",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
)
_BLANKS = {
    "PORTER_URL": "the address under which GitHub and the machines reach the intake, such as https://porter.example.com",
    "PORTER_DASHBOARD_URL": "the address people open, for the links in comments",
    "GITHUB_APP_ID": "the App's number, from its settings page on GitHub",
    "GITHUB_APP_SLUG": "the App's name in its own address",
    "GITHUB_APP_PRIVATE_KEY": "the App's private key: PEM in base64, on one line",
    "FLY_API_TOKEN": "a token of the organisation or the app the machines run in; or later, with `porter fly set`",
    "FLY_APP_NAME": "the Fly app the machines run in; or later, likewise",
}


def render(*, demo: bool) -> str:
    """The file's text. With `demo`, everything is filled in for the stand-ins."""
    lines = ["# Made by `porter env`. Keep it to yourself: it holds every secret of this Porter."]
    lines.append("PORTER_VAULT_KEYS=v1:" + base64.b64encode(secrets.token_bytes(32)).decode())
    lines += [f"{name}={secrets.token_urlsafe(32)}" for name in _SECRETS]
    if demo:
        return "\n".join([*lines, *(f"{name}={value}" for name, value in _demo().items())]) + "\n"
    for name, meaning in _BLANKS.items():
        lines += [f"# {meaning}", f"{name}="]
    return "\n".join(lines) + "\n"


def _demo() -> dict[str, str]:
    """Inside the compose network the parts call each other by service name."""
    return {
        "PORTER_ENV": "production",
        "PORTER_URL": "http://intake:8100",
        "PORTER_DASHBOARD_URL": "http://127.0.0.1:8501",
        "PORTER_DEFAULT_AGENT": "mock",
        "PORTER_WORKER_IMAGE": demo_files.IMAGE,
        "GITHUB_URL": "http://github:8200",
        "GITHUB_API_URL": "http://github:8200/api",
        "GITHUB_APP_ID": demo_files.APP_ID,
        "GITHUB_APP_SLUG": demo_files.APP_SLUG,
        "GITHUB_APP_PRIVATE_KEY_FILE": "/demo/app.pem",
        "FLY_API_URL": "http://fly:8300",
        "FLY_API_TOKEN": demo_files.new_fly_token(),
        "FLY_APP_NAME": demo_files.FLY_APP,
    }
