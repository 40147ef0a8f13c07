"""What the parser of the Gemini CLI makes of its events, however they are cut or mixed up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.agents.gemini import GeminiParser
from worker.agents.stream import Finish, Line, Parsed, Percent, Session, Step, Trouble, Used
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Usage

STATS = {"total_tokens": 1240, "input_tokens": 1200, "output_tokens": 34, "cached": 700}
EVENTS: list[dict[str, Any]] = [
    {"type": "init", "session_id": "s-1", "model": "gemini-x"},
    {"type": "message", "role": "user", "content": "# Task"},
    {"type": "message", "role": "assistant", "content": "Let me ", "delta": True},
    {"delta": True, "content": "look — schön.\nFirst.", "role": "assistant", "type": "message"},
    {"type": "tool_use", "tool_name": "replace", "tool_id": "t1", "parameters": {"file_path": "a.py"}},
    {"type": "tool_result", "tool_id": "t1", "status": "error", "output": "no such file", "error": {"type": "x"}},
    {"type": "something_new", "message": 7},
    {"type": "message", "role": "assistant", "content": "All "},
    {"type": "message", "role": "assistant", "content": "done."},
    {"type": "result", "status": "success", "stats": {**STATS, "models": {"gemini-2.5-flash": STATS}}},
]


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def parse(*pieces: bytes) -> list[Parsed]:
    parser = GeminiParser()
    return [parsed for piece in pieces for parsed in parser.feed(piece)] + parser.close()


def finish(*events: dict[str, Any]) -> Finish:
    *_, last = parse(lines(*events))
    assert isinstance(last, Finish)
    return last


def test_its_events_become_lines_steps_usage_and_a_finish() -> None:
    assert parse(lines(*EVENTS)) == [
        Session("s-1"),
        Line("the agent works with gemini-x", kind=Kind.STEP),
        Step("reading the task"),
        Line("Let me look — schön.\nFirst."),
        Step("Let me look — schön."),
        Line("replace a.py", kind=Kind.TOOL),
        Step("replace a.py"),
        Line("no such file", Level.WARNING, Kind.OUTPUT),
        Line("All done."),
        Step("All done."),
        Used(Usage(500, 40, 700, 0, 0.000271)),
        Finish(True, "All done."),
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, len(lines(*EVENTS))), max_size=12))
def test_the_same_comes_out_wherever_the_bytes_are_split(cuts: list[int]) -> None:
    data, ends = lines(*EVENTS), sorted(cuts)
    pieces = [data[begin:end] for begin, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    assert parse(*pieces) == parse(data)


def test_output_cut_anywhere_is_no_success() -> None:
    data = lines(*EVENTS)
    for at in range(len(data) - 1):
        assert not [item for item in parse(data[:at]) if isinstance(item, Finish)]


def error(message: str, kind: str = "unknown") -> dict[str, Any]:
    return {"type": "result", "status": "error", "error": {"type": kind, "message": message}}


def api(code: int, message: str) -> str:
    return f"[API Error: {json.dumps({'error': {'code': code, 'message': message, 'status': 'X'}})}]"


@pytest.mark.parametrize(
    ("message", "ending", "words"),
    [
        pytest.param(api(400, "API key not valid."), Ending.AUTH, "API key not valid.", id="key"),
        pytest.param(api(401, "Who are you?"), Ending.AUTH, "Who are you?", id="401"),
        pytest.param(api(403, "Not you."), Ending.AUTH, "Not you.", id="403"),
        pytest.param(api(429, "Slow."), Ending.RATE_LIMITED, "Slow.", id="429"),
        pytest.param("[API Error: Quota!]\nPlease wait.", Ending.RATE_LIMITED, "Quota!", id="in-words"),
        pytest.param(api(500, "Oh."), Ending.OVERLOADED, "Oh.", id="500"),
        pytest.param("[API Error: The model is overloaded.]", Ending.OVERLOADED, "The model is overloaded.", id="503"),
        pytest.param(
            api(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
            Ending.TOO_LONG,
            "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            id="too-long",
        ),
        pytest.param("Reached max session turns.", Ending.TURNS, "Reached max session turns.", id="turns"),
        pytest.param("[API Error: [1]]", None, "[1]", id="a-list"),
        pytest.param("[API Error: [" + api(404, "No model.")[12:-1] + "]]", None, "No model.", id="in-a-list"),
        pytest.param("Something with 500 files", None, "Something with 500 files", id="something-else"),
    ],
)  # fmt: skip
def test_its_failures_have_names(message: str, ending: Ending | None, words: str) -> None:
    assert finish(error(message)) == Finish(False, words, ending)


def test_an_error_without_words_takes_those_of_the_event_before() -> None:
    said = "Model stream ended without a finish reason."
    assert finish({"type": "error", "severity": "error", "message": said}, {"type": "result", "status": "error"}) == (
        Finish(False, said)
    )


@pytest.mark.parametrize(
    ("tool", "kind", "denied"),
    [
        pytest.param("replace", "tool_not_registered", True, id="its-own-is-not-offered"),
        pytest.param("edit_file", "tool_not_registered", False, id="made-up-by-the-model"),
        pytest.param("read_file", "policy_violation", True, id="by-policy"),
        pytest.param("replace", "edit_no_occurrence_found", False, id="a-mistake"),
    ],
)
def test_denials_are_named(tool: str, kind: str, denied: bool) -> None:
    use = {"type": "tool_use", "tool_name": tool, "tool_id": "t", "parameters": {}}
    result = {"type": "tool_result", "tool_id": "t", "status": "error", "error": {"type": kind, "message": "no"}}
    found = finish(use, result, {"type": "result", "status": "success"})
    assert found.denials == ((tool,) if denied else ())


def test_what_it_says_on_standard_error_explains_a_later_end() -> None:
    parser = GeminiParser()
    assert parser.complaint("Attempt 1 failed with status 503. Retrying with backoff... _ApiError") == [
        Trouble(Ending.OVERLOADED, "The model service kept answering 503.")
    ]
    assert parser.complaint("Invalid auth method selected.") == [Trouble(Ending.AUTH, "Invalid auth method selected.")]
    assert parser.complaint("YOLO mode is enabled.") == []


def test_its_list_of_things_to_do_becomes_a_percentage() -> None:
    todos = [{"status": "completed"}, {"status": "in_progress"}, {"status": "pending"}]
    use = {"type": "tool_use", "tool_name": "write_todos", "tool_id": "t", "parameters": {"todos": todos}}
    assert Percent(33) in parse(lines(use))


def test_each_model_costs_its_own_price_and_an_unknown_one_makes_the_cost_unknown() -> None:
    both = {"gemini-2.5-pro": STATS, "gemini-2.5-flash": STATS, "gemini-9": dict.fromkeys(STATS, 0)}
    [used, _] = parse(lines({"type": "result", "status": "success", "stats": {**STATS, "models": both}}))
    assert used == Used(Usage(1000, 80, 1400, 0, round(0.000271 + (500 * 1.25 + 40 * 10 + 700 * 0.125) / 1e6, 6)))
    [used, _] = parse(lines({"type": "result", "status": "success", "stats": {**STATS, "models": {"gemini-9": STATS}}}))
    assert used == Used(Usage(500, 40, 700))


def test_megabytes_in_pieces_are_kept_short() -> None:
    piece = {"type": "message", "role": "assistant", "content": "words " * 20_000}
    parser = GeminiParser()
    for _ in range(200):
        assert parser.feed(lines(piece)) == []
    assert sum(map(len, parser._said)) <= MAX_SUMMARY
    done = parser.feed(lines({"type": "result", "status": "success"}))
    assert isinstance(done[-1], Finish)
    assert "(cut, 24,000,000 characters in all)" in done[-1].message
    assert len(done[-1].message) <= MAX_SUMMARY
