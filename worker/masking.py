"""Hides known secrets in text and streams of bytes: plain, base64, hex, URL-encoded, also split over lines. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

STARS = "***"
SHORTEST = 6  # characters; hiding every "abc" would make the log unreadable and hide nothing
PIECE = 8  # characters of a secret that say enough of it, where a line ends or begins in its middle


class Mask:
    """Replaces every form of the given secrets by stars."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pieces = _Pieces(())
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
            self._pieces = _Pieces(ordered)

    def text(self, text: str) -> str:
        """Also what stands at the end and at the beginning of a line, as if the rest were on the next or last one."""
        if not self._pattern:
            return text
        return "\n".join(self._pieces.hidden(line) for line in self._pattern.sub(STARS, text).split("\n"))

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


class _Pieces:
    """Finds the parts of secrets that were broken over lines. Looks at one line alone, so it needs not see them all."""

    def __init__(self, forms: Iterable[str]) -> None:
        self._forms = [form for form in forms if len(form) > PIECE]
        self._longest = max(map(len, self._forms), default=0)
        self._heads = re.compile("|".join(re.escape(form[:PIECE]) for form in self._forms) or "(?!)")
        self._tails = re.compile("|".join(re.escape(form[-PIECE:]) for form in self._forms) or "(?!)")

    def hidden(self, line: str) -> str:
        """`line` without the beginning of a secret at its end, the end of one at its beginning, or a whole middle."""
        bare = line.strip()
        if PIECE <= len(bare) <= self._longest and any(bare in form for form in self._forms):
            return STARS
        for found in self._tails.finditer(line[: self._longest]):
            if any(form.endswith(line[: found.end()].lstrip()) for form in self._forms):
                line = STARS + line[found.end() :]
                break
        near = max(0, len(line) - self._longest)
        for found in self._heads.finditer(line, near):
            if any(form.startswith(line[found.start() :].rstrip()) for form in self._forms):
                return line[: found.start()] + STARS
        return line


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
