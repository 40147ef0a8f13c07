"""What Codex's events become, however they are cut, mixed up or new."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.agents.codex import CodexParser
from worker.agents.stream import Finish, Line, Parsed, Percent, Session, Step, Trouble, Used
from worker.contract import Ending, Kind, Level, Usage

USAGE = {"input_tokens": 4800, "cached_input_tokens": 2800, "cache_write_input_tokens": 300, "output_tokens": 136}
SHELL = {"id": "item_1", "type": "command_execution", "command": "/bin/bash -lc 'cat \"my file\"'", "exit_code": None}
CHANGE = {"path": "/tmp/porter-x1/agent/repo/src/repo/a.py", "kind": "update"}
DENIAL = "2026-11-21T11:25:07.398953Z ERROR codex_core::tools::router: error="


def item(event: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"item.{event}", "item": fields}


EVENTS: list[dict[str, Any]] = [
    {"thread_id": "01a1-ff", "type": "thread.started"},
    item("completed", type="error", message="Model metadata for `x` not found."),
    {"type": "turn.started"},
    item("completed", type="reasoning", text="**Looking**"),
    item("completed", type="agent_message", text="Schön.\nI will look."),
    {"type": "item.started", "item": SHELL},
    {"type": "item.completed", "item": {**SHELL, "aggregated_output": "\u0000hello\n", "exit_code": 0}},
    item("started", type="file_change", changes=[CHANGE], status="in_progress"),
    item("completed", type="file_change", changes=[CHANGE], status="completed"),
    item("completed", type="file_change", changes=[CHANGE, "?"], status="failed"),
    item("updated", type="todo_list", items=[{"text": "a", "completed": True}, {"text": "b", "completed": False}]),
    item("started", type="mcp_tool_call", server="docs", tool="look_up"),
    item("completed", type="web_search", query="how to spell"),
    item("completed", type="something_new", text="?"),
    {"type": "error", "message": "Reconnecting... 1/2 (unexpected status 401 Unauthorized: no)"},
    item("completed", type="agent_message", text="All done."),
    {"type": "turn.completed", "usage": USAGE},
]
PARSED: list[Parsed] = [
    Session("01a1-ff"),
    Line("Model metadata for `x` not found.", Level.WARNING, Kind.STEP),
    Step("reading the task"),
    Line("**Looking**", Level.DEBUG),
    Step("Looking"),
    Line("Schön.\nI will look."),
    Step("Schön."),
    Line('Run cat "my file"', kind=Kind.TOOL),
    Step('Run cat "my file"'),
    Line("\ufffdhello", Level.DEBUG, Kind.OUTPUT),
    Line("Patch update src/repo/a.py", kind=Kind.TOOL),
    Step("Patch update src/repo/a.py"),
    Line("the patch was not made: update src/repo/a.py", Level.WARNING, Kind.OUTPUT),
    Percent(50),
    Line("docs.look_up", kind=Kind.TOOL),
    Step("docs.look_up"),
    Line("Search how to spell", kind=Kind.TOOL),
    Step("Search how to spell"),
    Line("Reconnecting... 1/2 (unexpected status 401 Unauthorized: no)", Level.WARNING, Kind.STEP),
    Trouble(Ending.AUTH, "Reconnecting... 1/2 (unexpected status 401 Unauthorized: no)"),
    Line("All done."),
    Step("All done."),
    Used(Usage(1700, 136, 2800, 300)),
    Finish(True, "All done."),
]


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def parse(*pieces: bytes, complaints: tuple[str, ...] = ()) -> list[Parsed]:
    parser = CodexParser()
    parsed = [one for piece in pieces for one in parser.feed(piece)]
    parsed += [one for line in complaints for one in parser.complaint(line)]
    return parsed + parser.close()


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
    for event in EVENTS:
        for place in event:
            parse(lines({**event, place: nonsense}))
        for place in event.get("item", {}):
            parse(lines({**event, "item": {**event["item"], place: nonsense}}))


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        pytest.param("unexpected status 401 Unauthorized: Incorrect API key provided", Ending.AUTH, id="401"),
        pytest.param("unexpected status 403 Forbidden: Country not supported", Ending.AUTH, id="403"),
        pytest.param("Missing environment variable: `OPENAI_API_KEY`.", Ending.AUTH, id="no-key"),
        pytest.param("exceeded retry limit, last status: 429 Too Many Requests", Ending.RATE_LIMITED, id="429"),
        pytest.param("Quota exceeded. Check your plan and billing details.", Ending.BUDGET, id="quota"),
        pytest.param("Selected model is at capacity. Please try a different model.", Ending.OVERLOADED, id="503"),
        pytest.param("unexpected status 502 Bad Gateway: x", Ending.OVERLOADED, id="502"),
        pytest.param("stream disconnected before completion: The server had an error", Ending.OVERLOADED, id="broke"),
        pytest.param("stream disconnected before completion: idle timeout waiting for SSE", Ending.STALLED, id="idle"),
        pytest.param("The model `x` does not exist or you do not have access to it.", None, id="no-such-model"),
    ],
)
def test_its_failures_have_names(said: str, ending: Ending | None) -> None:
    assert parse(lines({"type": "turn.failed", "error": {"message": said}})) == [Finish(False, said, ending)]


@pytest.mark.parametrize(
    ("complaint", "tools"),
    [
        pytest.param("patch rejected: writing is blocked by read-only sandbox", ("apply_patch",), id="sandbox"),
        pytest.param('exec_command failed: CreateProcess { message: "Rejected(…)" }', ("exec_command",), id="rule"),
        pytest.param("apply_patch verification failed: Failed to find expected lines", (), id="a-mistake"),
    ],
)
def test_what_it_was_not_allowed_is_heard_on_standard_error(complaint: str, tools: tuple[str, ...]) -> None:
    *_, finish = parse(lines(*EVENTS), complaints=(DENIAL + complaint, "WARNING: rejected, says somebody else"))
    assert finish == Finish(True, "All done.", denials=tools)


def test_what_somebody_declined_is_denied() -> None:
    declined = item("completed", type="command_execution", command="rm x", exit_code=None, status="declined")
    *_, finish = parse(lines(declined, *EVENTS))
    assert finish == Finish(True, "All done.", denials=("exec_command",))


def test_what_it_used_so_far_is_read_from_its_record() -> None:
    known = [{"total_token_usage": USAGE | {"output_tokens": told}} for told in (136, 272)]
    infos = [*known, {"total_token_usage": {"input_tokens": 0, "total_tokens": 272_000}}, None]
    counts = [{"type": "event_msg", "payload": {"type": "token_count", "info": info}} for info in infos]
    record = lines({"type": "session_meta"}, *counts, {"type": "turn_aborted"}) + b'{"type": "token_count", \xff'
    assert CodexParser().used(record) == Usage(1700, 272, 2800, 300)
    assert CodexParser().used(b"") is None
