"""GitHub's own REST description, cut down to what Porter and the emulator speak."""

from __future__ import annotations

from tests.contracts.openapi import Description

GITHUB = Description(
    "github-rest.json",
    words="message",
    prefix="/api(/v3)?",
    spanning=("path", "ref", "branch", "name", "basehead", "tree_sha"),
)
check_request, check_response, find = GITHUB.check_request, GITHUB.check_response, GITHUB.find
