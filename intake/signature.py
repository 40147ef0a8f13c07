"""Is a delivery really from GitHub? Pure.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "X-Hub-Signature-256"
_PREFIX = "sha256="


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header` signs the raw `body` with any of the `secrets` (two of them while one replaces the other).

    Every secret is tried whatever the earlier ones said, and each comparison takes constant time. No secret, or an
    empty one, opens nothing.
    """
    given = (header or "").encode("utf-8", "replace")
    good = False
    for secret in filter(None, secrets):
        good |= hmac.compare_digest(given, sign(body, secret).encode())
    return good


def sign(body: bytes, secret: str) -> str:
    """The header that GitHub would send with this body."""
    return _PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
