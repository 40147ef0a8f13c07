"""What the demo's stand-ins for GitHub and Fly and the Porter beside them must agree on: keys, tokens, addresses."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from porter.data_dir import write_private

APP_ID = "4242"
APP_SLUG = "porter"
FLY_APP = "porter-demo"
IMAGE = "registry.fly.io/porter-worker@sha256:" + "0" * 64
REPOSITORY = "acme/greeter"
ISSUE = 1


@dataclass(frozen=True)
class DemoFiles:
    """Files that only their owner may read: the configuration of both emulators and the App's key."""

    github: Path
    fly: Path
    app_key: Path


def write(directory: Path, *, webhook_url: str, webhook_secret: str, fly_token: str) -> DemoFiles:
    """Make the App's key and write what each emulator is started with."""
    directory.mkdir(parents=True, exist_ok=True)
    files = DemoFiles(directory / "github.json", directory / "fly.json", directory / "app.pem")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(files.app_key, _pem(key))
    github = {
        "app_id": int(APP_ID),
        "slug": APP_SLUG,
        "app_public_key": _public_pem(key),
        "webhook_url": webhook_url,
        "webhook_secret": webhook_secret,
    }
    fly = {"org_tokens": {fly_token: "personal"}, "apps": {FLY_APP: "personal"}, "images": [IMAGE]}
    write_private(files.github, json.dumps(github))
    write_private(files.fly, json.dumps(fly))
    return files


def new_fly_token() -> str:
    """A token the emulated Fly will accept; shaped like a real one so that nothing special-cases it."""
    return "fm2_" + secrets.token_urlsafe(32)


def _pem(key: rsa.RSAPrivateKey) -> str:
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    shape = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, shape).decode()
