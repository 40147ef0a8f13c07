"""A held change as the JSON its component draws. Pure."""

from __future__ import annotations

from typing import Any

from store.records import HeldChange, Task

MOST_SHOWN = 100_000  # characters: it is sent with every tick


def panel(task: Task, held: HeldChange, *, url: str) -> dict[str, Any]:
    """Why it waits and what would be pushed. `url`: where Porter's API is, for a diff too long for a page."""
    files = f"{task.files_changed} {'file' if task.files_changed == 1 else 'files'}"
    return {
        "run": held.run_id,
        "size": f"{files}, +{task.additions:,} −{task.deletions:,}",
        "reasons": [{"place": _place(one), "words": str(one["words"])} for one in held.findings],
        "diff": _shown(held.diff, f"{url}/api/review/{task.id}"),
    }


def _place(finding: dict[str, Any]) -> str:
    return f"{finding['path']}:{finding['line']}" if finding.get("line") else str(finding.get("path") or "")


def _shown(diff: str, whole: str) -> str:
    if len(diff) <= MOST_SHOWN:
        return diff
    return f"{diff[:MOST_SHOWN]}\n[… {len(diff) - MOST_SHOWN:,} characters more: GET {whole}]"
