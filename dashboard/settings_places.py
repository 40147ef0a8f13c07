"""The tabs about what is outside Porter as JSON: Fly and GitHub. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from dashboard import present
from dashboard.fields import CHOICE, LIST, About, field
from dashboard.settings_reads import GitHubView
from jobs.app_settings import Note
from jobs.config import Config
from jobs.fly_setup import Report
from jobs.fly_verdict import FlyStatus
from store.installations import Installation

FLY_FIELDS: Mapping[str, About] = {
    "app": About("App", "The Fly app machines are rented in. It should hold nothing else.", example="porter-3fa1"),
    "org": About("Organisation", "Where the app is made, with an organisation's token.", example="personal"),
    "regions": About("Regions", "To try, the first one first.", LIST, "iad, fra"),
    "machine_cpu_kind": About("Processor", "Shared ones are cheaper.", CHOICE),
    "machine_cpus": About("Processors", "Of one machine.", example="2"),
    "machine_memory_mb": About("Memory in MB", "A multiple of 256.", example="2048"),
}
_KINDS = (("shared", "Shared"), ("performance", "Performance"))
_FROM = {"stored": "saved here", "environment": "the environment", None: "not set"}


def fly(
    report: Report | None,
    error: Exception | None,
    own: Mapping[str, Any],
    token: dict[str, Any],
    *,
    before: Report | None = None,
) -> dict[str, Any]:
    """How it stands with Fly in one line, and its fields. `report` None: Fly is being asked; `own`: what is set for
    everyone; `token`: the row of the token; `before`: what Fly said last."""
    last = report or before
    return {"line": _fly_line(report, error), "token": token, "fields": _fly_fields(last, own) if last else []}


def _fly_line(report: Report | None, error: Exception | None) -> dict[str, Any]:
    if report is None:
        text = "How it stands could not be found out; the dashboard's log says why." if error else "Asking Fly…"
        return {"tone": "failed" if error else "waiting", "word": "Error" if error else "", "text": text, "notes": []}
    verdict = report.verdict
    tone = "done" if verdict.ok else "failed" if verdict.status is not FlyStatus.MISSING_TOKEN else "waiting"
    words = present.plain(" ".join(present.sentence(part) for part in (verdict.message, verdict.action or "") if part))
    notes = [present.plain(present.sentence(one)) for one in report.warnings]
    word = verdict.status.value.replace("_", " ").capitalize()
    return {"tone": tone, "word": word, "text": words, "notes": notes}


def _fly_fields(report: Report, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    place, verdict = report.place, report.verdict
    counts = {
        "app": (place.app or verdict.app or "none", _FROM.get(report.app_source, "")),
        "org": (verdict.org or "told by the token", "Fly"),
        "regions": (", ".join(place.regions), ""),
        "machine_cpu_kind": (place.cpu_kind, ""),
        "machine_cpus": (str(place.cpus), ""),
        "machine_memory_mb": (str(place.memory_mb), ""),
    }
    sizes = {name: ("set for everyone" if name in own else "the environment") for name in FLY_FIELDS}
    return [
        field(
            name, {} if name in ("app", "org") else own, about=about,
            counts=(counts[name][0], counts[name][1] or sizes[name]),
            options=_KINDS if name == "machine_cpu_kind" else (),
        )
        for name, about in FLY_FIELDS.items()
    ]  # fmt: skip


def github(seen: GitHubView, config: Config, *, now: datetime, zone: tzinfo) -> list[dict[str, Any]]:
    """The App, where it is installed, and whether GitHub's calls arrive."""
    return [_app(config, seen.app), _installations(seen, config, now, zone), _health(seen, now, zone)]


