"""One POST to an address that somebody else chose: resolved once, checked, connected to as checked, cut off in time.

No client of the shelf is used: each would resolve the name again after it was checked, follow redirects, take a proxy
from the environment, or wait as long as bytes keep dripping in.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from threading import Thread
from time import monotonic

from jobs.notify.errors import BadTarget, Unreachable
from jobs.notify.target import Address, Network, Target, forbidden

SECONDS = 10.0  # for all of it: the name, the connection, the answer
NAME_SECONDS = 4.0
_MOST = 16 * 1024  # bytes of an answer that are read at all
_WORDS = 300  # characters of it that are given back
_PATIENCE = 1.0  # seconds for the words behind a refusal's headers: they are only for the reader's convenience


@dataclass(frozen=True)
class Answer:
    """What a receiver said. `wait`: seconds it asks to wait; `words`: the beginning of its body."""

    status: int
    reason: str
    wait: float | None
    words: str


def post(
    target: Target, headers: Mapping[str, str], body: bytes, *, listed: Sequence[Network] = (), now: float
) -> Answer:
    """Send it. `now` in seconds since 1970, to tell how long a date of the receiver's is off.

    Raises BadTarget when the name leads where nothing may be sent, Unreachable when there was no answer in time.
    """
    end = monotonic() + SECONDS
    addresses = resolve(target, listed=listed)
    try:
        with _connected(target, addresses, end) as line:
            line.settimeout(_left(end))
            line.sendall(_request(target, headers, body))
            return _answer(_received(line, end), now)
    except TimeoutError:
        raise Unreachable(f"no answer from {target.authority} within {SECONDS:.0f} s") from None
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"no proof that it is {target.authority}: {error.verify_message}") from None
    except HTTPException as error:
        raise Unreachable(f"no HTTP from {target.authority}: {_why(error)}") from None
    except OSError as error:
        raise Unreachable(f"no connection to {target.authority}: {_why(error)}") from None


def resolve(target: Target, *, listed: Sequence[Network] = (), seconds: float = NAME_SECONDS) -> list[Address]:
    """The addresses of a target, each one checked. Raises BadTarget if any of them is forbidden, Unreachable when the
    name leads nowhere now."""
    found = [target.address] if target.address is not None else _looked_up(target, seconds)
    for address in found:
        if words := forbidden(address, listed):
            there = f"{address}" if target.address else f"the name {target.host} leads to {address}, which"
            raise BadTarget(f"{there} {words}")
    return found


def _looked_up(target: Target, seconds: float) -> list[Address]:
    """In a thread of its own: the system's resolver cannot be told when to give up."""
    told: Future[list[Address]] = Future()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            told.set_result(list(dict.fromkeys(ip_address(str(row[4][0]).partition("%")[0]) for row in rows)))
        except (OSError, ValueError) as error:
            told.set_exception(error)

    Thread(target=ask, daemon=True, name="name of a receiver").start()
    try:
        return told.result(seconds)
    except FutureTimeout:
        raise Unreachable(f"the name {target.host} could not be looked up within {seconds:.0f} s") from None
    except (OSError, ValueError) as error:
        raise Unreachable(f"the name {target.host} leads nowhere: {_why(error)}") from None


def _connected(target: Target, addresses: Sequence[Address], end: float) -> socket.socket:
    """The first address that takes the connection; the certificate must be for the name that was typed."""
    trouble: OSError = OSError("it has no address")
    for tried, address in enumerate(addresses):
        share = _left(end) / (len(addresses) - tried)  # one that is silent must leave time for the next
        try:
            line = socket.create_connection((str(address), target.port), timeout=share)
            break
        except OSError as error:
            trouble = error
    else:
        raise trouble
    try:
        line.settimeout(_left(end))
        return ssl.create_default_context().wrap_socket(line, server_hostname=target.host) if target.is_tls else line
    except BaseException:
        line.close()
        raise


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    own = {"Host": target.authority, "User-Agent": "Porter", "Accept": "*/*", "Connection": "close"}
    lines = [f"POST {target.resource} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (own | dict(headers) | {"Content-Length": str(len(body))}).items()]
    if any(ord(char) < 32 for line in lines for char in line):
        raise BadTarget("a header with a line break in it is not sent")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _received(line: socket.socket, end: float) -> bytes:
    """What was answered, as far as it is wanted: the headers, and a little of what is behind them."""
    data = b""
    while len(data) < _MOST:
        head = data.find(b"\r\n\r\n") >= 0
        if head and data[9:10] == b"2":
            break  # taken; what it says besides does not matter
        if head:
            end = min(end, monotonic() + _PATIENCE)
        try:
            line.settimeout(_left(end))
            more = line.recv(4096)
        except TimeoutError:
            if head:
                break
            raise
        if not more:
            break
        data += more
    return data


def _answer(data: bytes, now: float) -> Answer:
    response = HTTPResponse(_Heard(data))  # type: ignore[arg-type]  # only `makefile` of a socket is used
    response.begin()
    try:
        body = response.read(_MOST)
    except HTTPException:  # cut off: by us or by it
        body = b""
    words = " ".join(body.decode("utf-8", "replace").split())
    return Answer(response.status, response.reason[:60], _wait(response.getheader("Retry-After"), now), words[:_WORDS])


class _Heard:
    """What `HTTPResponse` takes for a socket: bytes that have come already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _wait(value: str | None, now: float) -> float | None:
    """Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _why(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return words[:200] or type(error).__name__
