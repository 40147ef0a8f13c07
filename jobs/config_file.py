"""The repository's configuration file, as GitHub has it: read from the default branch, told of when it is wrong, and
noted where the intake can see it."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import replace
from datetime import UTC, datetime

from jobs import repository, roster
from jobs.bootstrap import Services
from jobs.cleaning import code, one_line, without_tags
from jobs.github.client import Repository
from jobs.github.errors import GitHubRefused
from jobs.github.knowledge import Knowledge
from jobs.repository_config import FOLDER, NAMES, ConfigFile, Mistake, parse
from jobs.settings import FROM_FILE
from store import leases, settings

_log = logging.getLogger(__name__)
_EVER = datetime(2008, 1, 1, tzinfo=UTC)  # before GitHub's first issue
_BOTH = "both `config.json` and `config.toml` are there; `config.json` is read"


def read(services: Services, here: Repository) -> ConfigFile:
    """The file as it stands on the default branch, and nowhere else: whoever opens a pull request decides nothing.

    Raises a GitHubError.
    """
    knowledge = Knowledge(here)
    branch = knowledge.about().default_branch
    present = knowledge.folder(FOLDER, ref=branch)
    names = [name for name in NAMES if name in present]
    if not names:
        return ConfigFile(branch=branch)
    path = f"{FOLDER}/{names[0]}"
    text = knowledge.file(path, ref=branch)
    if text is None:
        return ConfigFile(mistakes=(Mistake("it is no file, or too large"),), path=path, branch=branch)
    found = replace(_with_known_agent(services, parse(path, text)), branch=branch)
    if len(names) > 1:
        found = replace(found, mistakes=(*found.mistakes, Mistake(_BOTH, matters=False)))
    return found


def refresh(services: Services, full_name: str) -> None:
    """Read the file and note what the intake decides by: it never asks GitHub itself. Raises a GitHubError."""
    note(services, full_name, read(services, repository.of(services, full_name, None)))


def note(services: Services, full_name: str, found: ConfigFile) -> None:
    """Bring the noted values in step with the file; a value that is there and right already is left alone."""
    scope, now = settings.of_repository(full_name), services.clock()
    noted, wanted = settings.of_scope(services.db, scope), found.config.values()
    for name in FROM_FILE:
        known, value = noted.get(f"file_{name}"), wanted.get(name)
        if value is None and known is not None:
            settings.remove(services.db, scope, f"file_{name}")
        elif value != known:
            settings.put(services.db, scope, f"file_{name}", value, by="file", now=now)


def complain(
    services: Services, here: Repository, issue_number: int, found: ConfigFile, *, fatal: Mistake | None
) -> None:
    """Make sure that the issue has one comment on this version of the file; that it cannot be written fails nothing.

    `fatal`: the mistake that the run cannot do without, if there is one. Raises GitHubUnavailable.
    """
    if not found.mistakes:
        return
    subject = hashlib.sha256(f"{here.full_name}#{issue_number}:{found.digest}".encode()).hexdigest()[:32]
    place, holder = f"config:{subject}", secrets.token_hex(8)
    if not leases.hold(services.db, place, holder=holder, now=services.clock(), seconds=60):
        return  # another task of the issue is at it
    try:
        if here.find_comment(issue_number, marker(found), since=_EVER) is None:
            here.create_comment(issue_number, words(here.full_name, found, fatal))
    except GitHubRefused as refusal:
        extra = {"action": "comment_refused", "repository": here.full_name, "status": refusal.status}
        _log.warning("github refused the comment on the configuration file", extra=extra)
    finally:
        leases.let_go(services.db, place, holder=holder)


def marker(found: ConfigFile) -> str:
    """By this the comment is found again: one for each issue and version of the file."""
    return f"<!-- porter:config={found.digest} -->"


def words(full_name: str, found: ConfigFile, fatal: Mistake | None) -> str:
    """The comment. The file is written by people who may write to the repository; its words are shown all the same as
    nobody's markup."""
    path = f"`{found.path}`"
    mistakes = [f"- {without_tags(one_line(str(mistake), 400))}" for mistake in found.mistakes[:20]]
    after = (
        "A run cannot do without what is wrong there, so it was not started. Mend it on the default branch, then retry."
        if fatal
        else "Nothing of it matters for a run, so the work goes on without it."
    )
    return "\n".join([f"{path} of {code(full_name, 200)} has a mistake:", "", *mistakes, "", after, "", marker(found)])


def _with_known_agent(services: Services, found: ConfigFile) -> ConfigFile:
    """The default agent by its name, whatever alias the file has for it; a mistake when there is none."""
    named = found.config.default_agent
    if named is None:
        return found
    known = roster.load(services.config.default_agent, services.config.agents_file)
    agent = known.find(named)
    if agent is not None:
        return replace(found, config=found.config.model_copy(update={"default_agent": agent.name}))
    there = ", ".join(one.name for one in known.all())
    mistake = Mistake(f"is {named!r}, and there is no such agent here; there are {there}", "default_agent")
    without = found.config.model_copy(update={"default_agent": None})
    return replace(found, config=without, mistakes=(*found.mistakes, mistake))