def _app(config: Config, made: Note | None) -> dict[str, Any]:
    there = config.github_app_id is not None
    lines = [
        line("App", config.github_app_slug if there else "not set up", mono=there),
        line("Number", config.github_app_id or "not set", mono=there),
        line("Private key", _configured(config.github_app_private_key or config.github_app_private_key_file)),
        line("Webhook address", f"{config.url}/api/webhooks/github", mono=True),
        line("Webhook secret", _configured(config.github_webhook_secret)),
        line("Sign-in with GitHub", _configured(config.github_client_id and config.github_client_secret)),
    ]
    if there:
        lines[0]["href"] = f"{config.github_url}/apps/{config.github_app_slug}"
    if not there:
        lead = "There is none yet, so nobody's comment is heard. The set-up page makes one by a click."
    else:
        lead = f"Made on the set-up page by {made.by}; its keys are sealed." if made else "From the environment."
    return {"key": "app", "title": "The App", "lead": lead, "lines": lines}


def _installations(seen: GitHubView, config: Config, now: datetime, zone: tzinfo) -> dict[str, Any]:
    lines = [_installation(one, seen.sizes.get(one.id, 0), now, zone) for one in seen.installations]
    lead = "" if lines else "GitHub has told of none yet. Install the App on an account, and it is listed here."
    section: dict[str, Any] = {"key": "installations", "title": "Installations", "lead": lead, "lines": lines}
    if config.github_app_id is not None:
        section["link"] = {
            "text": "Install it on an account",
            "href": f"{config.github_url}/apps/{config.github_app_slug}/installations/new",
        }
    return section


def _installation(one: Installation, size: int, now: datetime, zone: tzinfo) -> dict[str, Any]:
    if one.removed_at is not None:
        word, tone = "Removed", "stopped"
    elif one.suspended_at is not None:
        word, tone = "Suspended", "needs"
    else:
        word, tone = "Active", "done"
    about = f"{size:,} {'repository' if size == 1 else 'repositories'}"
    shown = line(one.account or f"installation {one.id}", about, badge=(word, tone))
    return shown | {"when": present.ago(one.seen_at, now), "exact": present.exact(one.seen_at, zone)}


def _health(seen: GitHubView, now: datetime, zone: tzinfo) -> dict[str, Any]:
    last = seen.last
    lines = []
    if last is not None:
        about = " · ".join(filter(None, (last.event, last.repository or "", last.verdict.value)))
        when = {"when": present.ago(last.received_at, now), "exact": present.exact(last.received_at, zone)}
        lines.append(line("Last delivery", about, mono=True) | when)
        told = ", ".join(f"{count:,} {word}" for word, count in sorted(seen.verdicts.items())) or "none"
        lines.append(line("In the last 24 hours", told))
    if seen.looked_at is not None:
        when = {"when": present.ago(seen.looked_at, now), "exact": present.exact(seen.looked_at, zone)}
        lines.append(line("GitHub's own list", "compared with what arrived here") | when)
    for delivery_id, asked in seen.failing:
        times = "once" if asked.attempts == 1 else f"{asked.attempts} times"
        one = line(f"Did not arrive: {delivery_id}", f"asked for again {times}", badge=("Missing", "failed"), mono=True)
        lines.append(one | {"when": present.ago(asked.at, now), "exact": present.exact(asked.at, zone)})
    lead = "" if last is not None else "GitHub has not called yet. Its calls come to the webhook address above."
    return {"key": "health", "title": "Deliveries", "lead": lead, "lines": lines}


def people(title: str, lead: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A section of plain lines."""
    return {"key": title, "title": title, "lead": lead, "lines": list(lines)}


def line(title: str, text: str, *, badge: tuple[str, str] | None = None, mono: bool = False) -> dict[str, Any]:
    """One line: what it is, and what is so. `badge`: a word and its tone."""
    shown = {"word": badge[0], "tone": badge[1]} if badge else None
    return {
        "key": title,
        "title": title,
        "text": text,
        "mono": mono,
        "badge": shown,
        "when": "",
        "exact": "",
        "href": "",
    }


def _configured(value: object) -> str:
    return "configured" if value else "not configured"
