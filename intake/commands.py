"""What a comment asks of Porter: `@porter [agent] [flags] [instructions]`, line by line. Pure.

Mistakes are values too: a `CommandError` holds the sentence that its author is answered with, and nothing is launched.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from intake import flags as flag_line
from intake.flags import Refused, Value
from intake.markdown import INVISIBLE, Mentioned, mentioned_lines, normalise

MOST = 10  # commands in one comment
_NEAR = 0.8  # below it "lock the file" would be asked back as the agent "mock"
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9'’-]*[.,:;!?]*")
_ENDINGS = ".,:;!?"


class Verb(StrEnum):
    """What can be asked of Porter itself."""

    STOP = "stop"
    RETRY = "retry"
    STATUS = "status"
    HELP = "help"
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True)
class Command:
    """A request to do work. `line` counts from 1; `agent` None: the default one. `flags` as `intake.flags` reads them
    (timeout in seconds); `instructions` keep their line breaks and code."""

    line: int
    agent: str | None = None
    flags: Mapping[str, Value] = field(default_factory=dict)
    instructions: str = ""


@dataclass(frozen=True)
class Control:
    """A request to Porter itself. `agent`: only the task of that one."""

    line: int
    verb: Verb
    agent: str | None = None
    flags: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class CommandError:
    """A line that looks like a command and is none; `message` says so to its author, in Markdown."""

    line: int
    message: str


Item = Command | Control | CommandError


@dataclass(frozen=True)
class Vocabulary:
    """The agents that can be named: each name and alias, in lower case, with the name of its agent."""

    words: Mapping[str, str]

    def names(self) -> list[str]:
        return sorted(set(self.words.values()))


def parse(body: str, *, mention: str, agents: Vocabulary) -> list[Item]:
    """The commands of a comment in their order; an empty list when it has none. Never raises."""
    text = normalise(body)
    found = mentioned_lines(text, mention)
    if not found:
        return []
    if len(found) > MOST:
        said = f"That comment has {len(found)} commands; {MOST} is the most in one. Nothing was started."
        return [CommandError(found[0].number, said)]
    lines = text.split("\n")
    ends = [later.number - 1 for later in found[1:]] + [len(lines)]
    return [
        _item(line, _under(lines[line.number : end], line.column), _Reader(mention, agents))
        for line, end in zip(found, ends, strict=True)
    ]


@dataclass(frozen=True)
class _Reader:
    mention: str
    agents: Vocabulary

    def agent(self, word: str) -> str | None:
        return self.agents.words.get(word.lower().rstrip(_ENDINGS))

    def verb(self, word: str) -> Verb | None:
        plain = word.lower().rstrip(_ENDINGS)
        return Verb(plain) if plain in list(Verb) else None

    def near(self, word: str, among: Iterable[str]) -> str | None:
        plain, known = word.lower().rstrip(_ENDINGS)[:40], list(among)
        swapped = (name for name in known if len(name) > 3 and sorted(name) == sorted(plain))
        close = difflib.get_close_matches(plain, known, n=1, cutoff=_NEAR)
        return close[0] if close else next(swapped, None)


def _item(line: Mentioned, under: str, reader: _Reader) -> Item:
    try:
        split = flag_line.split(line.rest, line.code)
    except Refused as refused:
        return CommandError(line.number, str(refused))
    return _classify(line.number, split, under, reader)


def _classify(number: int, line: flag_line.Line, under: str, reader: _Reader) -> Item:
    whole = _joined(line.text, under)
    if not line.words:
        return Command(number, None, line.flags, whole)
    first, *rest = line.words
    if agent := reader.agent(first):
        return _for_agent(number, agent, line, under, reader)
    if (verb := reader.verb(first)) and _is_alone(line) and _is_control(rest, reader):
        return Control(number, verb, reader.agent(rest[0]) if rest else None, line.flags)
    if not verb and (mistake := _near_miss(number, line, under, reader)):
        return mistake
    return Command(number, None, line.flags, whole)


def _is_alone(line: flag_line.Line) -> bool:
    """Nothing stands behind `--`."""
    return [plain for word in line.text.split() if (plain := word.strip(INVISIBLE))] == list(line.words)


def _is_control(rest: Sequence[str], reader: _Reader) -> bool:
    return not rest or (len(rest) == 1 and reader.agent(rest[0]) is not None)


def _for_agent(number: int, agent: str, line: flag_line.Line, under: str, reader: _Reader) -> Item:
    said = line.text.lstrip(INVISIBLE).removeprefix(line.words[0]).strip()
    verb = reader.verb(said) if said and not under else None
    if verb:
        return CommandError(number, f"Did you mean `@{reader.mention} {verb} {agent}`? Nothing was started.")
    return Command(number, agent, line.flags, _joined(said, under))


def _near_miss(number: int, line: flag_line.Line, under: str, reader: _Reader) -> CommandError | None:
    """A misspelt agent, whatever follows; a misspelt verb only where a verb would count, else "stops when I click"
    would be asked back; and a lone word that means nothing to us."""
    first, *rest = line.words
    alone = _is_alone(line)
    lone = len(line.words) == 1 and alone
    near_agent = reader.near(first, reader.agents.words)
    near_verb = reader.near(first, list(Verb)) if _is_control(rest, reader) and alone else None
    meant = near_verb if lone and near_verb else near_agent or near_verb
    if meant:
        tail = f" {rest[0]}" if meant == near_verb and rest else ""
        return CommandError(number, f"Did you mean `@{reader.mention} {meant}{tail}`? Nothing was started.")
    if lone and not under and _LATIN_WORD.fullmatch(first):
        return CommandError(number, _help(first.rstrip(_ENDINGS)[:40], reader))
    return None


def _help(word: str, reader: _Reader) -> str:
    agents = ", ".join(f"`{name}`" for name in reader.agents.names())
    verbs = ", ".join(f"`{verb}`" for verb in (Verb.STOP, Verb.RETRY, Verb.STATUS, Verb.HELP))
    return (
        f"`{word}` is neither an agent ({agents}) nor a command ({verbs}). "
        f"Say what to do in more than one word, for example `@{reader.mention} fix the typo in the README`."
    )


def _joined(first: str, under: str) -> str:
    return f"{first}\n{under}".rstrip() if first else under.strip("\n")


def _under(lines: Sequence[str], column: int) -> str:
    """The lines below a command, without the indent of the list it stands in."""
    shifted = [line[min(column, len(line) - len(line.lstrip(" "))) :] for line in lines]
    return "\n".join(shifted).rstrip()
