"""Receivers of notifications as the world has them: an HTTP server, with TLS or without, and a strict mail server."""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answered = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """An HTTP receiver. `answers` are given one after the other, the last one for ever."""

    url: str = ""
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=lambda: [(200, {}, b"ok")])
    before: Callable[[], None] = lambda: None  # done when a request is there, before it is answered

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answered:
        self.heard.append((path, headers, body))
        self.before()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on the loopback until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, headers, words = receiver.answer(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    with _served(_Quiet(("127.0.0.1", 0), Handler), tls) as port:
        receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield receiver


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def _served(server: socketserver.TCPServer, tls: ssl.SSLContext | None) -> Iterator[int]:
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def speaking(*pieces: bytes, hold: bool = True) -> Iterator[int]:
    """A port that answers anything with these pieces and, with `hold`, then says nothing more and does not hang up."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        lines: list[socket.socket] = []

        def serve() -> None:
            try:
                line, _ = door.accept()
            except OSError:
                return
            lines.append(line)
            line.recv(65_536)
            for piece in pieces:
                line.sendall(piece)
            if not hold:
                line.close()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield int(door.getsockname()[1])
        door.close()
        thread.join(10)
        for line in lines:
            line.close()


@dataclass(frozen=True)
class Papers:
    """A certificate for some names, its key, and the file that whoever is to trust it must know."""

    trusted: Path
    server: ssl.SSLContext


def papers(folder: Path, *names: str) -> Papers:
    """Made anew, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    me = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(me).issuer_name(me).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "trusted.pem").write_bytes(pem)
    (folder / "own.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return Papers(folder / "trusted.pem", context)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@dataclass
class PostOffice:
    """A mail server. `replies`: what it says instead of yes, by the command's first word."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    was_private: list[bool] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)


@contextmanager
def post_office(tls: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """A mail server on the loopback, which with `tls` takes no mail before STARTTLS."""
    office = PostOffice()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _Conversation(office, self.request, tls).hold()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up at a bad certificate."""

    with _served(Server(("127.0.0.1", 0), Handler), None) as port:
        office.port = port
        yield office


class _Conversation:
    """One client, in the order that RFC 5321 asks for."""

    def __init__(self, office: PostOffice, line: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._office, self._line, self._tls, self._private = office, line, tls, False
        self._file = line.makefile("rb")

    def hold(self) -> None:
        try:
            self._talk()
        finally:
            self._file.close()
            self._line.close()

    def _talk(self) -> None:
        self._say("220 here")
        while raw := self._file.readline():
            command = raw.decode().strip()
            word = command.partition(" ")[0].upper()
            self._office.said.append(command)
            if word == "QUIT":
                self._say("221 bye")
                return
            self._answer(word)

    def _answer(self, word: str) -> None:
        if word in self._office.replies:
            self._say(self._office.replies[word])
        elif word == "EHLO":
            more = "250-AUTH PLAIN\r\n" if self._private or self._tls is None else "250-STARTTLS\r\n"
            self._say(f"250-here\r\n{more}250 SIZE 1000000")
        elif word == "STARTTLS" and self._tls is not None:
            self._say("220 go on")
            self._file.close()
            self._line = self._tls.wrap_socket(self._line, server_side=True)
            self._file, self._private = self._line.makefile("rb"), True
        elif self._tls is not None and not self._private:
            self._say("530 first STARTTLS")
        elif word == "DATA":
            self._take()
        else:
            self._say("235 welcome" if word == "AUTH" else "250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self._office.mails.append(message_from_bytes(b"".join(lines)))
        self._office.was_private.append(self._private)
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self._line.sendall(f"{words}\r\n".encode())


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Names lead to these addresses; which names were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        try:
            ipaddress.ip_address(str(host).partition("%")[0])
        except ValueError:
            asked.append(str(host))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked
