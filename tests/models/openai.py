"""A model service on loopback that speaks the Responses API (streaming, nothing stored) and says what a script says.

Shapes: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming; what it refuses is in
tests/models/openai_rules.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import groupby
from typing import Any

from tests.models.loopback import on_loopback
from tests.models.openai_rules import faults

KEY = "sk-proj-test-0123456789"
USAGE = {
    "input_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 700, "cache_write_tokens": 0},
    "output_tokens": 34,
    "output_tokens_details": {"reasoning_tokens": 8},
    "total_tokens": 1234,
}


@dataclass(frozen=True)
class Text:
    """The model says something."""

    text: str


@dataclass(frozen=True)
class Tool:
    """The model calls a function of the CLI's."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Custom:
    """The model calls a tool of the CLI's that takes plain text."""

    name: str
    input: str


@dataclass(frozen=True)
class Refusal:
    """The service answers with an error, as often as it is asked."""

    status: int
    kind: str
    code: str | None
    message: str


@dataclass(frozen=True)
class Failure:
    """The answer begins, and ends with `response.failed`."""

    code: str
    message: str


@dataclass(frozen=True)
class Hang:
    """The service takes the request, begins to answer, and says nothing more."""


@dataclass(frozen=True)
class Nonsense:
    """The answer begins, and breaks off in the middle of a line."""

    body: bytes = b'event: response.output_item.done\ndata: {"type": "response.outp'


Said = Text | Tool | Custom
Turn = Sequence[Said] | Refusal | Failure | Hang | Nonsense


@dataclass
class Model:
    """The script, by turn, and what the CLI sent. `strange`: what the real service would not have understood."""

    turns: Sequence[Turn]
    key: str = KEY
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: dict[str, Any], authorization: str) -> Turn:
        """The turn is found by what was said so far, so that a retry gets the same answer again."""
        self.requests.append(body)
        if authorization != f"Bearer {self.key}":
            return Refusal(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-no-such.")
        if found := faults(body):
            self.strange += found
            return Refusal(400, "invalid_request_error", "invalid_value", found[0])
        return self.turns[min(said_so_far(body), len(self.turns) - 1)]


def said_so_far(body: dict[str, Any]) -> int:
    """How many answers of the model are in the conversation: each is a row of items without one of ours between."""
    own = (item.get("role") == "assistant" or str(item["type"]).endswith("_call") for item in body["input"])
    return sum(1 for is_model, _ in groupby(own) if is_model)


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """The model on an ephemeral port; `model.url` is what OPENAI_BASE_URL is set to."""
    with on_loopback(type("Handler", (_Handler,), {"model": model}), model.closing) as address:
        model.url = f"{address}/v1"
        yield model


class _Handler(BaseHTTPRequestHandler):
    model: Model
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/v1/responses" and self.headers.get_content_type() == "application/json":
            self._answer(json.loads(data))
        else:
            self._unknown()

    def do_GET(self) -> None:
        self._unknown()

    def _answer(self, body: dict[str, Any]) -> None:
        turn = self.model.answer(body, self.headers.get("Authorization", ""))
        if isinstance(turn, Refusal):
            self._error(turn)
        else:
            self._stream(turn, body)

    def _unknown(self) -> None:
        self.model.strange.append(f"{self.command} {self.path}")
        self._error(Refusal(404, "invalid_request_error", None, f"Invalid URL ({self.command} {self.path})"))

    def _error(self, refusal: Refusal) -> None:
        said = {"message": refusal.message, "type": refusal.kind, "param": None, "code": refusal.code}
        data = json.dumps({"error": said}).encode()
        self.send_response(refusal.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-request-id", f"req_{len(self.model.requests):04}")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, turn: Turn, body: dict[str, Any]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        for number, event in enumerate(events(turn, body)):
            data = json.dumps({**event, "sequence_number": number})
            self.wfile.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
        if isinstance(turn, Nonsense):
            self.wfile.write(turn.body)
        self.wfile.flush()
        if isinstance(turn, Hang):
            self.model.closing.wait(60)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


def events(turn: Turn, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One answer as server-sent events, without their numbers."""
    response = _response(body)
    yield {"type": "response.created", "response": response}
    yield {"type": "response.in_progress", "response": response}
    if isinstance(turn, Failure):
        error = {"code": turn.code, "message": turn.message}
        yield {"type": "response.failed", "response": {**response, "status": "failed", "error": error}}
    if isinstance(turn, Refusal | Failure | Hang | Nonsense):
        return
    items = [_item(said, f"{len(body['input']):04}{index}") for index, said in enumerate(turn)]
    for index, item in enumerate(items):
        yield from _item_events(item, index)
    yield {
        "type": "response.completed",
        "response": {**response, "status": "completed", "output": items, "usage": USAGE},
    }


def _response(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"resp_{len(body['input']):04}",
        "object": "response",
        "created_at": 1_760_000_000,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": body["model"],
        "output": [],
        "parallel_tool_calls": True,
        "store": False,
        "usage": None,
    }


def _item(said: Said, number: str) -> dict[str, Any]:
    done = {"status": "completed"}
    match said:
        case Text(text):
            part = {"type": "output_text", "text": text, "annotations": []}
            return {"id": f"msg_{number}", "type": "message", "role": "assistant", "content": [part]} | done
        case Tool(name, arguments):
            call = {"type": "function_call", "name": name, "arguments": json.dumps(arguments)}
            return {"id": f"fc_{number}", "call_id": f"call_{number}"} | call | done
        case Custom(name, given):
            call = {"type": "custom_tool_call", "name": name, "input": given}
            return {"id": f"ctc_{number}", "call_id": f"call_{number}"} | call | done


def _item_events(item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    begun = item | {"status": "in_progress"}
    match item["type"]:
        case "message":
            text = item["content"][0]["text"]
            yield {"type": "response.output_item.added", "output_index": index, "item": begun | {"content": []}}
            yield {"type": "response.output_text.delta", **at, "content_index": 0, "delta": text, "logprobs": []}
            yield {"type": "response.output_text.done", **at, "content_index": 0, "text": text, "logprobs": []}
        case "function_call":
            yield {"type": "response.output_item.added", "output_index": index, "item": begun | {"arguments": ""}}
            yield {"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]}
            yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
        case "custom_tool_call":
            yield {"type": "response.output_item.added", "output_index": index, "item": begun | {"input": ""}}
            yield {"type": "response.custom_tool_call_input.delta", **at, "delta": item["input"]}
            yield {"type": "response.custom_tool_call_input.done", **at, "input": item["input"]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}
