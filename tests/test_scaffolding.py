"""The tests' own tools: what is missing is said aloud, and in CI it is a failure."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.programs import require
from tests.racing import failures, race


def test_a_program_that_is_there_is_found(monkeypatch):
    python = Path(sys.executable)
    monkeypatch.setenv("PATH", str(python.parent))
    assert require(python.name) == str(python)


def test_without_a_program_the_test_is_skipped_and_says_why(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not on PATH"):
        require("no-such-program")


def test_in_ci_a_missing_program_is_a_failure(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must be able to run this test"):
        require("no-such-program")


def test_a_race_tells_what_each_answered_or_raised():
    def stumble() -> int:
        raise ValueError("fell")

    results = race(lambda: 1, stumble)
    assert results[0] == 1
    assert [str(error) for error in failures(results)] == ["fell"]
