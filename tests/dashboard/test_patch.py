"""A patch becomes numbered, coloured lines, whatever is in it."""

from __future__ import annotations

import pytest

from dashboard import highlight, patch

PATCH = """@@ -1,3 +1,4 @@ def greet():
 import sys
-GREETING = "Helo"
+GREETING = "Hello"
+LATE = 22
 print(GREETING)
\\ No newline at end of file"""


def words(line):
    return "".join(text for _, text in line[3])


def test_each_line_knows_its_numbers_on_both_sides():
    [hunk] = patch.hunks("greeter.py", PATCH)
    assert hunk["head"].startswith("@@ -1,3 +1,4 @@")
    assert [(line[0], line[1], line[2]) for line in hunk["lines"]] == [
        (" ", 1, 1), ("-", 2, None), ("+", None, 2), ("+", None, 3), (" ", 3, 4), ("\\", None, None)
    ]  # fmt: skip
    assert words(hunk["lines"][2]) == 'GREETING = "Hello"'


def test_code_is_coloured_by_the_name_of_its_file():
    [hunk] = patch.hunks("greeter.py", PATCH)
    assert ["s", '"Hello"'] in hunk["lines"][2][3]
    assert ["n", "22"] in hunk["lines"][3][3]
    assert patch.hunks("greeter.unheard-of", PATCH)[0]["lines"][2][3] == [["", 'GREETING = "Hello"']]


def test_what_was_removed_does_not_colour_what_was_added():
    text = "@@ -1 +1 @@\n-'''never closed\n+x = 1"
    assert ["n", "1"] in patch.hunks("a.py", text)[0]["lines"][1][3]


@pytest.mark.parametrize(
    "text",
    ["", "no hunk at all", "@@ -0,0 +1 @@\n+\n+", "@@ -1 +1 @@\n-\r\n+x\r", "@@ -1,2 +1,2 @@\n a\n\n b", "@@ -1 +1 @@"],
    ids=["empty", "no-hunk", "empty-lines", "carriage-returns", "a-bare-line", "no-lines"],
)
@pytest.mark.parametrize("path", ["a.py", "a.json", "a.yaml", "Makefile", "a.md", "noname"])
def test_nothing_is_lost_and_nothing_breaks(path, text):
    said = [words(line) for hunk in patch.hunks(path, text) for line in hunk["lines"]]
    assert said == [line[1:].removesuffix("\r") for line in text.split("\n")[1:] if "@@" in text]


def test_a_very_long_text_is_one_colour():
    text = "x = 1\n" * (highlight.MOST // 6 + 1)
    assert all(piece[0] == "" for line in highlight.lines("a.py", text) for piece in line)
