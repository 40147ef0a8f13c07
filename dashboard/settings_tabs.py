"""The tabs of the settings page as the JSON they draw: who works, where, with which keys. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.fields import AREA, About, field
from dashboard.fields import effective as counting
from jobs import settings
from jobs.config import Config
from jobs.fly_settings import TOKEN
from jobs.repository_config import ConfigFile
from jobs.roster import Roster
from jobs.settings import Layers
from store.vault import SecretInfo
from worker.agents import Agent

TABS = {
    "agents": "Agents",
    "repositories": "Repositories",
    "secrets": "Secrets",
    "fly": "Fly",
    "github": "GitHub",
    "notifications": "Notifications",
    "members": "Members",
    "yours": "Yours",
}
FOR_ALL = ("agents", "secrets", "fly", "github", "notifications", "members")  # only for admins

_EVERYONE = (
    ("Who works", "Unless the command, the repository or the person says otherwise.",
     ("default_agent", "timeout", "stall", "draft")),
    ("What every run is told", "In all repositories.", ("instructions", "custom_prompt")),
    ("What waits for a person", "A change that touches or exceeds these is held until somebody approves it.",
     ("protected_paths", "max_changed_files", "max_diff_lines")),
    ("What starts by itself", "A repository may decide otherwise.", ("auto_assign", "skip_labels", "labels")),
)  # fmt: skip
_OF_REPOSITORY = (
    ("Who works", "For tasks in this repository.", ("default_agent", "model", "effort")),
    ("How it works", "", ("base_branch", "setup", "test", "timeout", "stall", "draft")),
    *_EVERYONE[1:],
)
_OF_PERSON = (("Who works for you", "For tasks you ask for, where the repository does not decide.",
               ("default_agent", "model", "effort", "timeout", "stall", "draft")),)  # fmt: skip


def everyone(own: Mapping[str, Any], roster: Roster, config: Config, off: frozenset[str]) -> list[dict[str, Any]]:
    """The sections of what is set for everyone."""
    inputs = settings.resolve(Layers(everyone=own), config)
    return [_section(one, own, inputs, roster, off) for one in _EVERYONE]


def repository(
    asked: Layers, roster: Roster, config: Config, off: frozenset[str], file: ConfigFile | None
) -> list[dict[str, Any]]:
    """The sections of one repository; what its file says cannot be changed here."""
    inputs = settings.resolve(asked, config)
    told = file.config.values() if file else {}
    locked = dict.fromkeys(told, f"{file.path} says so, and the file wins.") if file else {}
    return [_section(one, asked.repository, inputs, roster, off, locked) for one in _OF_REPOSITORY]


def read_only(sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same for somebody who may look and not change."""
    fields = [[one | {"read_only": True} for one in section["fields"]] for section in sections]
    return [section | {"fields": shut} for section, shut in zip(sections, fields, strict=True)]


def person(asked: Layers, roster: Roster, config: Config, off: frozenset[str]) -> list[dict[str, Any]]:
    """The sections of one person."""
    inputs = settings.resolve(asked, config)
    return [_section(one, asked.user, inputs, roster, off) for one in _OF_PERSON]


