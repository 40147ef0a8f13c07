"""A model service on loopback that speaks the Messages API (streaming) and says what a script tells it to say.

Shapes: https://docs.claude.com/en/api/messages, https://docs.claude.com/en/api/messages-streaming and
https://docs.claude.com/en/api/errors. A request that the service would refuse is refused, and kept in `strange`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.models.loopback import on_loopback

USAGE = {"input_tokens": 1200, "output_tokens": 34, "cache_creation_input_tokens": 500, "cache_read_input_tokens": 700}


@dataclass(frozen=True)
class Text:
    """The model says something."""

    text: str


@dataclass(frozen=True)
class Tool:
    """The model asks for one of the CLI's own tools."""

    name: str
    input: dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """The service answers with an error, as often as it is asked. Trying again at once is welcome, it says."""

    status: int
    kind: str
    message: str


@dataclass(frozen=True)
class Hang:
    """The service takes the request and says nothing more."""


@dataclass(frozen=True)
class Nonsense:
    """The service answers 200 with a body that is no answer."""

    body: bytes = b"event: message_start\ndata: {broken\n\n"


Turn = Sequence[Text | Tool] | Refusal | Hang | Nonsense


@dataclass
class Model:
    """The script, by turn, and what the CLI sent."""

    turns: Sequence[Turn]
    key: str = "sk-ant-test-0123456789"
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    asked: int = 0  # side questions too, which `requests` leaves out
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: dict[str, Any], key: str) -> Turn:
        """The turn is found by what was said so far, so that a retry gets the same answer again."""
        self.asked += 1
        if body.get("tools"):
            self.requests.append(body)
        if key != self.key:
            return Refusal(401, "authentication_error", "invalid x-api-key")
        said = sum(1 for message in body["messages"] if message["role"] == "assistant")
        turn = self.turns[min(said, len(self.turns) - 1)]
        if body.get("tools") or not isinstance(turn, Sequence):
            return turn
        return [Text("Greeting")]  # the CLI's own side questions, such as a title for the session


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """The model on an ephemeral port."""
    with on_loopback(type("Handler", (_Handler,), {"model": model}), model.closing) as address:
        model.url = address
        yield model


class _Handler(BaseHTTPRequestHandler):
    model: Model
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            self._send(200, "application/json", json.dumps({"input_tokens": 1200}).encode())
        elif path == "/v1/messages":
            if objection := objection_to(body, self.headers):
                self.model.strange.append(objection)
                self._error(Refusal(400, "invalid_request_error", objection))
            else:
                self._turn(self.model.answer(body, self.headers.get("x-api-key", "")), body)
        else:
            self.model.strange.append(path)
            self._error(Refusal(404, "not_found_error", path))

    def do_GET(self) -> None:
        self._error(Refusal(404, "not_found_error", self.path))

    def do_HEAD(self) -> None:
        self._error(Refusal(404, "not_found_error", self.path))

    def _turn(self, turn: Turn, body: dict[str, Any]) -> None:
        if isinstance(turn, Refusal):
            self._error(turn)
        elif isinstance(turn, Hang):
            self.model.closing.wait()
        elif isinstance(turn, Nonsense):
            self._send(200, "text/event-stream", turn.body)
        elif body.get("stream"):
            events = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in stream(turn, body))
            self._send(200, "text/event-stream", events.encode())
        else:
            self._send(200, "application/json", json.dumps(whole(turn, body)).encode())

    def _error(self, refusal: Refusal) -> None:
        error = {"type": "error", "error": {"type": refusal.kind, "message": refusal.message}}
        self._send(refusal.status, "application/json", json.dumps(error).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 429 or status >= 500 or kind == "text/event-stream":
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


def objection_to(body: dict[str, Any], headers: Mapping[str, str]) -> str:
    """What the service would object to in a request; empty if nothing."""
    if not headers.get("anthropic-version"):
        return "anthropic-version: header is required"
    if missing := [name for name in ("model", "max_tokens", "messages") if not body.get(name)]:
        return f"{missing[0]}: Field required"
    if body["messages"][0]["role"] != "user":
        return "messages: first message must use the user role"
    asked: set[str] = set()
    for number, message in enumerate(body["messages"]):
        blocks = (
            [{"type": "text", "text": message["content"]}]
            if isinstance(message["content"], str)
            else message["content"]
        )
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if answered != asked:
            return f"messages.{number}: tool_use and tool_result do not match: {sorted(asked ^ answered)}"
        if not all(block["text"].strip() for block in blocks if block["type"] == "text"):
            return f"messages.{number}: text content blocks must be non-empty"
        asked = {block["id"] for block in blocks if block["type"] == "tool_use"}
    return ""


def stream(turn: Sequence[Text | Tool], body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """One message as server-sent events."""
    message = {**whole(turn, body), "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    yield "message_start", {"type": "message_start", "message": message}
    for index, block in enumerate(turn):
        start, delta = _block_events(block, index)
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": start}
        yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": _stop_reason(turn), "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": stop, "usage": {"output_tokens": USAGE["output_tokens"]}}
    yield "message_stop", {"type": "message_stop"}


def whole(turn: Sequence[Text | Tool], body: dict[str, Any]) -> dict[str, Any]:
    """One message as an object."""
    return {
        "id": f"msg_{len(body['messages']):04}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [_block(block, index) for index, block in enumerate(turn)],
        "stop_reason": _stop_reason(turn),
        "stop_sequence": None,
        "usage": USAGE,
    }


def _block(block: Text | Tool, index: int) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    return {"type": "tool_use", "id": f"toolu_{abs(hash(str(block)))}{index}", "name": block.name, "input": block.input}


def _block_events(block: Text | Tool, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
    full = _block(block, index)
    if isinstance(block, Text):
        return {"type": "text", "text": ""}, {"type": "text_delta", "text": block.text}
    return {**full, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block.input)}


def _stop_reason(turn: Sequence[Text | Tool]) -> str:
    return "tool_use" if any(isinstance(block, Tool) for block in turn) else "end_turn"
