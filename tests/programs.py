"""Outside programs that some tests need: found, or the test says aloud that it did not run."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require(name: str) -> str:
    """The path of the program `name`; without it the test is skipped, and in CI it fails."""
    path = shutil.which(name)
    if path is None:
        missing(f"the program {name} is not on PATH")
    return path


def missing(what: str) -> NoReturn:
    """Skip the test and say why. In CI a test that cannot run is a failure: there, nobody reads what was skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must be able to run this test: {what}")
    pytest.skip(what)
