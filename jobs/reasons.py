"""Why a task did not succeed, where Porter itself says so. Pure.

The runner's reasons are its endings (worker/contract.py: Ending).
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Short, stable words, kept with the task."""

    NOT_PERMITTED = "not_permitted"
    BAD_CONFIG = "bad_config"
    LAUNCH_FAILED = "launch_failed"
    NO_CONTACT = "no_contact"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    STALLED = "stalled"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    PUSH_FAILED = "push_failed"
    PULL_REQUEST_REFUSED = "pull_request_refused"
    BASE_DELETED = "base_deleted"
    BRANCH_DELETED = "branch_deleted"
    ARCHIVED = "archived"
    REJECTED = "rejected"
