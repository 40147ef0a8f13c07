"""The tab Members as JSON: who signed in, what each is, who may ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.fields import field
from dashboard.settings_places import line, people
from dashboard.settings_reads import MembersView
from jobs.config import Config
from jobs.roles import DEFAULT
from store.members import Member, Role

TITLES = {Role.ADMIN: "Admin", Role.MEMBER: "Member", Role.VIEWER: "Viewer"}
_NEWCOMERS = (("member", "Members"), ("viewer", "Viewers"))
_LEAD = (
    "Admins set what concerns all. Members do what GitHub lets them do. Viewers look, and change nothing, neither here "
    "nor by a comment."
)


def sections(
    seen: MembersView, config: Config, own: Mapping[str, Any], *, you: str, now: datetime, zone: tzinfo
) -> list[dict[str, Any]]:
    """The tab for an admin whose login is `you`. `own`: what is set for everyone."""
    there = {
        "key": "people",
        "title": "People",
        "lead": _people_lead(config),
        "people": _people(seen, config, you, now, zone),
        "naming": [{"value": role, "text": TITLES[role]} for role in reversed(Role)],
    }
    newcomers = {"key": "newcomers", "title": "Newcomers", "lead": "", "fields": [_newcomers(seen, own)]}
    return [there, newcomers, *_asking(seen, config)]


def _people(seen: MembersView, config: Config, you: str, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """Those the environment names stand there too, signed in or not."""
    there = {one.login.lower() for one in seen.members}
    absent = [_absent(login) for login in config.admins if login.lower() not in there]
    return [_person(one, seen, config, you, now, zone) for one in seen.members] + absent


def _person(
    one: Member, seen: MembersView, config: Config, you: str, now: datetime, zone: tzinfo
) -> dict[str, Any]:  # fmt: skip
    fixed = config.is_admin(one.login)
    browsers = seen.browsers.get(one.person_id or -1, 0)
    return {
        "id": f"member:{one.id}",
        "login": one.login,
        "name": one.name if one.name != one.login else "",
        "initials": initials(one.name or one.login),
        "you": one.login.lower() == you.lower(),
        "role": Role.ADMIN if fixed else one.role or "",
        "fixed": "Named in PORTER_ADMINS." if fixed else "",
        "by": f"{TITLES[one.role]} by {one.role_by}" if one.role and one.role_by and not fixed else "",
        "roles": _roles(seen.newcomers),
        "since": _since(one, browsers, now),
        "exact": present.exact(one.seen_at or one.since, zone),
        "out": bool(browsers),
    }


def _absent(login: str) -> dict[str, Any]:
    told = {"id": f"named:{login}", "login": login, "name": "", "initials": initials(login), "you": False, "by": ""}
    fixed = "Named in PORTER_ADMINS."
    return told | {
        "role": Role.ADMIN, "fixed": fixed, "roles": _roles(Role.MEMBER), "since": "Never signed in", "exact": "",
        "out": False,
    }  # fmt: skip


def _since(one: Member, browsers: int, now: datetime) -> str:
    if one.seen_at is None:
        return f"Never signed in, named {present.ago(one.since, now)}"
    there = f", now in {browsers} {'browser' if browsers == 1 else 'browsers'}" if browsers else ""
    return f"Last seen {present.ago(one.seen_at, now)}, here since {present.ago(one.since, now)}{there}"


def _roles(newcomers: Role) -> list[dict[str, str]]:
    own = [{"value": str(role), "text": title} for role, title in TITLES.items()]
    return [{"value": "", "text": f"As newcomers ({TITLES[newcomers].lower()})"}, *own]


def initials(name: str) -> str:
    """One or two letters that stand for somebody: pictures would have to be fetched from elsewhere."""
    words = [word for word in name.replace("-", " ").replace("_", " ").split() if word[0].isalnum()]
    letters = words[0][0] + words[1][0] if len(words) > 1 else (words[0][:2] if words else "?")
    return letters.upper()


def _newcomers(seen: MembersView, own: Mapping[str, Any]) -> dict[str, Any]:
    counts = (TITLES[seen.newcomers].lower() + "s", "set for everyone" if DEFAULT in own else "Porter's own")
    return field(DEFAULT, own, options=_NEWCOMERS, counts=counts)


def _people_lead(config: Config) -> str:
    if not config.is_production:
        return "Nobody signs in: this Porter runs for one person on one computer. Roles hold for who comments."
    if not config.signs_in:
        return "Nobody signs in with GitHub here: there is one password for all. Roles hold for who comments."
    return _LEAD


def _asking(seen: MembersView, config: Config) -> Sequence[dict[str, Any]]:
    who_may = "Whoever may write to a repository on GitHub, but for viewers"
    named = f"{who_may}, and these people (PORTER_ALLOWED_USERS):" if config.allowed_users else f"{who_may}."
    return [
        people("May ask for work", named, [line(one, "") for one in config.allowed_users]),
        people("Have asked for work", "" if seen.askers else "Nobody yet.", [line(one, "") for one in seen.askers]),
    ]
