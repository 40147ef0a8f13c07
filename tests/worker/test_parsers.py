"""What the parsers make of an agent's output, however it is cut, broken or mixed up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker import agents
from worker.agents.stream import Finish, Line, Lines, Parsed, Percent, Session, Step, Trouble, Used, printable
from worker.contract import Ending, Kind, Level, Usage
from worker.errors import UnknownStream

RESULT: dict[str, Any] = {
    "duration_ms": 900,
    "is_error": False,
    "subtype": "success",
    "session_id": "s-1",
    "result": "All done — schön.",
    "permission_denials": [],
    "total_cost_usd": 0.0125,
    "usage": {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4},
    "type": "result",
}
CLAUDE: list[dict[str, Any]] = [
    {"type": "system", "subtype": "init", "session_id": "s-1", "model": "claude-x", "tools": []},
    {
        "type": "assistant",
        "message": {
            "id": "m1",
            "content": [{"type": "text", "text": "Let me look.\nFirst."}],
            "usage": {"input_tokens": 5, "output_tokens": 1},
        },
    },
    {
        "message": {
            "content": [{"type": "tool_use", "id": "t", "name": "Edit", "input": {"file_path": "a.py"}}],
            "id": "m1",
            "usage": {"input_tokens": 5, "output_tokens": 2},
        },
        "type": "assistant",
    },
    {"type": "user", "message": {"content": [{"type": "tool_result", "is_error": True, "content": "no such file"}]}},
    {"type": "something_new", "message": 7},
    RESULT,
]


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def parse(stream: str, *pieces: bytes) -> list[Parsed]:
    parser = agents.parser(stream)
    return [parsed for piece in pieces for parsed in parser.feed(piece)] + parser.close()


def test_claude_codes_events_become_lines_steps_usage_and_a_finish() -> None:
    assert parse("claude-code", lines(*CLAUDE)) == [
        Session("s-1"),
        Line("the agent works with claude-x", kind=Kind.STEP),
        Step("reading the task"),
        Line("Let me look.\nFirst."),
        Step("Let me look."),
        Used(Usage(5, 1)),
        Line("Edit a.py", kind=Kind.TOOL),
        Step("Edit a.py"),
        Used(Usage(5, 2)),
        Line("no such file", Level.WARNING, Kind.OUTPUT),
        Used(Usage(10, 20, 3, 4, 0.0125)),
        Finish(True, "All done — schön."),
    ]


def test_the_same_comes_out_wherever_the_bytes_are_split() -> None:
    data = lines(*CLAUDE)
    expected = parse("claude-code", data)
    for at in range(len(data) + 1):
        assert parse("claude-code", data[:at], data[at:]) == expected


def test_output_cut_anywhere_is_no_error() -> None:
    data = lines(*CLAUDE)
    for at in range(len(data)):
        finishes = [item for item in parse("claude-code", data[:at]) if isinstance(item, Finish)]
        assert finishes == [] or at == len(data) - 1, "only the newline may be missing from a final event"


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        pytest.param({"api_error_status": 401}, Ending.AUTH, id="401-says-success-as-subtype"),
        pytest.param({"api_error_status": 403}, Ending.AUTH, id="403"),
        pytest.param({"api_error_status": 429}, Ending.RATE_LIMITED, id="429"),
        pytest.param({"api_error_status": 529}, Ending.OVERLOADED, id="529"),
        pytest.param({"api_error_status": 500}, Ending.OVERLOADED, id="500"),
        pytest.param({"terminal_reason": "prompt_too_long"}, Ending.TOO_LONG, id="too-long"),
        pytest.param({"result": "API Error: 400 Prompt is too long"}, Ending.TOO_LONG, id="too-long-in-words"),
        pytest.param({"subtype": "error_max_turns"}, Ending.TURNS, id="turns"),
        pytest.param({"subtype": "error_max_budget_usd"}, Ending.BUDGET, id="budget"),
        pytest.param({"result": "Credit balance is too low"}, Ending.BUDGET, id="no-credit"),
        pytest.param({"subtype": "error_during_execution"}, None, id="something-else"),
    ],
)
def test_claude_codes_failures_have_names(changes: dict[str, Any], ending: Ending | None) -> None:
    *_, finish = parse("claude-code", lines({**RESULT, "is_error": True, **changes}))
    assert isinstance(finish, Finish)
    assert not finish.ok
    assert finish.ending is ending


def test_a_result_without_is_error_is_no_success() -> None:
    *_, finish = parse("claude-code", b'{"type": "result", "subtype": "success", "result": "fine"}\n')
    assert finish == Finish(False, "fine")


def test_claude_codes_denials_are_named() -> None:
    denied = {**RESULT, "permission_denials": [{"tool_name": "Bash", "tool_input": {}}]}
    *_, finish = parse("claude-code", lines(denied))
    assert isinstance(finish, Finish)
    assert finish.denials == ("Bash",)


def test_claude_codes_retries_are_told_and_explain_a_later_end() -> None:
    retry = {"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 2, "error_status": 529}
    assert parse("claude-code", lines(retry)) == [
        Line("the model service answered 529; attempt 1 of 2 follows", Level.WARNING, Kind.STEP),
        Trouble(Ending.OVERLOADED, "The model service kept answering 529."),
    ]


def test_claude_codes_list_of_things_to_do_becomes_a_percentage() -> None:
    todos = [{"status": "completed"}, {"status": "in_progress"}, {"status": "pending"}]
    block = {"type": "tool_use", "name": "TodoWrite", "input": {"todos": todos}}
    assert Percent(33) in parse("claude-code", lines({"type": "assistant", "message": {"content": [block]}}))


def test_the_mocks_events() -> None:
    events = (
        {"type": "session", "id": "s"},
        {"type": "step", "text": "looking"},
        {"type": "tool", "text": "Edit a"},
        {"type": "text", "text": "found"},
        {"type": "percent", "value": 140},
        {"type": "usage", "input_tokens": 3, "output_tokens": -4, "cost_usd": 0.5},
        {"type": "result", "ok": False, "error": "auth", "message": "refused"},
    )
    assert parse("mock", lines(*events)) == [
        Session("s"),
        Step("looking"),
        Line("looking", kind=Kind.STEP),
        Line("Edit a", kind=Kind.TOOL),
        Line("found"),
        Percent(100),
        Used(Usage(input_tokens=3, cost_usd=0.5)),
        Finish(False, "refused", Ending.AUTH),
    ]


def test_a_plain_agents_last_words_are_its_summary() -> None:
    assert parse("text", b"one\n\ntwo") == [
        Line("one", kind=Kind.OUTPUT),
        Step("one"),
        Line("two", kind=Kind.OUTPUT),
        Step("two"),
        Finish(True, "one\ntwo"),
    ]


NONSENSE = [
    b"",
    b"\n\n",
    b"not json\n",
    b"[1, 2]\n",
    b'{"type": 7}\n',
    b'{"type": "assistant"}\n',
    b'{"type": "assistant", "message": {"content": [1, {"type": "tool_use"}, {"type": "text", "text": 3}]}}\n',
    b'{"type": "assistant", "message": {"usage": {"input_tokens": "x", "output_tokens": 1e999}}}\n',
    b'{"type": "percent", "value": NaN}\n{"type": "percent", "value": 1e999}\n',
    b'{"type": "result", "ok": true, "is_error": false, "usage": {}, "total_cost_usd": Infinity}\n',
    b'{"type": "assistant", "message": [], "message": null}\n',
    b'{"type": "user", "message": {"content": [{"type": "tool_result", "content": [{"text": null}, 4]}]}}\n',
    b'{"type": "result", "usage": [], "permission_denials": {"a": 1}, "total_cost_usd": "much", "errors": 5}\n',
    b'{"type": "result", "ok": 1, "error": ["x"], "message": {}}\n',
    b'{"type": "system", "subtype": "init", "session_id": 4}\n',
    b'{"type": "system", "subtype": "api_retry"}\n',
    b'{"type": "percent", "value": true}\n{"type": "step", "text": null}\n{"type": "usage", "cost_usd": "x"}\n',
    b'{"a": "\xff\xfe broken"}\n',
    b"\xff\xfe\x00\x1b[31m red \x1b[0m\n",
    b'{"deep": ' * 20_000 + b"1" + b"}" * 20_000 + b"\n",
    b'{"type": "text", "text": "\\ud800 alone"}\n',
]


@pytest.mark.parametrize("stream", sorted(agents.PARSERS))
@pytest.mark.parametrize("data", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_never_an_error(stream: str, data: bytes) -> None:
    for parsed in parse(stream, data):
        if isinstance(parsed, Line):
            parsed.text.encode("utf-8")
            assert "\x00" not in parsed.text
            assert "\x1b" not in parsed.text


def test_a_line_of_megabytes_is_cut_and_says_so() -> None:
    splitter = Lines(limit=1000)
    cut, short = splitter.feed(b"x" * 3000 + b"\nshort\n")
    assert cut == "x" * 1000 + " … (2000 bytes cut)"
    assert short == "short"


def test_long_text_is_cut_for_the_log() -> None:
    shown = printable("y" * 100_000)
    assert len(shown) <= 4000
    assert shown.endswith("… (cut, 100000 characters in all)")


def test_an_unknown_stream_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownStream, match=r"claude-code.* mock.* text"):
        agents.parser("smoke-signals")
