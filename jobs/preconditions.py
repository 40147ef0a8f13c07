"""What must be so before a comment becomes a pull request: each looked at, with one thing to do when it is not.

`porter doctor`, the set-up page, `/api/startup/check` and the lines at a start all read this list.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from jobs import app_settings, fly_setup, health, readiness, roster, self_test
from jobs.bootstrap import Services
from jobs.config import HostKind
from jobs.errors import ConfigurationError, JobError
from jobs.github.errors import GitHubUnavailable
from jobs.github.manifest import EVENTS, PERMISSIONS
from jobs.health import Check
from jobs.readiness import Asker
from store import deliveries, installations, settings
from store.errors import StoreError
from store.lifecycle import LIVE, Status

_log = logging.getLogger(__name__)

_LEVELS = {"": 0, "read": 1, "write": 2, "admin": 3}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def schema(services: Services) -> Check:
    """Whether the tables are there."""
    try:
        settings.of_scope(services.db, settings.GLOBAL)
    except SQLAlchemyError:
        words = "The tables cannot be read."
        return Check("schema", "Tables", False, words, "Run `porter migrate`.")
    return Check("schema", "Tables", True, "The tables are there.")


def app(services: Services) -> Check:
    """Whether GitHub takes Porter for its App, with all that it needs; asks GitHub."""
    key, title = "app", "GitHub App"
    if not services.config.names_app:
        return Check(key, title, False, "There is no GitHub App yet.", f"Make one by a click: {setup_page(services)}")
    try:
        found = services.github.app.described()
    except GitHubUnavailable:
        words = "GitHub does not answer, so nobody can tell whether it takes Porter for its App."
        return Check(key, title, None, words, "Look again in a moment; what needs no GitHub goes on.")
    except (JobError, OSError) as error:
        fix = "Set GITHUB_APP_ID and the private key of that App" if not services.app_is_stored else _FORGET
        return Check(key, title, False, _sentence(error), f"{fix}.")
    lacks = _lacking(found.get("permissions") or {}, found.get("events") or [])
    name = found.get("name") or found.get("slug") or services.config.github_app_id
    if lacks:
        fix = f"Give it these in its settings on GitHub, and accept them where it is installed: {', '.join(lacks)}."
        return Check(key, title, False, f"GitHub knows {name}, but it lacks something.", fix)
    note = app_settings.note(services.db) if services.app_is_stored else None
    if note and str(note.id) != services.config.github_app_id:
        return Check(key, title, False, f"{note.name} was stored since this process began.", "Restart Porter.")
    return Check(key, title, True, f"GitHub knows Porter as {name}, with every permission and event it needs.")


def installation(services: Services) -> Check:
    """Whether there is a repository to work in."""
    names = installations.repositories(services.db, limit=1000)
    if names:
        where = names[0] if len(names) == 1 else f"{len(names)} repositories, {names[0]} among them"
        return Check("installation", "Installation", True, f"Installed on {where}.")
    fix = f"Install it on a repository: {install_page(services)}" if services.config.names_app else _AFTER_APP
    return Check("installation", "Installation", False, "It is installed on no repository that was heard of.", fix)


def webhook(services: Services) -> Check:
    """Whether GitHub reaches this Porter with a signature that fits; nothing else is ever stored."""
    latest, note = deliveries.latest(services.db, limit=1), app_settings.note(services.db)
    begun = datetime.fromisoformat(note.at) if note and services.app_is_stored else None
    if latest and (begun is None or latest[0].received_at >= begun):
        told = latest[0].event
        return Check("webhook", "Webhook", True, f"GitHub was heard ({told}), and its signature fits.")
    return Check("webhook", "Webhook", False, "GitHub was not heard yet.", _webhook_fix(services))


def host(services: Services) -> Check:
    """Whether machines can be had; asks the host. Fly is told from a host that nobody set up."""
    found = health.host(services)
    if services.config.host is not HostKind.FLY or found.ok:
        return found
    action = fly_setup.look(services).verdict.action
    return Check("host", "Machines", False, found.text, _sentence(action or "run `porter fly check`"))


def agent(services: Services) -> Check:
    """Whether a real coding agent has a key, for everyone, for a repository or for a person."""
    known = roster.load(services.config.default_agent, services.config.agents_file)
    usable = [one for one in known.all() if one.needs_key and readiness.is_on(services.db, one.name)]
    ready = [one.title for one in usable if readiness.sources(services.db, one, Asker())]
    if ready:
        return Check("agent", "Agent", True, f"{', '.join(ready)} can work.")
    default = next((one for one in usable if one.name == known.default), usable[0] if usable else None)
    if default is None:
        return Check("agent", "Agent", False, "No coding agent is switched on.", "Switch one on in Settings.")
    fix = f"Add a key in Settings, or run `porter secret set {default.keys[0]}` for {default.title}."
    return Check("agent", "Agent", False, "No coding agent has a key.", fix)


def first_task(services: Services) -> Check:
    """Whether the self-test brought a pull request. Not having tried is no fault."""
    task, key, title = self_test.last(services), "first_task", "First task"
    if task is None:
        return Check(key, title, None, "The self-test was not run yet.", f"Run it: {setup_page(services)}")
    if task.status in LIVE:
        return Check(key, title, None, "The self-test is under way.")
    if task.status is Status.SUCCEEDED and task.pr_number:
        return Check(key, title, True, f"An issue became pull request #{task.pr_number} in {task.repository}.")
    return Check(
        key, title, False, _sentence(task.message or f"it ended as {task.status}"), "Mend that and run it again."
    )


GROUND: dict[str, Callable[[Services], Check]] = {
    "database": health.database, "schema": schema, "redis": health.redis, "workers": health.workers,
    "sweep": health.sweep, "vault": health.vault_keys,
}  # fmt: skip
STEPS: dict[str, Callable[[Services], Check]] = {
    "app": app, "installation": installation, "webhook": webhook, "host": host, "agent": agent,
    "first_task": first_task,
}  # fmt: skip
AT_START = (health.database, schema, health.redis, health.vault_keys, installation, agent)  # nobody outside is asked


def all_of(services: Services) -> list[Check]:
    """Every check, in the order in which one would mend them. Asks GitHub and the host."""
    services.take_on_app()
    return [look(services, check) for check in (*GROUND.values(), *STEPS.values())]


def look(services: Services, check: Callable[[Services], Check]) -> Check:
    """One check; what it stands on being away is an answer too."""
    name = check.__name__
    title = name.replace("_", " ").capitalize()
    try:
        return check(services)
    except (SQLAlchemyError, StoreError):
        return Check(name, title, None, "The database cannot be read, so nobody can tell.", "Mend the database first.")
    except ConfigurationError as error:
        return Check(name, title, False, _sentence(error), "Correct the configuration and restart Porter.")


def is_well(checks: Iterable[Check]) -> bool:
    """Pure. Whether nothing is in the way of work; what nobody can tell is, but for a self-test that was not run."""
    return all(check.ok if check.name != "first_task" else check.ok is not False for check in checks)


def tell(services: Services) -> None:
    """Say at a start what is in the way, a line each. Asks nobody outside."""
    checks = [look(services, one) for one in AT_START]
    app_missing = Check("app", "GitHub App", False, "There is no GitHub App yet.", setup_page(services))
    for check in [*checks, *([] if services.config.names_app else [app_missing])]:
        if check.ok is False:
            extra = {"action": "startup_check", "check": check.name, "fix": check.fix}
            _log.warning("%s: %s %s", check.title, check.text, check.fix, extra=extra)


def setup_page(services: Services) -> str:
    """Pure. The address of the set-up page."""
    return f"{services.config.dashboard_url}/setup"


def install_page(services: Services) -> str:
    """Pure. Where the App is installed."""
    return f"{services.config.github_url}/apps/{services.config.github_app_slug}/installations/new"


_AFTER_APP = "Make the GitHub App first."
_FORGET = "Make the App anew: `porter app forget`, restart Porter, open the set-up page"


def _lacking(permissions: dict[str, str], events: list[str]) -> list[str]:
    low = [
        f"{name}: {level}"
        for name, level in PERMISSIONS.items()
        if _LEVELS.get(permissions.get(name, ""), 0) < _LEVELS[level]
    ]
    return [*low, *(f"the event {name}" for name in EVENTS if name not in events)]


def _webhook_fix(services: Services) -> str:
    config = services.config
    if not config.names_app:
        return _AFTER_APP
    if urlsplit(config.url).hostname in _LOOPBACK and urlsplit(config.github_url).hostname not in _LOOPBACK:
        return f"Set PORTER_URL to an address that GitHub can reach; {config.url} is this computer's own."
    return f"Install the App, or send it a ping: {config.url}/api/webhooks/github must be its webhook, with its secret."


def _sentence(words: object) -> str:
    text = str(words).strip().splitlines()[0] if str(words).strip() else "It could not be told"
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
