"""Hides known secrets in text and in streams of bytes: plain, base64, hex and URL-encoded. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

STARS = "***"
SHORTEST = 6  # characters; hiding every "abc" would make the log unreadable and hide nothing


class Mask:
    """Replaces every form of the given secrets by stars."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._bytes: re.Pattern[bytes] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """From now on hide these too (a push token is learned late)."""
        for secret in secrets:
            if len(secret) >= SHORTEST:
                self._forms |= forms(secret)
        if self._forms:
            # Longest first: a secret that begins with another one must not leave its own tail behind.
            ordered = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
            self._bytes = re.compile(b"|".join(re.escape(form.encode()) for form in ordered))

    def text(self, text: str) -> str:
        return self._pattern.sub(STARS, text) if self._pattern else text

    def raw(self, data: bytes) -> bytes:
        return self._bytes.sub(STARS.encode(), data) if self._bytes else data

    def stream(self) -> MaskedStream:
        return MaskedStream(self)

    def cut_point(self, data: bytes) -> int:
        """Where the longest tail begins that may be the beginning of a secret; the length if there is none."""
        longest = max((len(form.encode()) for form in self._forms), default=1) - 1
        for start in range(max(0, len(data) - longest), len(data)):
            tail = data[start:]
            if any(form.encode().startswith(tail) for form in self._forms):
                return start
        return len(data)


class MaskedStream:
    """Masks bytes that arrive in pieces, also where a secret is split over two of them."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        data = self._mask.raw(self._held + data)
        cut = self._mask.cut_point(data)
        self._held = data[cut:]
        return data[:cut]

    def close(self) -> bytes:
        rest, self._held = self._held, b""
        return rest


def forms(secret: str) -> set[str]:
    """The ways in which a secret may be written in a log.

    Base64 has three of them, by where the secret begins in what was encoded; the characters that depend on the
    neighbours are left out.
    """
    raw = secret.encode()
    found = {secret, quote(secret, safe=""), quote_plus(secret), raw.hex(), raw.hex().upper(), json.dumps(secret)[1:-1]}
    for shift, lost in ((0, 0), (1, 2), (2, 3)):
        whole = (len(raw) + shift) // 3 * 4
        encoded = base64.b64encode(b"\0" * shift + raw).decode()[lost:whole]
        found |= {encoded, encoded.replace("+", "-").replace("/", "_")}
    return {form for form in found if len(form) >= SHORTEST}
