"""The set-up page as the JSON it draws: steps that are green only by test. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.health import Check
from store.records import Task

_WHY = {
    "app": "Porter speaks to GitHub as an App of your own. A click makes it; its keys come back here and stay sealed.",
    "installation": "An App works only where it is installed. Choose at least one repository.",
    "webhook": "GitHub must reach this Porter, and prove by a signature that it is GitHub.",
    "host": "Each task runs on a machine of its own.",
    "agent": "A coding agent needs a key of the service that its model comes from.",
    "first_task": "Porter opens an issue, an agent that needs no key makes a change, a pull request comes. It is free.",
}
_AFTER = {
    "installation": "Comes after the GitHub App.",
    "webhook": "Comes after the GitHub App.",
    "first_task": "Comes after the installation.",
}
_GROUND = "Porter itself"
_TITLES = {
    "app": "GitHub App",
    "host": "Machines",
}  # where they differ from the key: what is looked at has its name too


@dataclass(frozen=True)
class Around:
    """What the steps' buttons need besides. `notice`: what was refused last, by step."""

    install_page: str = ""
    repositories: Sequence[str] = ()
    test: Task | None = None
    test_closed: bool = False
    notices: Mapping[str, str] | None = None
    leave: Mapping[str, Any] | None = None
    sign_in: str = ""
    on_fly: bool = False


def drawn(ground: Sequence[Check | None], steps: Mapping[str, Check | None], around: Around) -> dict[str, Any]:
    """All that the page shows. A check that is None is being looked at."""
    rows = [_ground_row(ground), *(_row(key, check, around) for key, check in steps.items())]
    next_one = next((row["key"] for row in rows if row["state"] in ("todo", "broken")), "")
    done = sum(row["state"] == "done" for row in rows)
    return {
        "rows": [row | {"next": row["key"] == next_one} for row in rows],
        "done": done,
        "of": len(rows),
        "lead": _lead(done, len(rows)),
        "leave": dict(around.leave) if around.leave else None,
        "sign_in": around.sign_in,
    }


def _lead(done: int, of: int) -> str:
    if done == of:
        return "Everything was tested and works. Comment `@porter <agent>` on an issue, or dispatch a task."
    return f"{done} of {of} are in order. Each turns green when a test says so, and not before."


def _ground_row(ground: Sequence[Check | None]) -> dict[str, Any]:
    """The parts that Porter consists of, in one row: all well, or each that is not."""
    broken = [check for check in ground if check is not None and check.ok is False]
    if broken:
        state, fix = "broken", broken[0].fix
        text = " ".join(one.text if len(broken) == 1 else f"{one.title}: {one.text}" for one in broken)
    elif any(check is None for check in ground):
        state, text, fix = "looking", "Looking at database, Redis, workers and sweep.", ""
    else:
        state, text, fix = "done", "The database, Redis, the workers and the sweep are at work.", ""
    return {"key": "ground", "title": _GROUND, "why": "", "state": state, "text": text, "fix": fix, "act": None}


def _row(key: str, check: Check | None, around: Around) -> dict[str, Any]:
    row: dict[str, Any] = {"key": key, "why": _WHY[key], "notice": (around.notices or {}).get(key, "")}
    if check is None:
        title = _TITLES.get(key) or key.replace("_", " ").capitalize()
        return row | {"title": title, "state": "looking", "text": "Being looked at.", "fix": "", "act": None}
    unsure = "todo" if key == "first_task" else "unknown"
    state = {True: "done", False: "broken", None: unsure}[check.ok]
    if (
        check.ok is not True
        and key in _AFTER
        and not (around.install_page if key != "first_task" else around.repositories)
    ):
        return row | {"title": check.title, "state": "later", "text": _AFTER[key], "fix": "", "act": None}
    act = _act(key, check, around)
    # What a button below does needs no words beside it.
    fix = "" if check.ok is True or (act and act["kind"] != "close") else check.fix
    return row | {"title": check.title, "state": state, "text": check.text, "fix": fix, "act": act}


def _act(key: str, check: Check, around: Around) -> dict[str, Any] | None:
    match key:
        case "app" if check.ok is False and not around.install_page:
            return {"kind": "make_app"}
        case "installation" if around.install_page:
            words = "Install on more repositories" if check.ok else "Install on GitHub"
            return {"kind": "link", "href": around.install_page, "word": words, "first": not check.ok}
        case "agent" if not check.ok:
            return {"kind": "link", "href": "/settings?tab=secrets", "word": "Add a key", "first": False}
        case "host" if not check.ok and around.on_fly:
            return {"kind": "link", "href": "/settings?tab=fly", "word": "Set Fly up", "first": False}
        case "first_task":
            return _test_act(around)
    return None


def _test_act(around: Around) -> dict[str, Any] | None:
    task = around.test
    if task is not None and task.is_live:
        return {"kind": "watch", "href": f"/task?id={task.id}", "word": "Watch it", "text": task.message}
    if task is not None and task.pr_number and not around.test_closed:
        return {"kind": "close", "href": task.pr_url or "", "word": f"Pull request #{task.pr_number}"}
    if not around.repositories:
        return None
    return {"kind": "test", "repositories": list(around.repositories)}
