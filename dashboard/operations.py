"""What the Operations page is asked for, and the shape of what it shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Self

from dashboard import present
from dashboard.address import InAddress
from store.records import Verdict

TABS = {
    "queues": ("Queues and workers", "What RQ has in its hands, as rq info tells it. The database is the truth: what "
               "is lost here the sweep brings back. A task that waits for a place has no job."),
    "machines": ("Machines", "What the host lists, beside what the tables say."),
    "deliveries": ("Why nothing happened", "Every call GitHub made to this Porter, and what became of it. A comment "
                   "that started no task says here why."),
    "sweep": ("Sweep", "One leader makes the world agree with the tables: every two seconds by the tables alone, every "
              "fifteen by the host's list."),
    "health": ("Health", "Each part Porter stands on, and what mends it."),
    "audit": ("Audit log", "Who changed what, and which run used which secret. Never a secret itself."),
}  # fmt: skip
WORDS = {"queues": "Queues", "deliveries": "Deliveries", "audit": "Audit log"}  # on a tab, where shorter than its title
OPEN_TO_ALL = "deliveries"  # of the repositories one may see; the other tabs are for admins


@dataclass(frozen=True)
class Wanted(InAddress):
    """Which tab, its filters, and `after`: the key of a page."""

    tab: str = "queues"
    verdict: str = ""
    q: str = ""
    after: str = ""

    @classmethod
    def read(cls, params: Mapping[str, object], *, is_admin: bool = True) -> Self:
        """From query parameters, or from what the component sent. What is not known is dropped."""
        told = cls.told(params)
        if not is_admin:
            told["tab"] = OPEN_TO_ALL
        if told["tab"] not in TABS:
            told["tab"] = "queues"
        if told["verdict"] not in set(Verdict) or told["tab"] != "deliveries":
            told["verdict"] = ""
        if told["tab"] not in ("deliveries", "audit"):
            told |= {"q": "", "after": ""}
        return cls(**told)

    def elsewhere(self, tab: str) -> Wanted:
        """Another tab, without this one's filters."""
        return Wanted.read({"tab": tab})

    def first_page(self) -> Wanted:
        return replace(self, after="")


def page(
    wanted: Wanted, groups: list[dict[str, Any]], *, is_admin: bool, next_key: str = "", busy: str = ""
) -> dict[str, Any]:
    """All that the component is given. `busy`: what is being done at this moment, as a sentence."""
    title, lead = TABS[wanted.tab]
    tabs = [{"key": key, "word": WORDS.get(key, name), "on": key == wanted.tab} for key, (name, _) in TABS.items()]
    return {
        "tabs": tabs if is_admin else [],
        "tab": wanted.tab,
        "title": title,
        "lead": lead,
        "search": wanted.q if wanted.tab in ("deliveries", "audit") else None,
        "verdicts": _verdicts(wanted) if wanted.tab == "deliveries" else [],
        "groups": groups,
        "next": next_key,
        "first": not wanted.after,
        "busy": busy,
    }


def group(key: str, title: str, rows: list[dict[str, Any]], *, empty: str, hint: str = "") -> dict[str, Any]:
    """Rows under a heading; `empty` is said when there are none."""
    return {"key": key, "title": title, "hint": hint, "rows": rows, "empty": empty, "table": None}


def table(key: str, title: str, columns: list[str], rows: list[list[Any]], *, minor: int) -> dict[str, Any]:
    """Figures under a heading. A narrow screen leaves the last `minor` columns out."""
    told = {"columns": columns, "rows": [[str(cell) for cell in row] for row in rows], "minor": minor}
    return {"key": key, "title": title, "hint": "", "rows": [], "empty": "", "table": told}


def row(
    key: str, title: str, *, word: str = "", tone: str = "stopped", note: str = "", meta: list[str] | None = None,
    then: datetime | None = None, now: datetime | None = None, zone: tzinfo | None = None,
    tasks: list[str] | None = None, acts: list[dict[str, Any]] | None = None, mono: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One line: a badge, what it is, what is to be said of it, when, and what can be done."""
    return {
        "key": key, "title": title, "word": word, "tone": str(tone), "note": note, "mono": mono,
        "meta": [part for part in meta or [] if part],
        "when": present.ago(then, now) if then and now else "",
        "exact": present.exact(then, zone) if then and zone else "",
        "tasks": tasks or [], "acts": acts or [],
    }  # fmt: skip


def act(do: str, word: str, *, ask: str = "", hint: str = "", **said: str) -> dict[str, Any]:
    """A button; with `ask` it asks once more."""
    return {"word": word, "ask": ask, "hint": hint, "said": {"do": do, **said}}


def _verdicts(wanted: Wanted) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"key": "", "word": "All", "on": not wanted.verdict}]
    words = {verdict: word for verdict, (word, _) in present.VERDICTS.items()}
    return found + [{"key": key, "word": word, "on": wanted.verdict == key} for key, word in words.items()]
