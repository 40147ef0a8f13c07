"""What aider's text becomes. The recordings are of 0.86.2 against a scripted model; it ended with status 0 in each."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker import agents
from worker.agents.aider import AiderParser
from worker.agents.stream import Finish, Line, Parsed, Step, Trouble, Used
from worker.contract import Ending, Kind, Level, Usage
from worker.verdict import Seen, verdict

OPENING = b"""\
Analytics have been permanently disabled.
Aider v0.86.2
Model: anthropic/claude-sonnet-4-5 with diff edit format, infinite output
Git repo: .git with 3 files
Repo-map: using 4096 tokens, auto refresh

"""
EDITED = b"""\
I fix it.

greet.py
    return "Hello, world"

Tokens: 2.9k sent, 500 cache write, 700 cache hit, 34 received.
Cost: $0.0062 message, $0.0062 session.
Applied edit to greet.py
"""
REFUSED = b"""\
litellm.AuthenticationError: AnthropicException - {"type": "error", "error": 
{"type": "authentication_error", "message": "invalid x-api-key"}}
The API provider is not able to authenticate you. Check your API key.

"""  # noqa: W291  it leaves the space there
LIMITED = b"""\
litellm.RateLimitError: AnthropicException - {"type": "error", "error": {"type":
"rate_limit_error", "message": "slow down"}}
The API provider has rate limited you. Try again later or check your quotas.
"""
OVERLOADED = b"""\
litellm.InternalServerError: AnthropicError - {"type": "error", "error": 
{"type": "overloaded_error", "message": "Overloaded"}}
The API provider's servers are down or overloaded.
"""  # noqa: W291
RETRY = b"Retrying in 0.2 seconds...\n"
TOO_LONG = b"""\
Tokens: 2.5k sent, 0 received. Cost: $0.0076 message, $0.0076 session.


Model anthropic/claude-sonnet-4-5 has hit a token limit!
Token counts below are approximate.

Input tokens: ~1,828 of 200,000
"""
NO_CREDIT = b"""\
litellm.BadRequestError: AnthropicException - {"type": "error", "error": 
{"type": "invalid_request_error", "message": "Your credit balance is too low to 
access the Anthropic API."}}

"""  # noqa: W291
NO_MODEL = b"""\
litellm.NotFoundError: AnthropicException - {"type": "error", "error": {"type": 
"not_found_error", "message": "model: nonesuch"}}

"""  # noqa: W291


def parse(*pieces: bytes) -> list[Parsed]:
    parser = AiderParser()
    return [parsed for piece in pieces for parsed in parser.feed(piece)] + parser.close()


def finish(*pieces: bytes) -> Finish:
    [found] = [parsed for parsed in parse(*pieces) if isinstance(parsed, Finish)]
    return found


def test_its_text_becomes_lines_steps_usage_and_a_summary() -> None:
    assert parse(OPENING, EDITED)[-14:] == [
        Line("Repo-map: using 4096 tokens, auto refresh", kind=Kind.OUTPUT),
        Line("I fix it.", kind=Kind.OUTPUT),
        Step("I fix it."),
        Line("greet.py", kind=Kind.OUTPUT),
        Step("greet.py"),
        Line('    return "Hello, world"', kind=Kind.OUTPUT),
        Step('return "Hello, world"'),
        Line("Tokens: 2.9k sent, 500 cache write, 700 cache hit, 34 received.", kind=Kind.STEP),
        Used(Usage(1700, 34, 700, 500)),
        Line("Cost: $0.0062 message, $0.0062 session.", kind=Kind.STEP),
        Used(Usage(1700, 34, 700, 500, 0.0062)),
        Line("Applied edit to greet.py", kind=Kind.OUTPUT),
        Step("Applied edit to greet.py"),
        Finish(True, 'I fix it.\ngreet.py\n    return "Hello, world"\nApplied edit to greet.py'),
    ]


@pytest.mark.parametrize(
    ("said", "ending", "words"),
    [
        pytest.param(REFUSED, Ending.AUTH, "invalid x-api-key", id="401"),
        pytest.param((LIMITED + RETRY) * 3 + LIMITED, Ending.RATE_LIMITED, "slow down", id="429"),
        pytest.param((OVERLOADED + RETRY) * 3 + OVERLOADED, Ending.OVERLOADED, "servers are down", id="529"),
        pytest.param(TOO_LONG, Ending.TOO_LONG, "token limit", id="too-long"),
        pytest.param(NO_CREDIT, Ending.BUDGET, "credit balance", id="no-credit"),
        pytest.param(NO_MODEL, None, "model: nonesuch", id="no-such-model"),
    ],
)
def test_an_error_of_the_service_is_a_failure_though_it_exits_with_0(
    said: bytes, ending: Ending | None, words: str
) -> None:
    found = finish(OPENING, said)
    assert (found.ok, found.ending) == (False, ending)
    assert words in found.message
    judged = verdict(Seen(0, changed=False, finish=found, expects_finish=AiderParser.expects_finish))
    assert judged.ending is (ending or Ending.CRASHED)
    assert words in judged.message


def test_an_error_that_a_retry_overcame_is_none() -> None:
    assert finish(OPENING, OVERLOADED, RETRY, EDITED).ok
    assert Trouble in {type(parsed) for parsed in parse(OPENING, OVERLOADED, RETRY)}


def test_an_error_after_good_work_is_one() -> None:
    assert finish(OPENING, EDITED, REFUSED) == finish(OPENING, REFUSED)


def test_what_the_model_quotes_within_a_line_is_no_error() -> None:
    assert finish(OPENING, b"The log says litellm.AuthenticationError: no key.\n").ok


@settings(deadline=None)
@given(st.sets(st.integers(0, len(OPENING + LIMITED + RETRY + EDITED))))
def test_the_same_comes_out_wherever_the_bytes_are_split(cuts: set[int]) -> None:
    data = OPENING + LIMITED + RETRY + EDITED
    assert parse(*(data[start:end] for start, end in pairwise([0, *sorted(cuts), len(data)]))) == parse(data)


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_no_bytes_are_an_error(data: bytes) -> None:
    parse(OPENING, b"Tokens: " + data, b"\nCost: $" + data, b" session\nlitellm.X: " + data)


def test_a_figure_beyond_all_measure_counts_as_none() -> None:
    assert Used(Usage(0, 34)) in parse(b"Tokens: " + b"9" * 400 + b"k sent, 34 received.\n")


def test_its_warnings_are_shown_as_such() -> None:
    shown = [parsed for parsed in parse(REFUSED) if isinstance(parsed, Line)]
    assert {line.level for line in shown} == {Level.WARNING}


def test_it_leaves_commits_to_porter_and_reads_its_prompt_from_standard_input() -> None:
    argv = agents.recipe(agents.AGENTS["aider"], model="openai/gpt-5.1", effort="high").argv
    assert argv[:5] == ["aider", "--model", "openai/gpt-5.1", "--reasoning-effort", "high"]
    assert argv[-2:] == ["--message-file", "/dev/stdin"]
    assert "--no-auto-commits" in argv
