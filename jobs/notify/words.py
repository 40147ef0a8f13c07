"""What a notification says, as a calm colleague would: what became of which task, why, and where to look. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.cleaning import inert, one_line
from jobs.comments import HINTS
from store.channels import Occasion
from store.lifecycle import Status

TITLES: Mapping[Occasion, str] = {
    Occasion.PULL_REQUEST: "A pull request is ready",
    Occasion.NEEDS_YOU: "A change waits for approval",
    Occasion.FAILED: "A task failed",
    Occasion.NO_CHANGES: "Nothing needed changing",
    Occasion.CANCELLED: "A task was stopped",
    Occasion.TEST: "A test",
}
_WHY = (Occasion.FAILED, Occasion.CANCELLED, Occasion.NEEDS_YOU)
_SUBJECT, _LINE = 200, 600  # characters


@dataclass(frozen=True)
class Telling:
    """One notification in words. `links`: what each leads to, and its address."""

    subject: str
    lines: list[str]
    links: list[tuple[str, str]]

    @property
    def text(self) -> str:
        """For a mail: all of it, and nothing that is drawn."""
        links = [f"{word}: {address}" for word, address in self.links]
        return "\n".join([self.subject, "", *self.lines, *([""] if self.lines else []), *links])

    @property
    def slack(self) -> str:
        """For Slack, and for what speaks like it; nobody is called by what others wrote.

        https://docs.slack.dev/messaging/formatting-message-text
        """
        links = [f"<{_escaped(address)}|{_escaped(word)}>" for word, address in self.links]
        return "\n".join([*(_quiet(line) for line in (self.subject, *self.lines)), " · ".join(links)]).strip()


def telling(event: Occasion, facts: Mapping[str, Any], *, dashboard_url: str) -> Telling:
    """The words for one occasion. `facts`: the task as it was then, free of secrets (store/notices.py)."""
    if event is Occasion.TEST:
        words = f"{facts.get('requested_by') or 'Somebody'} sent this to see whether it arrives. It did."
        return Telling("A test from Porter", [words], [("Porter", dashboard_url)])
    pull = [(f"Pull request #{facts['pr_number']}", str(facts["pr_url"]))] if facts.get("pr_url") else []
    links = [*pull, ("Task", f"{dashboard_url}/task?id={facts['id']}")]
    return Telling(subject(event, facts), list(filter(None, _lines(event, facts))), links)


def subject(event: Occasion, facts: Mapping[str, Any]) -> str:
    """What happened, on one line."""
    number, agent = facts.get("pr_number"), facts["agent"]
    happened = {
        Occasion.PULL_REQUEST: f"Pull request #{number} is ready" if number else "Done",
        Occasion.NO_CHANGES: f"{agent} found nothing to change",
        Occasion.FAILED: f"{agent} {'ran out of time' if facts['status'] == Status.TIMED_OUT else 'could not finish'}",
        Occasion.CANCELLED: f"{agent} was stopped",
        Occasion.NEEDS_YOU: "A change waits for your approval",
    }[event]
    return one_line(f"{happened}: {_place(facts)} {facts.get('issue_title') or ''}", _SUBJECT)


def _lines(event: Occasion, facts: Mapping[str, Any]) -> list[str]:
    why = _sentence(one_line(facts.get("message") or "", _LINE)) if event in _WHY else ""
    hint = HINTS.get(facts.get("reason") or "", "").replace("`", "") if event is Occasion.FAILED else ""
    said = "" if event in _WHY else one_line(facts.get("summary") or "", _LINE)
    return [why, hint, said, _small_print(facts)]


def _place(facts: Mapping[str, Any]) -> str:
    return f"{facts['repository']}#{facts['issue_number']}" if facts.get("issue_number") else str(facts["repository"])


def _small_print(facts: Mapping[str, Any]) -> str:
    files, cost = facts.get("files_changed") or 0, facts.get("cost_usd")
    changed = f"{files:,} {'file' if files == 1 else 'files'}, +{facts.get('additions')} −{facts.get('deletions')}"
    agent = f"{facts['agent']} ({facts['model']})" if facts.get("model") else facts["agent"]
    money = f"${cost:,.2f}" if cost is not None else ""
    return " · ".join(filter(None, (agent, f"asked for by {facts['requested_by']}", changed if files else "", money)))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _quiet(text: str) -> str:
    """No call, no picture, no link of another's making: a bracket and its target are kept apart."""
    return _escaped(inert(text).replace("](", "]\u2060("))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
