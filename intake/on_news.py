"""The verdict on what happens to pull requests and installations. Pure."""

from __future__ import annotations

from intake.events import InstallationEvent, PullEvent, RepositoriesEvent
from intake.judgement import Heard, Judgement, delivered, ignored
from store.heard import News, PullMoved
from store.installations import InstallationSeen, RepositoriesSeen
from store.records import Verdict

_INSTALLATION = {
    "created": "Porter was installed",
    "deleted": "Porter was removed",
    "suspend": "the installation was suspended",
    "unsuspend": "the installation works again",
    "new_permissions_accepted": "new permissions were granted",
}


def pull(heard: Heard, event: PullEvent) -> Judgement:
    """Merged, closed without merging, reopened."""
    it = event.pull_request
    merged = it.merged or it.merged_at is not None
    state = {"closed": "merged" if merged else "closed", "reopened": "open"}.get(event.action)
    if state is None:
        return ignored(heard, f"action {event.action} is not one that Porter acts on")
    at = it.updated_at or heard.at
    news = PullMoved(event.repository.full_name, it.number, state, event.sender.login, at)
    reason = {"merged": "its work was merged", "closed": "its work was turned down", "open": "its pull request is open"}
    key = f"{event.repository.id}:pull:{it.number}:{event.action}:{at.isoformat()}"
    line = delivered(heard, Verdict.ACCEPTED, f"{reason[state]}, and the task says so", content_key=key)
    return Judgement(line, news=[news], nothing="not a pull request that Porter opened, or nothing new of it")


def installation(heard: Heard, event: InstallationEvent) -> Judgement:
    """Installed, suspended, woken, removed."""
    reason = _INSTALLATION.get(event.action)
    if reason is None:
        return ignored(heard, f"action {event.action} is not one that Porter acts on")
    it, removed = event.installation, event.action == "deleted"
    suspended_at = it.suspended_at or (heard.at if event.action == "suspend" else None)
    account = it.account.login if it.account else ""
    seen = InstallationSeen(it.id, account, suspended_at, removed, it.updated_at or heard.at)
    listed = RepositoriesSeen(it.id, [(one.full_name, one.id, one.private) for one in event.repositories])
    news: list[News] = [seen] if removed or not event.repositories else [seen, listed]
    count = f", on {len(event.repositories)} repositories" if len(news) > 1 else ""
    return Judgement(delivered(heard, Verdict.ACCEPTED, f"{reason}{count}"), news=news)


def repositories(heard: Heard, event: RepositoriesEvent) -> Judgement:
    """An installation got or lost repositories."""
    added = [(one.full_name, one.id, one.private) for one in event.repositories_added]
    removed = [one.full_name for one in event.repositories_removed]
    news = RepositoriesSeen(event.installation.id, added, removed)
    reason = f"{len(added)} repositories added, {len(removed)} removed"
    return Judgement(delivered(heard, Verdict.ACCEPTED, reason), news=[news])
