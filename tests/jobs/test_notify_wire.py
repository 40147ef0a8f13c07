"""One POST to a stranger: by TLS to the address that was checked, no further, and never longer than it was given."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from pathlib import Path

import pytest

from jobs.notify import target, wire
from jobs.notify.delivering import judged, pause
from jobs.notify.errors import BadTarget, Refused, Unreachable
from jobs.notify.wire import Answer
from tests.jobs.receivers import leads_to, papers, receiving, speaking

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOW = 1_767_323_045.0


def post(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Answer:
    place = target.read(url, listed=LOOPBACK, plain=True)
    return wire.post(place, headers or {}, body, listed=LOOPBACK, now=NOW)


def test_a_name_is_looked_up_once_and_its_certificate_is_for_the_name(tmp_path: Path, monkeypatch):
    own = papers(tmp_path, "hooks.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(own.trusted))
    asked = leads_to(monkeypatch, "127.0.0.1")
    with receiving(own.server) as receiver:
        port = receiver.url.rpartition(":")[2]
        answer = post(
            f"https://hooks.example.com:{port}/in?token=t", b'{"a": "\xc3\xbc"}', {"X-Porter-Event": "failed"}
        )
    assert answer == Answer(200, "OK", None, answer.words)
    [(path, headers, body)] = receiver.heard
    assert (path, body) == ("/in?token=t", b'{"a": "\xc3\xbc"}')
    assert (headers["Host"], headers["X-Porter-Event"]) == (f"hooks.example.com:{port}", "failed")
    assert asked == ["hooks.example.com"]


def test_a_name_that_leads_inside_when_it_is_sent_to_is_told_nothing(monkeypatch):
    leads_to(monkeypatch, "127.0.0.1")
    with receiving() as receiver:
        place = target.read(f"https://hooks.example.com:{receiver.url.rpartition(':')[2]}/x")
        with pytest.raises(BadTarget):
            wire.post(place, {}, b"{}", now=NOW)
    assert receiver.heard == []


@pytest.mark.parametrize("trusted", [False, True], ids=["from-nobody-known", "for-another-name"])
def test_who_does_not_prove_who_it_is_is_told_nothing(tmp_path: Path, monkeypatch, trusted):
    own = papers(tmp_path, "127.0.0.1" if not trusted else "hooks.example.com")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(own.trusted))
    with receiving(own.server) as receiver, pytest.raises(Unreachable, match="no proof that it is"):
        post(f"{receiver.url}/x")
    assert receiver.heard == []


def test_a_redirect_is_an_answer_and_not_followed():
    with receiving() as inside, receiving() as receiver:
        receiver.answers = [(307, {"Location": f"{inside.url}/secret"}, b"")]
        answer = post(f"{receiver.url}/x")
    assert answer.status == 307 and inside.heard == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with receiving() as receiver:
        assert post(f"{receiver.url}/x").status == 200


@pytest.mark.parametrize("pieces", [
    (), (b"HTTP/1.1 200",), (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000,),
], ids=["silence", "half-a-line", "headers-without-end"])  # fmt: skip
def test_who_does_not_answer_in_time_is_left(monkeypatch, pieces):
    monkeypatch.setattr(wire, "SECONDS", 0.5)
    with speaking(*pieces) as port, pytest.raises(Unreachable, match="no answer from"):
        post(f"http://127.0.0.1:{port}/x")


def test_a_refusal_is_heard_though_its_words_never_end(monkeypatch):
    monkeypatch.setattr(wire, "_PATIENCE", 0.2)
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 1000\r\n\r\nbecause"
    with speaking(head) as port:
        assert post(f"http://127.0.0.1:{port}/x").status == 400


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_not_http_is_no_answer(said):
    with speaking(said, hold=False) as port, pytest.raises(Unreachable, match=r"no HTTP from|no connection to"):
        post(f"http://127.0.0.1:{port}/x")


def test_a_flood_is_read_to_a_small_part():
    with receiving() as receiver:
        receiver.answers = [(500, {}, b"no " * 1_000_000)]
        assert len(post(f"{receiver.url}/x").words) <= 300


def test_nobody_listens_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        post(f"http://127.0.0.1:{port}/x")


@pytest.mark.parametrize(("header", "seconds"), [
    ("120", 120.0), ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0), ("Fri, 02 Jan 2020 03:05:05 GMT", 0.0), ("soon", None),
    ("-5", None), ("9" * 50, 999_999_999.0),
])  # fmt: skip
def test_how_long_a_receiver_asks_to_wait(header, seconds):
    with receiving() as receiver:
        receiver.answers = [(429, {"Retry-After": header}, b"slow down")]
        assert post(f"{receiver.url}/x").wait == seconds


@pytest.mark.parametrize(("status", "fate"), [
    (200, None), (204, None), (301, Refused), (400, Refused), (401, Refused), (404, Refused), (410, Refused),
    (408, Unreachable), (425, Unreachable), (429, Unreachable), (500, Unreachable), (503, Unreachable),
])  # fmt: skip
def test_what_an_answer_means(status, fate):
    answer = Answer(status, "Reason", None, "no_service")
    if fate is None:
        assert judged(answer) == f"{status} Reason"
    else:
        with pytest.raises(fate, match=f"{status} Reason"):
            judged(answer)


def test_pauses_grow_and_end_and_a_receiver_may_ask_for_longer_but_not_for_ever():
    minutes = [(pause(n) or pytest.fail("ended")).total_seconds() / 60 for n in range(1, 7)]
    assert minutes == [1, 5, 15, 60, 180, 360] and pause(7) is None
    longer, longest = pause(1, 600), pause(1, 1e9)
    assert longer is not None and longest is not None
    assert (longer.total_seconds(), longest.total_seconds()) == (600, 6 * 3600)
