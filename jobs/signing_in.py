"""Who looks at the dashboard: signed in with GitHub, remembered in the database, shown what GitHub lets them read."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.errors import GitHubError, GitHubRefused, GitHubUnavailable
from jobs.github.sign_in import UserToken
from store import audit, browser_sessions, leases, members, sign_ins
from store.browser_sessions import BrowserSession
from store.errors import VaultError
from store.sign_ins import hashed

_log = logging.getLogger(__name__)

COOKIE = "porter_session"
COMING_BACK = timedelta(minutes=10)
LIFE = timedelta(days=7)
REMEMBERED = timedelta(minutes=1)
TRUSTED_WHILE_AWAY = timedelta(hours=1)  # how long GitHub's last answer counts while it gives none
_RENEWING = 40.0  # seconds
_RENEW_BEFORE = timedelta(minutes=5)
_BYTES = 32  # of everything random here
_UNAUTHORIZED = (401, 403, 404)


class NotSignedIn(JobError):
    """The sign-in did not come to its end; the message says what to do."""


@dataclass(frozen=True)
class Departure:
    """Where the person goes now, and what their browser keeps until they come back."""

    address: str
    browser: str


@dataclass(frozen=True)
class Arrival:
    """The cookie of a browser that is signed in now, and the path its person wanted to see."""

    cookie: str
    goes_to: str
    session: BrowserSession


def begin(services: Services, goes_to: str) -> Departure:
    """Send somebody to GitHub, and afterwards to `goes_to`, a path of the dashboard."""
    state, browser, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    one = sign_ins.SignIn(verifier, path_of(goes_to))
    until = services.clock() + COMING_BACK
    sign_ins.begin(services.db, services.vault, one, state=state, browser=browser, expires_at=until)
    return Departure(services.sign_in.address(state=state, verifier=verifier), browser)


def finish(services: Services, *, state: str, code: str, browser: str) -> Arrival:
    """The person is back. Raises NotSignedIn, GitHubUnavailable."""
    one = sign_ins.take(services.db, services.vault, state=state, browser=browser, now=services.clock())
    if one is None:
        raise NotSignedIn("this sign-in was begun in another browser, or too long ago; begin again")
    try:
        token = services.sign_in.token(code=code, verifier=one.verifier)
        who = services.sign_in.person(token)
    except GitHubRefused as error:
        raise NotSignedIn(str(error)) from error
    now, cookie = services.clock(), secrets.token_urlsafe(_BYTES)
    session = BrowserSession(who.id, who.login, who.name[:200], who.avatar_url[:500], now + LIFE)
    browser_sessions.begin(services.db, services.vault, cookie, session, token=_text(token), now=now)
    _log.info("%s signed in", who.login, extra={"action": "signed_in", "login": who.login})
    return Arrival(cookie, one.goes_to, session)


def who(services: Services, cookie: str) -> BrowserSession | None:
    """Who holds this cookie, at this moment, and with which role."""
    now = services.clock()
    here = browser_sessions.find(services.db, cookie, now=now) if cookie else None
    if here is not None and (here.seen_at is None or now - here.seen_at > members.SEEN_EVERY):
        members.saw(services.db, here.person_id, now=now)
    return here


def sign_out(services: Services, cookie: str) -> None:
    """End the person's sessions in every browser, and their tokens at GitHub."""
    session = who(services, cookie)
    if session is None:
        return
    revoke(services, session.person_id, browser_sessions.end_all(services.db, session.person_id))
    _log.info("%s signed out", session.login, extra={"action": "signed_out", "login": session.login})


def send_away(services: Services, person_id: int, login: str, *, by: str) -> list[str]:
    """The same for somebody else, at once and without a word to GitHub: `revoke` is for their tokens, still sealed."""
    with services.db.write() as connection:
        sealed = browser_sessions.end_all_in(connection, person_id)
        audit.note(connection, who=by, action="signed_out", what=f"member/{login}", now=services.clock())
    return sealed


def revoke(services: Services, person_id: int, sealed: Sequence[str]) -> None:
    """End these tokens at GitHub. What it does not hear of is logged: nobody can use those tokens any more, for Porter
    has forgotten them."""
    for one in sealed:
        try:
            services.sign_in.revoke(_token(browser_sessions.opened(services.vault, person_id, one)))
        except (GitHubError, VaultError):
            _log.warning("a token could not be ended at GitHub", extra={"action": "revoke_failed"}, exc_info=True)


def readable(services: Services, cookie: str, session: BrowserSession) -> frozenset[str]:
    """The repositories this person may see here. Nothing when GitHub cannot say and did not within the hour.

    When GitHub takes their token no more, every session of theirs ends: they, or it, withdrew what they had granted.
    """
    now = services.clock()
    known = browser_sessions.readable(services.db, session.person_id, asked_after=now - REMEMBERED)
    if known is not None:
        return known
    try:
        names = services.sign_in.repositories(_current(services, cookie, session, now))
    except (GitHubRefused, VaultError) as error:
        if isinstance(error, VaultError) or error.status in _UNAUTHORIZED:
            browser_sessions.end_all(services.db, session.person_id)
        return frozenset()
    except GitHubError:
        last = browser_sessions.readable(services.db, session.person_id, asked_after=now - TRUSTED_WHILE_AWAY)
        return last or frozenset()
    browser_sessions.remember_readable(services.db, session.person_id, names, now=now)
    return names


def path_of(wanted: str) -> str:
    """A path of ours, whatever was asked for: nothing that a browser would take for another site's address."""
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if inside and len(wanted) <= 2000 and "\\" not in wanted else "/"


def _current(services: Services, cookie: str, session: BrowserSession, now: datetime) -> UserToken:
    """The person's token, a fresh one if it is about to end. Raises a GitHubError, VaultError."""
    text = browser_sessions.token(services.db, services.vault, cookie)
    if text is None:
        raise GitHubRefused("ask what you may read", 401, "you are signed out")
    token = _token(text)
    if token.ends_at > now + _RENEW_BEFORE:
        return token
    # A refresh token is good once, so of several pages that look at once one renews; the others make do until it has.
    holder, name = secrets.token_hex(8), f"renew:{hashed(cookie)}"
    if not leases.hold(services.db, name, holder=holder, now=now, seconds=_RENEWING):
        raise GitHubUnavailable("your sign-in is being renewed")
    try:
        if browser_sessions.token(services.db, services.vault, cookie) != text:
            raise GitHubUnavailable("your sign-in was just renewed")
        fresh = services.sign_in.renewed(token)
        browser_sessions.renew(services.db, services.vault, cookie, session.person_id, token=_text(fresh))
        return fresh
    finally:
        leases.let_go(services.db, name, holder=holder)


def _text(token: UserToken) -> str:
    return json.dumps({"value": token.value, "ends_at": token.ends_at.isoformat(), "refresh": token.refresh})


def _token(text: str) -> UserToken:
    data = json.loads(text)
    return UserToken(data["value"], datetime.fromisoformat(data["ends_at"]), data["refresh"])
