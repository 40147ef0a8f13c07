"""Who may make Porter work: people whom GitHub lets write to the repository, and those the operator named, but for
viewers. Everybody else gets one polite reply."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from jobs import replies, roles
from jobs.bootstrap import Services
from jobs.github.client import Repository
from store import leases, permissions
from store.members import Role

_log = logging.getLogger(__name__)

WRITERS = ("admin", "write")  # GitHub's legacy words, which count maintain as write and triage as read
BOT = "[bot]"  # ends the logins of Apps; no person's can
REMEMBERED = timedelta(seconds=60)
OPERATOR_SOURCES = ("dashboard", "api")
_EVER = datetime(2008, 1, 1, tzinfo=UTC)  # before GitHub's first issue


def may_ask(services: Services, repository: Repository, login: str, *, source: str) -> bool:
    """Whether this person may have work done here. Raises a GitHubError when GitHub cannot say: then nobody may.

    Embedded, whoever sits at the computer is the operator; intake lets nobody else in by the dashboard or the API.
    """
    if is_operator(services, source):
        return True
    if login.endswith(BOT):
        allowed = _is_allowed_bot(services, repository, login)
    else:
        # GitHub first: who may not write hears so, and nothing of who has which role here.
        allowed = _is_let(services, repository, login) and not is_viewer(services, login)
    if not allowed:
        extra = {"action": "not_permitted", "repository": repository.full_name, "login": login}
        _log.info("someone who may not ask did", extra=extra)
    return allowed


def is_viewer(services: Services, login: str) -> bool:
    """Whether this person only looks on, whatever GitHub lets them do. Bots have no role: they are named by number."""
    return not login.endswith(BOT) and roles.of_login(services, login) is Role.VIEWER


def why_not(services: Services, repository: str, login: str) -> str:
    """In a sentence without its full stop, why somebody may not ask whom `may_ask` refused."""
    if is_viewer(services, login):
        return f"{login} is a viewer of this Porter, and viewers start and change nothing"
    return f"{login} may not write to {repository}; Porter works for people who may"


def _is_let(services: Services, repository: Repository, login: str) -> bool:
    named = {user.lower() for user in services.config.allowed_users}
    return login.lower() in named or may_write(services, repository, login)


def is_operator(services: Services, source: str) -> bool:
    """Whether who came this way is the local operator, whom GitHub does not know."""
    return source in OPERATOR_SOURCES and not services.config.is_production


def may_write(services: Services, repository: Repository, login: str) -> bool:
    """Whether GitHub lets this person write here, as it said within the last minute. Raises a GitHubError."""
    return _remembered(services, repository, login, lambda: repository.permission(login)) in WRITERS


def administers(services: Services, repository: Repository, login: str) -> bool:
    """Whether GitHub calls this person an admin of the repository, asked anew: keys are given by that answer. Raises a
    GitHubError when GitHub cannot say: then nobody does."""
    if login.endswith(BOT) or repository.permission(login) != "admin":
        return False
    return not is_viewer(services, login)


def _is_allowed_bot(services: Services, repository: Repository, login: str) -> bool:
    """A bot is known by its number: any App may be called anything."""
    if not services.config.allowed_bots:
        return False
    number = _remembered(services, repository, login, lambda: f"bot:{repository.account_id(login)}")
    return number in {f"bot:{allowed}" for allowed in services.config.allowed_bots}


def _remembered(services: Services, repository: Repository, login: str, ask: Callable[[], str]) -> str:
    """GitHub's answer. One that it did not give is remembered by nobody."""
    now = services.clock()
    known = permissions.known(services.db, repository.full_name, login, asked_after=now - REMEMBERED)
    if known is None:
        known = ask()
        permissions.remember(services.db, repository.full_name, login, known, now=now)
    return known


def refuse(services: Services, repository: Repository, issue_number: int, login: str) -> int | None:
    """Make sure that the issue has the one reply, to strangers or to viewers; its comment's id. None while another
    worker is at it. Raises a GitHubError."""
    looks_on = not login.endswith(BOT) and _is_let(services, repository, login)
    words, sign = (
        (replies.only_looks(login), replies.LOOKS) if looks_on else (replies.not_permitted(login), replies.REFUSED)
    )
    place = hashlib.sha256(f"{repository.full_name}#{issue_number}".encode()).hexdigest()[:32]
    holder = secrets.token_hex(8)
    if not leases.hold(services.db, f"refusal:{place}", holder=holder, now=services.clock(), seconds=60):
        return None
    try:
        known = repository.find_comment(issue_number, sign, since=_EVER)
        return (known or repository.create_comment(issue_number, words)).id
    finally:
        leases.let_go(services.db, f"refusal:{place}", holder=holder)
