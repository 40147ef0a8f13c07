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


WRITTEN = {
    "plain": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64-inside": base64.b64encode(f"x-access-token:{SECRET}\n".encode()).decode()[20:],
    "url": quote(SECRET, safe=""),
    "json": json.dumps(SECRET)[1:-1],
}


def in_a_row(secret: str, shown: str, count: int) -> list[str]:
    pieces = [secret[at : at + count] for at in range(len(secret) - count + 1)]
    return [piece for piece in pieces if piece in shown]


@pytest.mark.parametrize("written", [pytest.param(text, id=name) for name, text in WRITTEN.items()])
def test_of_a_secret_broken_over_two_lines_little_is_seen(written: str) -> None:
    for at in range(1, len(written)):
        shown = Mask([SECRET]).text(f"say {written[:at]}\n{written[at:]} said")
        assert in_a_row(written, shown, 13) == []
        assert shown.startswith("say ") and shown.endswith(" said")


def test_each_line_hides_its_part_alone_because_the_other_may_be_in_another_report() -> None:
    mask = Mask([SECRET])
    assert (mask.text(f"say {SECRET[:12]}"), mask.text(f"{SECRET[12:]} said")) == (f"say {STARS}", f"{STARS} said")


def test_a_secret_wrapped_into_short_lines_is_hidden_line_by_line() -> None:
    secret = "ghs_" + "".join(chr(ord("A") + n) for n in range(26)) * 3
    encoded = base64.b64encode(secret.encode()).decode()
    wrapped = "\n".join(encoded[at : at + 16] for at in range(0, len(encoded), 16))
    assert in_a_row(encoded, Mask([secret]).text(wrapped), 12) == []


def test_ordinary_lines_are_left_alone() -> None:
    text = "x-access-token\nghs_\n  return 'abc/DEF'\n" + "a" * 100
    assert Mask([SECRET]).text(text) == text
