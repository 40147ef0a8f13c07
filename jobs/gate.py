"""Who may make Porter work: people whom GitHub lets write to the repository. Everybody else gets one polite reply."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import UTC, datetime

from jobs import replies
from jobs.bootstrap import Services
from jobs.github.client import Repository
from store import leases

_log = logging.getLogger(__name__)

WRITERS = ("admin", "write")  # GitHub's legacy words, which count maintain as write and triage as read
OPERATOR_SOURCES = ("dashboard", "api")
_EVER = datetime(2008, 1, 1, tzinfo=UTC)  # before GitHub's first issue


def may_ask(services: Services, repository: Repository, login: str, *, source: str) -> bool:
    """Whether this person may have work done here. Raises a GitHubError when GitHub cannot say: then nobody may.

    Embedded, whoever sits at the computer is the operator; intake lets nobody else in by the dashboard or the API.
    """
    if source in OPERATOR_SOURCES and not services.config.is_production:
        return True
    allowed = repository.permission(login) in WRITERS
    if not allowed:
        extra = {"action": "not_permitted", "repository": repository.full_name, "login": login}
        _log.info("someone without write access asked", extra=extra)
    return allowed


def refuse(services: Services, repository: Repository, issue_number: int, login: str) -> int | None:
    """Make sure that the issue has the one reply; its comment's id. None while another worker is at it."""
    place = hashlib.sha256(f"{repository.full_name}#{issue_number}".encode()).hexdigest()[:32]
    holder = secrets.token_hex(8)
    if not leases.hold(services.db, f"refusal:{place}", holder=holder, now=services.clock(), seconds=60):
        return None
    try:
        known = repository.find_comment(issue_number, replies.REFUSED, since=_EVER)
        return (known or repository.create_comment(issue_number, replies.not_permitted(login))).id
    finally:
        leases.let_go(services.db, f"refusal:{place}", holder=holder)
