"""Who may call what. Closed unless a rule opens it.

Machines show their run's token, programs the API token. Embedded there is no sign-in: whoever sits at this computer may
do everything, and a page of some website that is open in the same browser must not be able to.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from intake.errors import Forbidden, WrongToken
from jobs.config import Config

OPERATOR = "operator"
_LOOPBACK = re.compile(r"^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?$")
_SAME_SITE = ("none", "same-origin", "same-site")
_SAFE = ("GET", "HEAD", "OPTIONS")


def bearer(headers: Headers) -> str:
    """The token of the Authorization header. Raises WrongToken when there is none."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise WrongToken("an Authorization: Bearer token is needed")
    return token.strip()


def check(config: Config, method: str, headers: Headers) -> str:
    """Who calls the API. Raises WrongToken or Forbidden."""
    if config.is_production:
        return _with_token(config, headers)
    _local(config, method, headers)
    return OPERATOR


def _with_token(config: Config, headers: Headers) -> str:
    expected = config.api_token.get_secret_value() if config.api_token else ""
    given = bearer(headers)
    # Without a token of ours nothing fits, not even an empty one.
    if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise WrongToken("that token does not open the API", action="send PORTER_API_TOKEN as a Bearer token")
    return "api"


def _local(config: Config, method: str, headers: Headers) -> None:
    """A name other than loopback in Host is how DNS rebinding looks; a foreign Origin is another site's script."""
    if not _LOOPBACK.match(headers.get("Host", "")):
        raise Forbidden("embedded Porter answers only to 127.0.0.1 and localhost")
    origin = headers.get("Origin")
    if origin is not None and not _ours(origin, (config.url, config.dashboard_url), headers.get("Host", "")):
        raise Forbidden("that page is not one of Porter's")
    if method in _SAFE:
        return
    if headers.get("Sec-Fetch-Site", "none") not in _SAME_SITE:
        raise Forbidden("that request was made by another site")
    # The types that a form can send are those that a foreign page may send without asking first.
    has_body = headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers
    if has_body and headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Forbidden("changes are made with application/json")


def _ours(origin: str, urls: Iterable[str], host: str) -> bool:
    own = {f"{part.scheme}://{part.netloc}" for part in map(urlsplit, urls)}
    return origin in own | {f"http://{host}"}
