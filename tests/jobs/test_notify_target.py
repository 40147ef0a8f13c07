"""Where notifications may go: whoever types an address cannot make Porter talk to the network it stands in."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest

from jobs.notify import target, wire
from jobs.notify.errors import BadTarget, NotifyError, Unreachable
from jobs.notify.target import Target
from tests.jobs.receivers import leads_to

OWN = (ip_network("10.1.0.0/16"), ip_network("127.0.0.0/8"))

HOSTILE = [
    "", "  ", "hooks.example.com/x", "//hooks.example.com/x", "ftp://hooks.example.com/x", "file:///etc/passwd",
    "gopher://hooks.example.com/_x", "http://hooks.example.com/x", "javascript:alert(1)",
    "https://", "https:///x", "https://hooks.example.com:99999/x", "https://hooks.example.com:abc/x",
    "https://user:password@hooks.example.com/x", "https://hooks.example.com@127.0.0.1/x", "https://@127.0.0.1/",
    "https://hooks.example.com\\@127.0.0.1/", "https://hooks.example.com/x y", "https://hooks.example.com/x\r\nHost: a",
    "https://hooks.example.com/\x00", "https://hooks.example.com/ü", "https://ｅxample.com/", "https://①②⑦.⓪.⓪.①/",
    "https://localhost/x", "https://LOCALHOST./x", "https://a.localhost/x", "https://printer.local/x", "https://intake/x",
    "https://metadata.google.internal/computeMetadata/v1/", "https://metadata.goog/", "https://x.onion/",
    "https://127.0.0.1/x", "https://127.0.0.1./x", "https://127.1/x", "https://0177.0.0.1/x", "https://0x7f.0.0.1/x",
    "https://0x7f000001/x", "https://2130706433/x", "https://017700000001/x", "https://127.0.0.01/x",
    "https://0.0.0.0/x", "https://0/x", "https://10.0.0.1/x", "https://172.16.0.1/x", "https://172.31.255.255/x",
    "https://192.168.1.1/x", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/x",
    "https://100.100.100.200/latest/meta-data/", "https://192.0.0.192/x", "https://192.0.2.1/x", "https://198.18.0.1/x",
    "https://192.88.99.1/x", "https://224.0.0.1/x", "https://239.255.255.250/x", "https://240.0.0.1/x",
    "https://255.255.255.255/x",
    "https://[::1]/x", "https://[::]/x", "https://[::ffff:127.0.0.1]/x", "https://[::ffff:7f00:1]/x",
    "https://[::127.0.0.1]/x", "https://[64:ff9b::7f00:1]/x", "https://[64:ff9b::a9fe:a9fe]/x",
    "https://[64:ff9b:1::1]/x", "https://[2002:7f00:1::]/x", "https://[2002:808:808::]/x", "https://[2001:0:1::1]/x",
    "https://[2001:db8::1]/x", "https://[fc00::1]/x", "https://[fdaa:0:1::3]/x", "https://[fd00:ec2::254]/x",
    "https://[fe80::1]/x", "https://[fe80::1%25eth0]/x", "https://[2606:4700::1111%25eth0]/x", "https://[fec0::1]/x",
    "https://[ff02::1]/x", "https://[100::1]/x", "https://[::1/x", "https://[v1.x]/x",
    "https://hooks.example.com:22/x", "https://hooks.example.com:25/x", "https://hooks.example.com:80/x",
    "https://hooks.example.com:0/x", "https://8.8.8.8:53/x", "https://hooks.example.com/" + "a" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_before_anybody_is_asked(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: pytest.fail("a name was looked up"))
    with pytest.raises(BadTarget) as refused:
        target.read(url, plain=True)
    secret = url.partition("://")[2].partition("/")[2]
    assert len(secret) < 3 or secret not in str(refused.value)  # the path may be the hook's secret


@pytest.mark.parametrize("url", [
    "https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://100.100.100.200/", "https://0.0.0.0/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[ff02::1]/", "https://224.0.0.1/", "https://[fe80::1]/",
])  # fmt: skip
def test_what_hands_out_keys_is_refused_even_if_every_network_is_listed(url):
    with pytest.raises(BadTarget):
        target.read(url, listed=[ip_network("0.0.0.0/0"), ip_network("::/0")])


@pytest.mark.parametrize(("url", "authority", "resource"), [
    ("https://hooks.example.com", "hooks.example.com", "/"),
    ("https://HOOKS.Example.com/services/T0/B0/x?wait=1#top", "hooks.example.com", "/services/T0/B0/x?wait=1"),
    ("https://hooks.example.com.:8443/x", "hooks.example.com:8443", "/x"),
    ("https://8.8.8.8/x", "8.8.8.8", "/x"),
    ("https://[2606:4700:4700::1111]:1025/x", "[2606:4700:4700::1111]:1025", "/x"),
    ("https://xn--bcher-kva.example.com/x", "xn--bcher-kva.example.com", "/x"),
])  # fmt: skip
def test_an_address_on_the_internet_is_taken_and_only_its_host_is_shown(url, authority, resource):
    read = target.read(url)
    assert (read.authority, read.resource) == (authority, resource)
    assert repr(read) == f"Target({authority})"


def test_a_network_that_the_operator_lists_is_allowed_and_its_neighbour_is_not():
    assert target.read("https://10.1.2.3/x", listed=OWN).address == ip_address("10.1.2.3")
    with pytest.raises(BadTarget, match="PORTER_NOTIFY_NETWORKS"):
        target.read("https://10.2.2.3/x", listed=OWN)


def test_http_is_taken_only_for_a_listed_loopback_where_that_is_allowed():
    assert not target.read("http://127.0.0.1:5000/x", listed=OWN, plain=True).is_tls
    for url, listed, plain in (
        ("http://127.0.0.1:5000/x", OWN, False),
        ("http://127.0.0.1:5000/x", (), True),
        ("http://10.1.2.3:5000/x", OWN, True),
        ("http://localhost:5000/x", OWN, True),
    ):
        with pytest.raises(BadTarget):
            target.read(url, listed=listed, plain=plain)


@pytest.mark.parametrize("addresses", [
    ["10.0.0.7"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["2606:4700::1111", "fe80::1%3"], ["64:ff9b::a00:1"],
], ids=["private", "one-of-two", "loopback", "link-local-with-a-zone", "private-through-nat64"])  # fmt: skip
def test_a_name_that_leads_inside_is_refused(addresses, monkeypatch):
    leads_to(monkeypatch, *addresses)
    with pytest.raises(BadTarget, match=r"hooks.example.com leads to"):
        wire.resolve(target.read("https://hooks.example.com/x"))


def test_a_name_behind_nat64_is_judged_by_the_address_it_carries(monkeypatch):
    leads_to(monkeypatch, "64:ff9b::808:808")
    assert wire.resolve(target.read("https://hooks.example.com/x")) == [ip_address("64:ff9b::808:808")]


def test_a_name_that_leads_nowhere_may_lead_somewhere_later(monkeypatch):
    def nowhere(*_args, **_more):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(Unreachable, match="leads nowhere: Name or service not known"):
        wire.resolve(Target("hooks.example.com", 443, "/x"))
    assert issubclass(Unreachable, NotifyError)
