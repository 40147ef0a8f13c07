"""Secrets are hidden in every form, and where a read splits them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from worker.masking import STARS, Mask

SECRET = 'ghs_abc/DEF+ghi"123~xyz'


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(SECRET, id="plain"),
        pytest.param(base64.b64encode(SECRET.encode()).decode(), id="base64"),
        pytest.param(base64.urlsafe_b64encode(SECRET.encode()).decode(), id="base64-for-urls"),
        pytest.param(quote(SECRET, safe=""), id="url"),
        pytest.param(SECRET.encode().hex(), id="hex"),
        pytest.param(json.dumps(SECRET)[1:-1], id="json"),
    ],
)
def test_every_way_to_write_a_secret_is_hidden(written: str) -> None:
    shown = Mask([SECRET]).text(f"before {written} after")
    assert shown.startswith(f"before {STARS}")
    assert shown.endswith(" after")
    assert written[:12] not in shown


@pytest.mark.parametrize("before", ["", "a", "ab", "x-access-token:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
def test_a_secret_inside_something_encoded_is_hidden(before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{SECRET}{after}".encode()).decode()
    shown = Mask([SECRET]).text(encoded)
    assert STARS in shown
    # The characters shared with the neighbours may stay: they tell two characters of the secret at most.
    assert len(shown.replace(STARS, "")) <= len(base64.b64encode(f"{before}{after}".encode())) + 8


def test_a_split_secret_is_hidden_wherever_it_is_split() -> None:
    data = f"one {SECRET} two {SECRET}{SECRET[:7]} three".encode()
    for at in range(len(data) + 1):
        stream = Mask([SECRET]).stream()
        shown = stream.feed(data[:at]) + stream.feed(data[at:]) + stream.close()
        assert shown.decode() == f"one {STARS} two {STARS}{SECRET[:7]} three"


def test_a_secret_byte_by_byte_is_hidden() -> None:
    stream = Mask([SECRET]).stream()
    shown = b"".join(stream.feed(bytes([byte])) for byte in f"<{SECRET}>".encode()) + stream.close()
    assert shown == b"<***>"


def test_what_cannot_become_a_secret_is_not_held_back() -> None:
    assert Mask([SECRET]).stream().feed(b"a line\n") == b"a line\n"


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    assert Mask(["abcdefgh", "abcdefgh-and-more"]).text("abcdefgh-and-more") == STARS


def test_a_secret_learned_late_is_hidden_from_then_on() -> None:
    mask = Mask()
    assert mask.text("late-secret") == "late-secret"
    mask.add("late-secret")
    assert mask.text("late-secret") == STARS


def test_very_short_values_are_left_alone() -> None:
    assert Mask(["", "abc"]).text("abc") == "abc"
