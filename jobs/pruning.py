"""Forgets what is older than Porter keeps it, a little at a time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from jobs.bootstrap import Services
from store import browser_sessions, leases, retention, sign_ins

EVERY = 600.0  # seconds between two looks: finding old runs reads through all of them
PAGES = 20  # of runs in one look; what is more waits for the next


def prune(services: Services) -> Counter[str]:
    """Forget expired sign-ins and sessions, old logs, events and deliveries; answers how many of each. Tasks stay."""
    db, now = services.db, services.clock()
    gone: Counter[str] = Counter()
    if not leases.take(db, "prune", now=now, interval=EVERY):
        return gone
    gone["sign-ins"] = sign_ins.forget_expired(db, now=now)
    gone["sessions"] = browser_sessions.forget_expired(db, now=now)
    oldest = now - timedelta(days=services.config.retention_days)
    gone.update(retention.forget_older(db, than=oldest))
    for _ in range(PAGES):
        runs, dropped = retention.forget_work(db, than=oldest, now=now)
        gone.update(dropped)
        if runs < retention.PAGE:
            break
    return Counter({f"forgot {name}": count for name, count in gone.items() if count})
