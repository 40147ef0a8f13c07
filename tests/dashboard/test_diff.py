"""A whole diff is taken apart into its files, whatever they are called and whatever is in them."""

from __future__ import annotations

import subprocess

import pytest

from dashboard import change, diff
from store.records import HeldChange
from tests.builders import NOW

HOSTILE = "diff --git a/x b/x\n@@ -1 +1 @@\n--- a/y\n+++ b/y\n"


@pytest.fixture
def git(tmp_path):
    def run(*arguments):
        done = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],
            cwd=tmp_path, capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.decode()

    run("init", "-q")
    run("commit", "-q", "--allow-empty", "-m", "begin")
    return run


def changed(git, tmp_path, before, after):
    """What `diff.files` finds in git's own diff between two states of the files; None: not there."""
    for files in (before, after):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", "next")
    return diff.files(git("diff", "--no-renames", "HEAD~1", "HEAD"))


@pytest.mark.parametrize(
    "name", ["a.py", "dir/with space/b b.txt", "a b/b/a b", "café/naïve.py", 'quo"te\\d.txt', "tab\there"],
    ids=["plain", "spaces", "looks-like-two", "letters", "quotes", "tab"],
)  # fmt: skip
def test_a_file_is_found_by_its_name(git, tmp_path, name):
    [one] = changed(git, tmp_path, {name: b"old\nsame\n"}, {name: b"new\nsame\n"})
    assert (one.path, one.status, one.additions, one.deletions) == (name, "modified", 1, 1)
    assert (one.patch or "").endswith("-old\n+new\n same")


def test_what_came_went_and_is_binary_is_told_apart(git, tmp_path):
    before = {"gone.py": b"a\nb\n", "image.png": b"\0\1"}
    after = {"gone.py": None, "image.png": b"\0\2", "new.py": b"c", "empty.py": b""}
    found = {one.path: one for one in changed(git, tmp_path, before, after)}
    assert {name: one.status for name, one in found.items()} == {
        "empty.py": "added", "gone.py": "removed", "image.png": "modified", "new.py": "added",
    }  # fmt: skip
    assert (found["gone.py"].deletions, found["new.py"].additions) == (2, 1)
    assert (found["image.png"].is_binary, found["image.png"].patch) == (True, None)
    assert (found["empty.py"].is_binary, found["empty.py"].patch) == (False, None)


def test_a_file_that_holds_a_diff_is_one_file(git, tmp_path):
    found = changed(git, tmp_path, {"a.txt": b"x\n"}, {"a.txt": HOSTILE.encode()})
    assert [(one.path, one.additions, one.deletions) for one in found] == [("a.txt", 4, 1)]


@pytest.mark.parametrize("text", ["", "no diff at all\n", "+<b>new</b>"], ids=["nothing", "words", "a-line"])
def test_what_is_no_diff_has_no_files(text):
    assert diff.files(text) == []


def test_a_held_change_is_drawn_without_a_way_to_github():
    text = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    held = HeldChange("t-1", "t", NOW, [], "b" * 40, "a" * 40, b"", text, None, None, None, None)
    [one] = change.held(held)["files"]
    assert (one["path"], one["plus"], one["minus"], one["url"]) == ("a.py", "+1", "−1", "")
    assert [line[0] for line in one["hunks"][0]["lines"]] == ["-", "+"]
