"""Settings as fields of a form: their words, their value as text and back, and what counts in the end. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.settings import Inputs, Source

# What a field looks like: one line, several lines, a choice, commands one a line, words between commas.
TEXT, AREA, CHOICE, LINES, LIST = "text", "area", "choice", "lines", "list"
# How a value is written: as it is, as a length of time, as yes or no.
_SPANS, _SWITCHES = ("timeout", "stall"), ("draft", "auto_assign", "labels")


@dataclass(frozen=True)
class About:
    """What a setting is called, what it does, and what one types."""

    label: str
    help: str
    kind: str = TEXT
    example: str = ""


ABOUT: Mapping[str, About] = {
    "default_agent": About("Default agent", "Works when a command names none.", CHOICE),
    "model": About("Model", "Of the default agent set beside it."),
    "effort": About("Effort", "How hard the agent thinks, in its own word.", example="low, medium, high"),
    "timeout": About("Time limit", "Longest the agent may work.", example="30m"),
    "stall": About("Silence limit", "Longest the agent may say nothing.", example="10m"),
    "draft": About("Draft pull requests", "Opened as drafts, to be marked ready by a person.", CHOICE),
    "base_branch": About("Base branch", "Where work starts from.", example="main"),
    "setup": About(
        "Set-up commands", "Before the agent starts, one a line. One that fails ends the run.", LINES, "npm ci"
    ),
    "test": About("Test command", "Run by Porter on a copy of the work when the agent is done.", example="npm test"),
    "instructions": About("Standing instructions", "Told to the agent in every run.", AREA),
    "custom_prompt": About("Your own words to every run", "Added to the prompt before the issue.", AREA),
    "protected_paths": About(
        "Protected paths", "Changes to them wait for a person, besides the built-in ones.", LIST, "infra/**, *.sql"
    ),
    "max_changed_files": About("Most files changed", "A larger change waits for a person.", example="100"),
    "max_diff_lines": About("Most lines changed", "A larger change waits for a person.", example="5000"),
    "auto_assign": About("Start by itself", "Each new issue starts a task.", CHOICE),
    "skip_labels": About(
        "Labels to pass over", "Issues with one of them start nothing by themselves.", LIST, "wontfix"
    ),
    "default_role": About("Their role", "Of whoever was given none of their own.", CHOICE),
    "labels": About("Status labels", "A task's status is shown as a label of its issue.", CHOICE),
}
_INPUT = {"default_agent": "agent", "timeout": "timeout_seconds", "stall": "stall_seconds", "test": "test_command"}
_SOURCES = {
    Source.FILE: "the repository's file",
    Source.REPOSITORY: "set for this repository",
    Source.USER: "set by you",
    Source.GLOBAL: "set for everyone",
    Source.BUILT_IN: "Porter's own",
}
_UNSET = {
    "model": "the agent's own choice",
    "effort": "the agent's own",
    "base_branch": "the repository's default branch",
    "max_changed_files": "the built-in limit",
    "max_diff_lines": "the built-in limit",
    "protected_paths": "only the built-in ones",
}


def text(name: str, value: Any) -> str:
    """A stored value as a person would type it; nothing for None."""
    base = name.partition(":")[0]
    if value is None:
        return ""
    if base in _SPANS:
        return span(int(value))
    if base in _SWITCHES or isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ("\n" if base == "setup" else ", ").join(str(one) for one in value)
    return str(value)


def typed(name: str, words: str) -> str | list[str]:
    """What somebody typed, as the settings take it: words as they are, lists in their parts."""
    about = ABOUT.get(name.partition(":")[0])
    if about is not None and about.kind in (LINES, LIST):
        parts = words.replace("\r", "").split("\n") if about.kind == LINES else words.replace("\n", ",").split(",")
        return [part.strip() for part in parts if part.strip()]
    return words.strip()


def span(seconds: int) -> str:
    """`90s`, `30m`, `2h`, as the settings read it."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def spoken(name: str, value: Any) -> str:
    """A value in words, for the line that says what counts."""
    base = name.partition(":")[0]
    if base in _SWITCHES:
        return "yes" if value else "no"
    if value in (None, "", []):
        return _UNSET.get(base, "none")
    if base in ("instructions", "custom_prompt"):
        return f"{len(str(value)):,} characters"
    return text(name, value).replace("\n", " · ")


def effective(name: str, inputs: Inputs) -> tuple[str, str]:
    """The value that counts, in words, and where it comes from."""
    found = getattr(inputs, _INPUT.get(name, name))
    return spoken(name, found.value), _SOURCES.get(found.source, str(found.source))


def field(
    name: str,
    own: Mapping[str, Any],
    *,
    counts: tuple[str, str] | None = None,
    about: About | None = None,
    options: Sequence[tuple[str, str]] = (),
    suggest: Sequence[str] = (),
    locked: str = "",
) -> dict[str, Any]:
    """The JSON of one field. `own`: what is set in the scope that is shown; `counts`: the effective value and its
    source; `locked`: why it cannot be changed here."""
    about = about or ABOUT[name.partition(":")[0]]
    choices = options or (_YES_NO if about.kind == CHOICE else ())
    return {
        "id": name,
        "label": about.label,
        "help": about.help,
        "kind": about.kind,
        "value": text(name, own.get(name)),
        "is_set": own.get(name) is not None,
        "effective": counts[0] if counts else "",
        "source": counts[1] if counts else "",
        "example": about.example,
        "options": [{"value": value, "text": words} for value, words in choices],
        "suggest": list(suggest),
        "locked": locked,
    }


_YES_NO = (("true", "Yes"), ("false", "No"))
