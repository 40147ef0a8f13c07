"""Streamlit's page before its scripts run, made ours: name, icon, colours, and the bones of a page, not a white one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from dashboard.gate import Asgi, Message, Receive, Scope, Send

_HERE = Path(__file__).parent
_HEAD, _END, _ROOT = b"<head>", b"</head>", b'<div id="root"></div>'
_CACHED = frozenset((b"accept-encoding", b"if-none-match", b"if-modified-since"))
_THEIRS = frozenset((b"content-length", b"etag", b"last-modified"))  # of the page before it was rewritten
_CHANGES = (
    (b"<title>Streamlit</title>", b'<title>Porter</title><meta name="color-scheme" content="light dark">'),
    (b'href="./favicon.png"', b'href="/app/static/porter.svg"'),
)


class Shell:
    """ASGI middleware that rewrites HTML pages and nothing else."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("method") == "GET":
            await self._app(_plain(scope), receive, _Rewriter(send, our_page))
        else:
            await self._app(scope, receive, send)


def _plain(scope: Scope) -> Scope:
    """A page is asked for unpacked, or it could not be rewritten; and whole, for only Streamlit's part has an age."""
    told = scope.get("headers", [])
    if not any(name.lower() == b"accept" and b"text/html" in value for name, value in told):
        return scope
    return {**scope, "headers": [(name, value) for name, value in told if name.lower() not in _CACHED]}


def our_page(page: bytes) -> bytes:
    """The page as Porter's; a part that Streamlit no longer writes is left alone."""
    for theirs, ours in _CHANGES:
        page = page.replace(theirs, ours)
    page = page.replace(_HEAD, f"{_HEAD.decode()}<script>{first_script()}</script>".encode(), 1)
    return page.replace(_END, _style() + _END, 1).replace(_ROOT, _ROOT + _skeleton())


@cache
def first_script() -> str:
    """What runs before anything is drawn, in the page itself: the policy of our headers knows it by its hash."""
    return (_HERE / "static" / "first.js").read_text()


@cache
def _style() -> bytes:
    """The frame's rules from the start: what they say of the page around it would make it jump when they come."""
    return b"<style>" + (_HERE / "components" / "frame" / "frame.css").read_bytes() + b"</style>"


@cache
def _skeleton() -> bytes:
    """The first part that is drawn takes it away (dom.js)."""
    return (_HERE / "static" / "skeleton.html").read_bytes()


class _Rewriter:
    """Holds an HTML answer back until it is whole, then sends it rewritten and with its new length."""

    def __init__(self, send: Send, rewrite: Callable[[bytes], bytes]) -> None:
        self._send, self._rewrite = send, rewrite
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
        else:
            await self._send(message)

    async def _finish(self, start: Message) -> None:
        body = self._rewrite(self._body)
        kept = [(name, value) for name, value in start["headers"] if name.lower() not in _THEIRS]
        await self._send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})


def _is_html(start: Message) -> bool:
    told = {name.lower(): value for name, value in start.get("headers", [])}
    return told.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in told