def _section(
    what: tuple[str, str, tuple[str, ...]],
    own: Mapping[str, Any],
    inputs: settings.Inputs,
    roster: Roster,
    off: frozenset[str],
    locked: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    title, lead, names = what
    agents = [(one.name, one.title) for one in roster.all() if one.name not in off]
    works = roster.find(inputs.agent.value)
    suggest = {"model": [one.name for one in works.models] if works else []}
    fields = [
        field(
            name,
            own,
            options=agents if name == "default_agent" else (),
            suggest=suggest.get(name, ()),
            locked=(locked or {}).get(name, ""),
            counts=None if name == "custom_prompt" else counting(name, inputs),
        )
        for name in names
    ]
    return {"key": title, "title": title, "lead": lead, "fields": fields}


def agent_sections(
    roster: Roster, own: Mapping[str, Any], config: Config, off: frozenset[str], keys: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One section an agent: whether it can work, and what is set for it alone."""
    default = settings.resolve(Layers(everyone=own), config).agent.value
    return [_agent(one, own, config, one.name not in off, keys, is_default=one.name == default) for one in roster.all()]


def _agent(
    agent: Agent, own: Mapping[str, Any], config: Config, enabled: bool, keys: Mapping[str, str], *, is_default: bool
) -> dict[str, Any]:
    inputs = settings.resolve(Layers(flags={"agent": agent.name}, everyone=own), config)
    word, tone = _standing(agent, enabled, keys)
    model = inputs.model.value or agent.default_model
    models, about = [one.name for one in agent.models], About("Model", _prices(agent))
    counts = (model or "the agent's own choice", counting("model", inputs)[1] if inputs.model.value else "its own")
    fields = [field(f"model:{agent.name}", own, about=about, suggest=models, counts=counts)]
    if agent.takes_effort:
        fields.append(field(f"effort:{agent.name}", own, counts=counting("effort", inputs)))
    words = About("Words to every run of it", "Added to the prompt before the issue.", AREA)
    fields.append(field(f"custom_prompt:{agent.name}", own, about=words))
    return {
        "key": f"agent:{agent.name}",
        "title": agent.title,
        "lead": " · ".join(filter(None, (agent.name, agent.version or "", "the default" if is_default else ""))),
        "badge": {"word": word, "tone": tone},
        "switch": {"id": f"enabled:{agent.name}", "on": enabled, "label": f"{agent.title} may work"},
        "fold": True,
        "fields": fields,
    }


def _standing(agent: Agent, enabled: bool, keys: Mapping[str, str]) -> tuple[str, str]:
    if not enabled:
        return "Switched off", "stopped"
    if agent.has_key(dict.fromkeys(keys, "set")):
        return "Ready", "done"
    return f"Needs {agent.keys[0]}{' or another key' if agent.keys[1:] else ''}", "needs"


def _prices(agent: Agent) -> str:
    """What the known models cost, as far as it is known."""
    known = [f"{one.name} ${one.price.input:g} / ${one.price.output:g}" for one in agent.models if one.price]
    return f"Per million tokens in / out: {'; '.join(known[:4])}." if known else "Any that the agent knows."


def secrets(
    known: Sequence[SecretInfo], roster: Roster, *, now: datetime, zone: tzinfo, owners: Sequence[str] = ("global",)
) -> list[dict[str, Any]]:
    """One row a key: those that agents can use for `owners[0]`, there or not, then whatever else is kept for any of the
    owners (none named: for all)."""
    users: dict[str, list[str]] = {}
    for agent in roster.all():
        for name in agent.keys:
            users.setdefault(name, []).append(agent.title)
    kept = {(one.owner, one.name): one for one in known}
    first = [(owners[0], name) for name in sorted(users)]
    rest = [key for key in sorted(kept) if key not in first and is_for_agents(*key)]
    return [_secret(key, kept.get(key), users.get(key[1], []), kept, now, zone) for key in [*first, *rest]]


def is_for_agents(owner: str, name: str) -> bool:
    """Whether a secret may be an agent's key: Fly's token and the App's keys have pages of their own."""
    return name != TOKEN and (owner == "global" or owner.startswith(("repo:", "user:")))


def _secret(
    key: tuple[str, str],
    info: SecretInfo | None,
    users: Sequence[str],
    kept: Mapping[tuple[str, str], SecretInfo],
    now: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    owner, name = key
    narrower = [other for other, same in sorted(kept) if same == name and _is_narrower(other, owner)]
    return {
        "id": f"{owner}/{name}",
        "owner": owner,
        "name": name,
        "whose": whose(owner),
        "configured": info is not None,
        "by": f"by {info.updated_by}, {present.ago(info.updated_at, now)}" if info else "",
        "exact": present.exact(info.updated_at, zone) if info else "",
        "users": f"for {', '.join(users)}" if users else "no agent here takes it",
        "wins": f"Not for {', '.join(map(whose, narrower))}: a narrower key counts there." if narrower else "",
    }


def _is_narrower(one: str, other: str) -> bool:
    """A repository's key counts before a person's, and both before everyone's."""
    rank = {"repo": 0, "user": 1}
    return rank.get(one.partition(":")[0], 2) < rank.get(other.partition(":")[0], 2)


def whose(owner: str) -> str:
    """An owner in words."""
    kind, _, name = owner.partition(":")
    return name if kind in ("repo", "user") else "everyone"


_BESIDE_IT = "With an app typed below it is tried for that one; with none, Porter finds or makes one."


def token_row(info: SecretInfo | None, config: Config, *, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """The Fly token as a row: whether there is one, and where it comes from."""
    row = _secret(("global", TOKEN), info, (), {}, now, zone) | {"id": "fly:token", "users": _BESIDE_IT}
    if info is None and config.fly_api_token is not None:
        row |= {"configured": True, "by": "by the environment", "fixed": True}
    return row
