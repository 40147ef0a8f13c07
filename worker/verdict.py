"""How a run ended, judged from three things together: the final event, the exit status, what git says. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from worker.agents.stream import Finish, Trouble
from worker.contract import Ending


@dataclass(frozen=True)
class Stopped:
    """The runner ended the agent, and why."""

    ending: Ending
    text: str


@dataclass(frozen=True)
class Seen:
    """What there is to judge by. `complaint` is the last line of the agent's standard error."""

    exit_code: int
    changed: bool
    finish: Finish | None = None
    trouble: Trouble | None = None
    stopped: Stopped | None = None
    expects_finish: bool = True
    complaint: str = ""


@dataclass(frozen=True)
class Verdict:
    """An ending and one sentence for people."""

    ending: Ending
    message: str


_WORDS = {
    Ending.AUTH: "The model service refused the key.",
    Ending.RATE_LIMITED: "The model service's rate limit was reached.",
    Ending.OVERLOADED: "The model service was overloaded or failing.",
    Ending.TOO_LONG: "The prompt is too long for the model.",
    Ending.BUDGET: "The agent's cost limit was reached.",
    Ending.TURNS: "The agent's limit of turns was reached.",
}


def verdict(seen: Seen) -> Verdict:
    """Only a final success, exit status 0 and a change together are `CHANGES`."""
    finish, done = seen.finish, _succeeded(seen)
    if seen.stopped and (seen.stopped.ending is Ending.CANCELLED or not done):
        return Verdict(seen.stopped.ending, seen.stopped.text)
    if finish and not finish.ok:
        return _refused(finish, seen)
    if not done:
        return _crashed(seen)
    if seen.changed:
        return Verdict(Ending.CHANGES, "The agent made changes.")
    if finish and finish.denials:
        tools = ", ".join(sorted(set(finish.denials)))
        return Verdict(Ending.DENIED, f"The agent changed nothing because it was not allowed to use {tools}.")
    return Verdict(Ending.NO_CHANGES, "The agent finished without changing anything.")


def exit_words(code: int) -> str:
    """An exit status as people say it; negative is the signal that ended the process."""
    if code >= 0:
        return f"exited with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _succeeded(seen: Seen) -> bool:
    said = seen.finish.ok if seen.finish else not seen.expects_finish
    return said and seen.exit_code == 0


def _refused(finish: Finish, seen: Seen) -> Verdict:
    ending = finish.ending or (seen.trouble.ending if seen.trouble else None) or Ending.CRASHED
    words = _WORDS.get(ending, "The agent reported an error.")
    return Verdict(ending, f"{words} It said: {finish.message.strip()[:300]}" if finish.message.strip() else words)


def _crashed(seen: Seen) -> Verdict:
    if seen.trouble:
        return Verdict(seen.trouble.ending, seen.trouble.text)
    why = f"The agent {exit_words(seen.exit_code)}"
    if seen.exit_code == 0:
        why = "The agent's output ended without its final event"
    return Verdict(Ending.CRASHED, f"{why}: {seen.complaint[:300]}" if seen.complaint else f"{why}.")
