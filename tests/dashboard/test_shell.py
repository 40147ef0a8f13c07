"""The page before its scripts run: Porter's name, and its length told truly."""

from __future__ import annotations

from pathlib import Path

import streamlit

from dashboard.shell import Shell, first_script, our_page
from tests.dashboard.driving import finish

THEIRS = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()


def answered(kind, chunks, *, asked=()):
    async def app(scope, _receive, send):
        inside.append(scope)
        length = str(sum(map(len, chunks))).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", kind), (b"Content-Length", length)],
            }
        )
        for number, chunk in enumerate(chunks, 1):
            await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks)})

    sent, inside = [], []

    async def send(message):
        sent.append(message)

    finish(Shell(app)({"type": "http", "method": "GET", "headers": list(asked)}, None, send))
    return sent, inside[0]


def test_streamlits_page_becomes_porters():
    page = our_page(THEIRS)
    assert b"<title>Porter</title>" in page
    assert b'name="color-scheme" content="light dark"' in page
    assert page.count(b'id="porter-skeleton"') == 1
    assert (
        page.index(first_script().encode())
        < page.index(b"<script type=")
        < page.index(b".frame {")
        < page.index(b"</head>")
    )
    assert b"favicon.png" not in page


def test_a_page_in_pieces_is_sent_whole_with_its_own_length():
    (start, body), _ = answered(b"text/html; charset=utf-8", [THEIRS[:3500], THEIRS[3500:]])
    assert body["body"] == our_page(THEIRS)
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


def test_anything_else_passes_untouched():
    (_, first, second), _ = answered(b"text/javascript", [b"<title>Streamlit</title>", b"x"])
    assert (first["body"], second["body"]) == (b"<title>Streamlit</title>", b"x")


def test_a_page_is_asked_for_unpacked_and_whole_and_nothing_else_is():
    packed = [(b"accept-encoding", b"gzip"), (b"if-none-match", b'"old"'), (b"cookie", b"a=b")]
    _, page = answered(b"text/html", [THEIRS], asked=[(b"accept", b"text/html,*/*"), *packed])
    assert page["headers"] == [(b"accept", b"text/html,*/*"), (b"cookie", b"a=b")]
    _, script = answered(b"text/javascript", [b"x"], asked=[(b"accept", b"*/*"), *packed])
    assert script["headers"] == [(b"accept", b"*/*"), *packed]
