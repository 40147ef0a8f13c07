"""How a run ended, from the final event, the exit status and what git says."""

from __future__ import annotations

import pytest

from worker.agents.stream import Finish, Trouble
from worker.contract import Ending
from worker.verdict import Seen, Stopped, exit_words, verdict

GOOD = Finish(ok=True, message="done")
BAD = Finish(ok=False, message="it broke")
RATE = Trouble(Ending.RATE_LIMITED, "The model service kept answering 429.")


def stopped(ending: Ending) -> Stopped:
    return Stopped(ending, "because")


@pytest.mark.parametrize(
    ("seen", "ending"),
    [
        pytest.param(Seen(0, True, GOOD), Ending.CHANGES, id="success"),
        pytest.param(Seen(0, False, GOOD), Ending.NO_CHANGES, id="nothing-to-do"),
        pytest.param(Seen(0, False, Finish(True, denials=("Bash",))), Ending.DENIED, id="denials-explain-nothing-done"),
        pytest.param(Seen(0, True, Finish(True, denials=("Bash",))), Ending.CHANGES, id="denied-something-but-worked"),
        pytest.param(Seen(0, True, BAD), Ending.CRASHED, id="error-with-exit-0"),
        pytest.param(Seen(1, True, GOOD), Ending.CRASHED, id="success-with-exit-1"),
        pytest.param(Seen(0, True, None), Ending.CRASHED, id="no-final-event"),
        pytest.param(Seen(143, True, None), Ending.CRASHED, id="ended-by-somebody"),
        pytest.param(Seen(-9, False, None), Ending.CRASHED, id="out-of-memory"),
        pytest.param(Seen(1, False, Finish(False, ending=Ending.AUTH)), Ending.AUTH, id="auth"),
        pytest.param(Seen(1, True, Finish(False, ending=Ending.TURNS)), Ending.TURNS, id="turns"),
        pytest.param(Seen(1, True, Finish(False, ending=Ending.BUDGET)), Ending.BUDGET, id="budget"),
        pytest.param(Seen(1, False, BAD, RATE), Ending.RATE_LIMITED, id="retries-explain-the-error"),
        pytest.param(Seen(1, False, None, RATE), Ending.RATE_LIMITED, id="retries-explain-the-end"),
        pytest.param(Seen(0, True, GOOD, RATE), Ending.CHANGES, id="retries-that-helped"),
        pytest.param(Seen(0, True, None, expects_finish=False), Ending.CHANGES, id="plain-agent"),
        pytest.param(Seen(0, False, None, expects_finish=False), Ending.NO_CHANGES, id="plain-agent-without-work"),
        pytest.param(Seen(2, True, None, expects_finish=False), Ending.CRASHED, id="plain-agent-failed"),
        pytest.param(Seen(-15, True, None, stopped=stopped(Ending.TIMED_OUT)), Ending.TIMED_OUT, id="timed-out"),
        pytest.param(Seen(0, True, BAD, stopped=stopped(Ending.STALLED)), Ending.STALLED, id="interrupted-exits-0"),
        pytest.param(Seen(0, True, GOOD, stopped=stopped(Ending.TIMED_OUT)), Ending.CHANGES, id="done-at-the-bell"),
        pytest.param(Seen(0, True, GOOD, stopped=stopped(Ending.CANCELLED)), Ending.CANCELLED, id="cancelled-anyway"),
    ],
)
def test_verdict(seen: Seen, ending: Ending) -> None:
    assert verdict(seen).ending is ending


def test_a_crash_names_the_status_and_the_last_complaint() -> None:
    assert verdict(Seen(3, False, complaint="no disk")).message == "The agent exited with status 3: no disk"


def test_an_error_is_told_in_the_agents_own_words() -> None:
    said = verdict(Seen(1, False, Finish(False, "Invalid API key", Ending.AUTH))).message
    assert said == "The model service refused the key. It said: Invalid API key"


@pytest.mark.parametrize(
    ("code", "words"), [(3, "exited with status 3"), (-9, "was ended by SIGKILL"), (-99, "was ended by signal 99")]
)
def test_exit_statuses_are_told_in_words(code: int, words: str) -> None:
    assert exit_words(code) == words
