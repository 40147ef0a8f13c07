"""What opencode's events become, however they are cut, mixed up or new."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.agents.opencode import OpencodeParser
from worker.agents.stream import MAX_LINE, Finish, Line, Parsed, Percent, Session, Step, Used
from worker.contract import Ending, Kind, Level, Usage

TOKENS = {"total": 64, "input": 10, "output": 20, "reasoning": 4, "cache": {"read": 25, "write": 5}}


def event(kind: str, **part: Any) -> dict[str, Any]:
    return {"timestamp": 1795259824160, "sessionID": "ses_1", "part": part, "type": kind}


def tool(name: str, given: dict[str, Any], **state: Any) -> dict[str, Any]:
    return event("tool_use", type="tool", tool=name, callID="toolu_1", state={"input": given, **state})


REFUSED = "The user rejected permission to use this specific tool call."
EVENTS: list[dict[str, Any]] = [
    event("step_start", snapshot="478c"),
    event("text", text="Schön.\nI will look."),
    tool("read", {"filePath": "a.py"}, status="completed", output="1: x\n"),
    tool("bash", {"command": "false", "description": "Fail"}, status="error", error="exit status 1"),
    tool("todowrite", {"todos": [{"status": "completed"}, {"status": "pending"}]}, status="completed", output=""),
    event("step_finish", reason="tool-calls", tokens=TOKENS, cost=0.25),
    event("text", text="The conversation was compacted.", synthetic=True),
    event("something_new", text="?"),
    event("text", text="All done."),
    event("step_finish", reason="stop", tokens=TOKENS, cost=0.5),
]
PARSED: list[Parsed] = [
    Session("ses_1"),
    Step("reading the task"),
    Line("Schön.\nI will look."),
    Step("Schön."),
    Line("read a.py", kind=Kind.TOOL),
    Step("read a.py"),
    Line("1: x", Level.DEBUG, Kind.OUTPUT),
    Line("bash false", kind=Kind.TOOL),
    Step("bash false"),
    Line("exit status 1", Level.WARNING, Kind.OUTPUT),
    Line("todowrite", kind=Kind.TOOL),
    Step("todowrite"),
    Percent(50),
    Used(Usage(10, 24, 25, 5, 0.25)),
    Line("All done."),
    Step("All done."),
    Used(Usage(20, 48, 50, 10, 0.75)),
    Finish(True, "All done."),
]


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in events)


def parse(*pieces: bytes) -> list[Parsed]:
    parser = OpencodeParser()
    return [parsed for piece in pieces for parsed in parser.feed(piece)] + parser.close()


def finish(*events: dict[str, Any]) -> Finish:
    return [parsed for parsed in parse(lines(*events)) if isinstance(parsed, Finish)][-1]


def test_its_events_become_lines_steps_usage_and_a_finish() -> None:
    assert parse(lines(*EVENTS)) == PARSED


@settings(deadline=None)
@given(st.sets(st.integers(0, len(lines(*EVENTS)))))
def test_the_same_comes_out_wherever_the_bytes_are_split(cuts: set[int]) -> None:
    data = lines(*EVENTS)
    assert parse(*(data[start:end] for start, end in pairwise([0, *sorted(cuts), len(data)]))) == PARSED


@settings(deadline=None)
@given(st.integers(0, len(lines(*EVENTS)) - 2))
def test_output_that_is_cut_has_no_finish(at: int) -> None:
    assert not [one for one in parse(lines(*EVENTS)[:at]) if isinstance(one, Finish)]


@settings(deadline=None, max_examples=20)
@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_nonsense_in_any_place_is_no_error(nonsense: Any) -> None:
    error = {"type": "error", "error": {"name": "APIError", "data": {"message": "no", "statusCode": 401}}}
    for one in (*EVENTS, error):
        for place in one:
            parse(lines({**one, place: nonsense}))
        for whole in ("part", "error"):
            for place in one.get(whole, {}):
                parse(lines({**one, whole: {**one[whole], place: nonsense}}))


@pytest.mark.parametrize(
    ("name", "data", "ending"),
    [
        pytest.param("APIError", {"message": "invalid x-api-key", "statusCode": 401}, Ending.AUTH, id="401"),
        pytest.param("ProviderAuthError", {"message": "API key is missing"}, Ending.AUTH, id="no-key"),
        pytest.param("APIError", {"message": "slow down", "statusCode": 429}, Ending.RATE_LIMITED, id="429"),
        pytest.param("APIError", {"message": "Overloaded", "statusCode": 529}, Ending.OVERLOADED, id="529"),
        pytest.param("APIError", {"message": "unavailable", "statusCode": 503}, Ending.OVERLOADED, id="503"),
        pytest.param("ContextOverflowError", {"message": "300000 > 200000"}, Ending.TOO_LONG, id="too-long"),
        pytest.param(
            "APIError", {"message": "Your credit balance is too low", "statusCode": 400}, Ending.BUDGET, id="credit"
        ),
        pytest.param(
            "APIError",
            {"message": "JSON parsing failed", "statusCode": 500, "responseBody": '{"name": "AI_JSONParseError"}'},
            None,
            id="garbled",
        ),
        pytest.param("MessageAbortedError", {"message": "Aborted"}, None, id="something-else"),
    ],
)
def test_failures_have_names(name: str, data: dict[str, Any], ending: Ending | None) -> None:
    failed = {"type": "error", "sessionID": "ses_1", "error": {"name": name, "data": data}}
    assert finish(*EVENTS, failed) == Finish(False, data["message"], ending)


def test_an_error_that_only_points_to_its_log_is_told_in_the_words_of_the_log() -> None:
    pointer = {"name": "UnknownError", "data": {"message": "Check server logs for details.", "ref": "err_1"}}
    assert not [one for one in parse(lines({"type": "error", "error": pointer})) if isinstance(one, Finish)]
    said = 'level=ERROR run=1 message=failed ref=err_1 error="ModelNotFoundError: no \\"m\\"." cause="at line 7"'
    assert OpencodeParser().complaint(said) == [Finish(False, 'ModelNotFoundError: no \\"m\\".')]
    assert OpencodeParser().complaint('level=ERROR message="stream error" error.error="Overloaded"') == []


@pytest.mark.parametrize(
    "denied",
    [
        pytest.param(tool("edit", {"filePath": "a.py"}, status="error", error=REFUSED), id="refused"),
        pytest.param(tool("invalid", {"tool": "edit"}, status="completed", output="unavailable tool"), id="not-there"),
    ],
)
def test_denials_are_named(denied: dict[str, Any]) -> None:
    assert finish(denied, event("step_finish", reason="tool-calls", tokens=TOKENS)).denials == ("edit",)


def test_a_tool_that_the_model_made_up_is_no_denial() -> None:
    invented = tool("invalid", {"tool": "teleport"}, status="completed", output="unavailable tool")
    assert finish(invented, EVENTS[-1]).denials == ()


def test_an_answer_without_a_reason_to_end_is_no_finish() -> None:
    silent = event("step_finish", reason="unknown", tokens={"input": 0, "output": 0}, cost=0)
    assert not [one for one in parse(lines(silent)) if isinstance(one, Finish)]


def test_a_line_of_megabytes_spoils_nothing_that_follows() -> None:
    long = event("text", text="x" * (MAX_LINE + 10))
    assert finish(long, *EVENTS) == Finish(True, "All done.")
