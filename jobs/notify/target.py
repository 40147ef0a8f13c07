"""Where a notification may go: an address that somebody typed, judged before anything is sent there. Pure.

Whoever sets a channel must not be able to make Porter talk to the network it stands in (server-side request forgery):
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from jobs.notify.errors import BadTarget

LONGEST = 2_000  # characters of a URL
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.(?!\d+$|0x)[a-z0-9-]{{2,63}}")
_PLAIN = re.compile(r"[\x21-\x7e]+")
# Names that lead inside by convention: https://www.iana.org/assignments/special-use-domain-names
_INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "onion",
    "invalid",
    "metadata.goog",
)

# What the interpreter's own lists (`is_global` and its like) know only in later versions, or take for global:
# https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
_NEVER = [
    ip_network(one)
    for one in (
        "0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "224.0.0.0/3",
        "::/8", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16",
        "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
# Not even when the operator lists a network around it: where clouds hand out their keys, and what is nobody's address.
_EVEN_IF_LISTED = [ip_network(one) for one in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "fe80::/10", "ff00::/8")]
_METADATA = {ip_address("fd00:ec2::254"), ip_address("100.100.100.200")}
_NAT64 = ip_network("64:ff9b::/96")  # carries an IPv4 address in its last 32 bits


@dataclass(frozen=True)
class Target:
    """A URL that may be tried. `host` is as it is written in it; `address` when that is one already, not a name;
    `resource` is what follows the host and is often a secret."""

    host: str
    port: int
    resource: str
    is_tls: bool = True
    address: Address | None = None

    def __repr__(self) -> str:
        return f"Target({self.authority})"

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header has them, and as people may see them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def read(url: str, *, listed: Sequence[Network] = (), plain: bool = False) -> Target:
    """A target of a URL. `listed`: networks of the operator's own that are allowed too; `plain`: whether http is, to
    a loopback address in one of them. Raises BadTarget."""
    if not url or len(url) > LONGEST or not _PLAIN.fullmatch(url) or "\\" in url:
        raise BadTarget("that is no URL: it is empty, too long, or has blanks or unusual characters in it")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        raise BadTarget("that is no URL: its host or port cannot be read") from None
    if "%" in host:
        raise BadTarget("an address with a zone, or a name with a percent sign, is refused")
    if "@" in parts.netloc:
        raise BadTarget("a URL with a name or password before its host is refused; put a secret in the path or query")
    address = _literal(host)
    is_tls = _scheme(parts.scheme, address, listed, plain)
    if address is None:
        _check_name(host)
    elif words := forbidden(address, listed):
        raise BadTarget(f"{host} {words}")
    return Target(host, _port(port, is_tls), _resource(parts.path, parts.query), is_tls, address)


def forbidden(address: Address, listed: Sequence[Network] = ()) -> str:
    """Why nothing may be sent to this address, as the rest of a sentence; empty when something may."""
    inner = _carried(address)
    if inner is not None:
        return forbidden(inner, listed)
    if address in _METADATA or any(_is_in(address, one) for one in _EVEN_IF_LISTED):
        return "is no address of a server on the internet"
    if any(_is_in(address, one) for one in listed):
        return ""
    if any(_is_in(address, one) for one in _NEVER) or not address.is_global or address.is_multicast:
        return "is an address inside a network, not on the internet (PORTER_NOTIFY_NETWORKS lists those allowed)"
    return ""


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _scheme(scheme: str, address: Address | None, listed: Sequence[Network], plain: bool) -> bool:
    """Whether it is https."""
    if scheme == "https":
        return True
    own = address is not None and address.is_loopback and any(_is_in(address, one) for one in listed)
    if scheme == "http" and plain and own:
        return False
    raise BadTarget("only https:// is sent to: what is told may not be read or changed on its way")


def _check_name(host: str) -> None:
    if not _NAME.fullmatch(host):
        raise BadTarget("that is no full name of a host, such as hooks.example.com")
    if any(host == one or host.endswith(f".{one}") for one in _INSIDE):
        raise BadTarget(f"{host} is a name inside a network, not on the internet")


def _port(port: int | None, is_tls: bool) -> int:
    """443, or one that no service of a machine's own has: what listens below is told nothing by mistake."""
    if port is None:
        return 443 if is_tls else 80
    if port != 443 and port < 1024:
        raise BadTarget(f"port {port} is refused; 443 and those from 1024 on are allowed")
    return port


def _resource(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address that NAT64 makes an IPv6 one of; other ways to write one as the other are in `_NEVER`."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if _is_in(address, _NAT64) else None


def _is_in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
