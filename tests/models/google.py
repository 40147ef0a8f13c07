"""A model service on loopback that speaks the Gemini API (streaming) and says what a script tells it to say.

Shapes: https://ai.google.dev/api/generate-content and https://ai.google.dev/api/tokens; errors:
https://ai.google.dev/gemini-api/docs/troubleshooting. What the real service would refuse lands in `strange`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.models.google_rules import faults
from tests.models.loopback import on_loopback

PROMPT, CACHED, OUTPUT, THOUGHTS = 1200, 700, 34, 6  # tokens of every turn; the prompt's hold the cached ones
_METHOD = re.compile(r"/v1beta/models/([a-z0-9.-]+):(generateContent|streamGenerateContent|countTokens)")


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
    """The service answers with an error, as often as it is asked. `status` is HTTP's, `kind` the API's word for it."""

    status: int
    kind: str
    message: str
    reason: str = ""


@dataclass(frozen=True)
class Hang:
    """The service takes the request and never answers."""


@dataclass(frozen=True)
class Raw:
    """Bytes instead of an answer."""

    data: bytes


Turn = Sequence[Text | Tool] | Refusal | Hang | Raw


@dataclass
class Model:
    """The script, by turn, and what the CLI sent."""

    turns: Sequence[Turn]
    key: str = "AIza-test-0123456789"
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: dict[str, Any]) -> Turn:
        """The turn is found by what was said so far, so that a retry gets the same answer again."""
        if body.get("tools"):
            self.requests.append(body)
        said = sum(1 for content in body["contents"] if content["role"] == "model")
        turn = self.turns[min(said, len(self.turns) - 1)]
        if body.get("tools") or not isinstance(turn, Sequence):
            return turn
        return [Text("Greeting")]  # the CLI's own side questions, such as a title for the session


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """The model on an ephemeral port."""
    with on_loopback(type("Handler", (_Handler,), {"model": model}), model.ended) as address:
        model.url = address
        yield model


class _Handler(BaseHTTPRequestHandler):
    model: Model
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        path, _, query = self.path.partition("?")
        self.model.paths.append(path)
        method = _METHOD.fullmatch(path)
        if method is None:
            self._lost()
        elif self.headers.get("x-goog-api-key") != self.model.key:
            self._error(Refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."))
        else:
            self._call(method[1], method[2], query, json.loads(sent))

    def do_GET(self) -> None:
        self._lost()

    def do_CONNECT(self) -> None:
        self._lost()

    def _lost(self) -> None:
        """Anything that is not asked for by POST below /v1beta/models."""
        self.model.strange.append(f"{self.command} {self.path}")
        self._error(Refusal(404, "NOT_FOUND", self.path))

    def _call(self, name: str, method: str, query: str, body: dict[str, Any]) -> None:
        found = faults(method, query, body)
        self.model.strange += found
        if found:
            self._error(Refusal(400, "INVALID_ARGUMENT", found[0]))
        elif method == "countTokens":
            self._send(200, "application/json", json.dumps({"totalTokens": PROMPT}).encode())
        else:
            self._turn(self.model.answer(body), name, stream=method == "streamGenerateContent")

    def _turn(self, turn: Turn, name: str, *, stream: bool) -> None:
        if isinstance(turn, Hang):
            self.model.ended.wait(120)
            self.close_connection = True
        elif isinstance(turn, Raw):
            self._send(200, "text/event-stream", turn.data)
        elif isinstance(turn, Refusal):
            self._error(turn)
        elif stream:
            chunks = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunked(turn, name))
            self._send(200, "text/event-stream", chunks.encode())
        else:
            self._send(200, "application/json", json.dumps(whole(turn, name)).encode())

    def _error(self, refusal: Refusal) -> None:
        error: dict[str, Any] = {"code": refusal.status, "message": refusal.message, "status": refusal.kind}
        if refusal.reason:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": refusal.reason, "domain": "googleapis.com"}]
        self._send(refusal.status, "application/json", json.dumps({"error": error}).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


def chunked(turn: Sequence[Text | Tool], name: str) -> Iterator[dict[str, Any]]:
    """One answer as the pieces of a stream: a part each, the reason and the usage with the last."""
    for index, block in enumerate(turn):
        yield _answer([_part(block)], name, finished=index == len(turn) - 1)


def whole(turn: Sequence[Text | Tool], name: str) -> dict[str, Any]:
    """One answer as an object."""
    return _answer([_part(block) for block in turn], name, finished=True)


def _answer(parts: list[dict[str, Any]], name: str, *, finished: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    usage = {"promptTokenCount": PROMPT, "totalTokenCount": PROMPT, "cachedContentTokenCount": CACHED}
    if finished:
        candidate["finishReason"] = "STOP"
        usage |= {"candidatesTokenCount": OUTPUT, "thoughtsTokenCount": THOUGHTS}
        usage["totalTokenCount"] = PROMPT + OUTPUT + THOUGHTS
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": name, "responseId": "r-1"}


def _part(block: Text | Tool) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"text": block.text}
    return {"functionCall": {"name": block.name, "args": block.input}}
