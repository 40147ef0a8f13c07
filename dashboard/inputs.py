"""What a task was asked with and what its run was given, each value with where it came from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

from dashboard import present
from store.records import Run, Task

Row = dict[str, str]

_WAYS = {"comment": "a comment on the issue", "api": "the REST API", "dashboard": "the dashboard"}
_SOURCES = {
    "flag": "asked for",
    "file": "the repository's .porter file",
    "repository": "the settings of the repository",
    "user": "the settings of who asked",
    "global": "the settings for everybody",
    "built-in": "Porter's default",
}
# The name in a run's inputs → how it is shown, and what an empty value means; left out when empty and nobody set it.
_ALWAYS = {
    "agent": ("Agent", ""),
    "model": ("Model", "the agent's own default"),
    "base_branch": ("Base branch", "the repository's default"),
    "priority": ("Priority", ""),
    "timeout_seconds": ("Time limit", ""),
    "stall_seconds": ("Silence limit", ""),
    "test_command": ("Tests", "none"),
    "setup": ("Set-up", "none"),
}
_IF_SET = {
    "effort": ("Effort", "the agent's own default"),
    "no_tests": ("Without tests", "no"),
    "draft": ("Draft", "no"),
    "instructions": ("Standing instructions", "none"),
    "protected_paths": ("Protected paths", "only Porter's own"),
    "max_changed_files": ("Most files", "Porter's own limit"),
    "max_diff_lines": ("Most lines", "Porter's own limit"),
    "labels": ("Labels", "off"),
}


def rows(task: Task, runs: Sequence[Run], *, zone: tzinfo) -> list[Row]:
    """As asked, then as decided for the newest run that was launched."""
    way = _WAYS.get(task.source, task.source)
    asked = [
        _row("Asked by", task.requested_by, f"{way}, {present.exact(task.created_at, zone)}"),
        _row("Repository", task.repository, way),
        _row("Instructions", task.instructions or "none beyond the issue itself", "the command"),
    ]
    decided = next((run.inputs for run in reversed(runs) if run.inputs), {})
    return [*asked, *(_decided(decided) if decided else _undecided(task))]


def _decided(inputs: Mapping[str, Any]) -> list[Row]:
    shown = {name: words for name, words in _ALWAYS.items() if name in inputs}
    shown |= {
        name: words for name, words in _IF_SET.items() if inputs.get(name, {}).get("source", "built-in") != "built-in"
    }
    return [
        _row(title, _value(name, inputs[name].get("value")) or empty, _SOURCES.get(inputs[name].get("source"), ""))
        for name, (title, empty) in shown.items()
    ]


def _undecided(task: Task) -> list[Row]:
    """Before the launch nothing is settled but what was asked for."""
    flags = ", ".join(f"--{name}={value}" for name, value in sorted(task.flags.items()))
    return [
        _row("Agent", task.agent, "asked for" if "agent" in task.flags else "the default, so far"),
        _row("Model", task.model or "decided at the launch", "asked for" if task.model else ""),
        _row("Priority", task.priority, ""),
        _row("Base branch", task.base_branch or "decided at the launch", "asked for" if task.base_branch else ""),
        _row("Flags", flags or "none", "the command"),
    ]


def _value(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if name.endswith("_seconds"):
        return present.duration(float(value))
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "yes" if value is True else str(value)


def _row(name: str, value: str, source: str) -> Row:
    return {"name": name, "value": value, "source": source}
