"""The gate: who comes in, over HTTP and over the WebSocket, and what every answer carries."""

from __future__ import annotations

import base64

import pytest

from dashboard.gate import PASS_HEADER, PERSON_HEADER, Gate, Password, host_name, is_loopback, passed
from dashboard.headers import security_headers, streamlit_inline_scripts
from tests.dashboard.driving import finish

PASSWORD = Password("open sesame")


class Inside:
    """An ASGI app that remembers whom the gate let through."""

    def __init__(self):
        self.scopes = []

    async def __call__(self, scope, _receive, send):
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


def ask(password=None, *, kind="http", method="GET", path="/", hosts=("127.0.0.1", "localhost"), **headers):
    inside, sent = Inside(), []
    gate = Gate(inside, hosts=frozenset(hosts), password=password, headers=security_headers(["x"]))
    told = {"host": "127.0.0.1:8501"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    finish(gate({"type": kind, "method": method, "path": path, "scheme": "http", "headers": raw}, receive, send))
    return sent, inside.scopes


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def header(message, name):
    return next((value.decode() for key, value in message["headers"] if key.decode() == name), None)


def test_another_sites_form_reaches_nothing():
    for headers, status in (
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://127.0.0.1:8501"}, 200),
        ({}, 200),
    ):
        sent, scopes = ask(method="POST", path="/_stcore/agent/interact", **headers)
        assert (sent[0]["status"], len(scopes)) == (status, int(status == 200))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8501", "localhost:80", "[::1]:8501", "LOCALHOST"])
def test_names_of_this_computer_are_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "evil.test", "127.0.0.1.evil.test", "localhost@evil.test:80", "[::1", "a b"])
def test_other_names_are_not(host):
    assert not is_loopback(host)


def test_without_a_password_a_loopback_host_comes_in_as_the_operator():
    sent, scopes = ask()
    assert sent[0]["status"] == 200
    assert dict(scopes[0]["headers"])[PERSON_HEADER.encode()] == b"the operator"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_sites_name_for_this_computer_is_refused(kind):
    sent, scopes = ask(kind=kind, host="evil.test")
    assert scopes == []
    assert sent[0] == {"type": "websocket.close", "code": 1008} or sent[0]["status"] == 421


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", basic("tom", "wrong"), "Bearer open sesame", "Basic /w=="],
    ids=["none", "no-value", "not-base64", "wrong", "another-scheme", "not-text"],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_without_the_password_nobody_comes_in(kind, authorization):
    sent, scopes = ask(PASSWORD, kind=kind, authorization=authorization)
    assert scopes == []
    if kind == "http":
        assert sent[0]["status"] == 401
        assert header(sent[0], "www-authenticate").startswith("Basic")
        assert header(sent[0], "set-cookie") is None


def test_the_password_opens_and_its_cookie_opens_the_websocket():
    sent, scopes = ask(PASSWORD, authorization=basic("tom", "open sesame"))
    cookie = header(sent[0], "set-cookie")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "sesame" not in cookie
    assert dict(scopes[0]["headers"])[PERSON_HEADER.encode()] == b"tom"
    _, scopes = ask(PASSWORD, kind="websocket", cookie=cookie.partition(";")[0])
    assert dict(scopes[0]["headers"])[PERSON_HEADER.encode()] == b"tom"


def test_a_cookie_that_ended_or_was_altered_does_not_open():
    cookie = PASSWORD.cookie("tom", now=1000, secure=True).partition(";")[0]
    assert PASSWORD.person("", cookie, now=1001) == "tom"
    assert PASSWORD.person("", cookie, now=1000 + 13 * 3600) is None
    assert PASSWORD.person("", cookie.replace("=4", "=9", 1), now=1001) is None
    assert PASSWORD.person("", "porter_gate=..", now=1001) is None
    assert Password("another").person("", cookie, now=1001) is None


def test_nobody_can_bring_the_gates_own_headers_along():
    _, scopes = ask(
        PASSWORD, authorization=basic("tom", "open sesame"), **{PERSON_HEADER: "root", PASS_HEADER: "guess"}
    )
    values = [value for name, value in scopes[0]["headers"] if name.decode() in (PERSON_HEADER, PASS_HEADER)]
    assert len(values) == 2 and b"root" not in values and b"guess" not in values
    assert passed({name.decode(): value.decode() for name, value in scopes[0]["headers"]})
    assert not passed({PASS_HEADER: "guess"}) and not passed({})


@pytest.mark.parametrize(
    ("origin", "comes_in"),
    [
        ("http://127.0.0.1:8501", True),
        ("http://127.0.0.1:3000", False),
        ("https://evil.test", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_only_our_own_pages_open_the_websocket(origin, comes_in):
    _, scopes = ask(kind="websocket", origin=origin)
    assert bool(scopes) is comes_in


def test_a_health_check_needs_no_password():
    sent, _ = ask(PASSWORD, path="/_stcore/health", host="10.0.0.7")
    assert sent[0]["status"] == 200


def test_every_answer_forbids_what_the_dashboard_does_not_do():
    for sent in (ask()[0], ask(PASSWORD)[0]):
        policy = header(sent[0], "content-security-policy")
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.partition("style-src")[0]
        assert header(sent[0], "x-content-type-options") == "nosniff"


def test_streamlits_own_inline_script_is_known_by_its_hash():
    assert len(streamlit_inline_scripts()) == 1


def test_a_host_name_is_read_without_its_port():
    assert host_name("porter.example:8443") == "porter.example"
