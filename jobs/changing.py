"""What people change in Porter: settings and secrets, checked before they are stored, each change noted in the audit.

The page, the command line and the API all come through here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from jobs import fly_settings, readiness, roster
from jobs.bootstrap import Services
from jobs.roster import Roster
from jobs.setting_kinds import BadSetting, Scope, checked
from store import audit, settings, vault

LONGEST = 16_384  # characters of a secret
_NAME = re.compile(r"[A-Z][A-Z0-9_]{1,99}")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\[\]-]{0,98}")
_SHOWN = 400  # characters of a value in the audit


@dataclass(frozen=True)
class For:
    """For whom something is set: everyone, one repository (`name` is `owner/name`) or one person (their login)."""

    kind: Scope = "global"
    name: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """From `global`, `repo:<owner/name>`, `user:<login>`. Raises BadSetting."""
        kind, colon, name = text.partition(":")
        if text == settings.GLOBAL:
            return cls()
        if kind == "repo" and _REPOSITORY.fullmatch(name):
            return cls("repo", name)
        if kind == "user" and colon and _LOGIN.fullmatch(name):
            return cls("user", name)
        raise BadSetting(f"{text[:80]!r} is no scope; it is global, repo:OWNER/NAME or user:LOGIN")

    @property
    def scope(self) -> str:
        """As it is stored."""
        if self.kind == "repo":
            return settings.of_repository(self.name)
        return settings.of_user(self.name) if self.kind == "user" else settings.GLOBAL


EVERYONE = For()


def fitting(services: Services, whom: For, name: str, value: Any) -> Any:
    """The value as it would be stored. Raises BadSetting, UnknownAgent with a sentence."""
    return _fitting(services, name, checked(name, value, whom.kind))


def put(services: Services, whom: For, name: str, value: Any, *, by: str) -> Any:
    """Set a value; answers it as it is stored. Raises BadSetting, UnknownAgent with a sentence."""
    return _store(services, whom, name, fitting(services, whom, name, value), by=by)


def put_text(services: Services, whom: For, name: str, text: str, *, by: str) -> Any:
    """The same with a value that somebody typed: `true`, `12`, `["a", "b"]` are read as JSON, unless only the words
    themselves are valid."""
    return _store(services, whom, name, _fitting(services, name, _read(name, text, whom.kind)), by=by)


def _store(services: Services, whom: For, name: str, kept: Any, *, by: str) -> Any:
    now, before = services.clock(), settings.get(services.db, whom.scope, name)
    if before == kept:
        return kept
    detail = f"{_shown(before)} → {_shown(kept)}" if before is not None else _shown(kept)
    with services.db.write() as connection:
        settings.put_in(connection, whom.scope, name, kept, by=by, now=now)
        what = f"{whom.scope}/{name}"
        audit.note(connection, who=by, action="setting_changed", what=what, detail=detail, now=now)
    return kept


def unset(services: Services, whom: For, name: str, *, by: str) -> bool:
    """Forget a value, so that the next wider one counts; False when there was none."""
    before = settings.get(services.db, whom.scope, name)
    with services.db.write() as connection:
        removed = settings.remove_in(connection, whom.scope, name)
        if removed:
            audit.note(
                connection, who=by, action="setting_removed", what=f"{whom.scope}/{name}",
                detail=f"it was {_shown(before)}", now=services.clock(),
            )  # fmt: skip
    return removed


def put_secret(services: Services, whom: For, name: str, value: str, *, by: str) -> None:
    """Add or replace a secret. An empty value changes nothing. Raises BadSetting, which never quotes the value."""
    if not _NAME.fullmatch(name):
        raise BadSetting("a secret's name is in capitals, digits and underscores, such as ANTHROPIC_API_KEY")
    if name == fly_settings.TOKEN:
        raise BadSetting("the Fly token is saved where Fly is asked about it first: Settings, Fly, or `porter fly set`")
    value = value.strip()
    if not value:
        raise BadSetting("nothing was changed: the value is empty; to delete a secret, remove it")
    if len(value) > LONGEST or any(ord(one) < 32 and one not in "\n\r\t" for one in value):
        raise BadSetting(f"that is no key: it is longer than {LONGEST:,} characters, or has control characters in it")
    now, held = services.clock(), any((one.owner, one.name) == (whom.scope, name) for one in vault.known(services.db))
    with services.db.write() as connection:
        vault.put_in(connection, services.vault, whom.scope, name, value, by=by, now=now)
        action = "secret_replaced" if held else "secret_added"
        audit.note(connection, who=by, action=action, what=f"{whom.scope}/{name}", now=now)


def remove_secret(services: Services, whom: For, name: str, *, by: str) -> bool:
    """Forget a secret; False when there was none."""
    with services.db.write() as connection:
        removed = vault.remove_in(connection, whom.scope, name)
        if removed:
            what = f"{whom.scope}/{name}"
            audit.note(connection, who=by, action="secret_removed", what=what, now=services.clock())
    return removed


def _fitting(services: Services, name: str, value: Any) -> Any:
    """What only this deployment can tell: whether there is such an agent, and whether it is on."""
    base, _, word = name.partition(":")
    known = roster.load(services.config.default_agent, services.config.agents_file)
    agent = known.find(word) if word else None
    if word and (agent is None or agent.name != word):
        names = ", ".join(one.name for one in known.all())
        raise BadSetting(f"{base} is set for an agent by its name, and there is no {word[:64]}; there are {names}")
    if base == "default_agent":
        return _default(services, known, value)
    if base == readiness.ENABLED and value is False:
        _may_go_off(services, known, word)
    if base == "effort" and agent is not None and not agent.takes_effort:
        raise BadSetting(f"{agent.title} takes no effort, so there is nothing to set")
    return value


def _read(name: str, text: str, kind: Scope) -> Any:
    try:
        read = json.loads(text)
    except ValueError:
        return checked(name, text, kind)
    try:
        return checked(name, read, kind)
    except BadSetting as refusal:
        try:
            return checked(name, text, kind)
        except BadSetting:
            raise refusal from None


def _default(services: Services, known: Roster, word: str) -> str:
    name = roster.named(services.config, word)
    if not readiness.is_on(services.db, name):
        raise BadSetting(f"{_title(known, name)} is switched off; switch it on first")
    return name


def _may_go_off(services: Services, known: Roster, name: str) -> None:
    if name == (settings.get(services.db, settings.GLOBAL, "default_agent") or known.default):
        words = "choose another default first, or commands that name no agent would fail"
        raise BadSetting(f"{_title(known, name)} is the default agent: {words}")


def _title(known: Roster, name: str) -> str:
    agent = known.find(name)
    return agent.title if agent else name


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
