"""What can go wrong with the truth."""

from __future__ import annotations

from store.lifecycle import Status


class StoreError(Exception):
    """The store could not do what was asked."""


class NotFound(StoreError):
    """There is no such row."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"there is no {kind} {key}")
        self.kind, self.key = kind, key


class IllegalMove(StoreError):
    """The task cannot go from its present status to the one asked for."""

    def __init__(self, task_id: str, was: Status, wanted: Status) -> None:
        super().__init__(f"task {task_id} is {was}: it cannot become {wanted}")
        self.task_id, self.was, self.wanted = task_id, was, wanted


class Fenced(StoreError):
    """Another worker has claimed the run since; this one must stop writing."""

    def __init__(self, run_id: str, fence: int) -> None:
        super().__init__(f"run {run_id} was claimed by another worker after fence {fence}")
        self.run_id, self.fence = run_id, fence


class KeyTaken(StoreError):
    """Under this key something else was asked for before."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"that key belongs to another request, which made task {task_id}")
        self.task_id = task_id


class AskedBefore(StoreError):
    """Under this key a task was made a moment ago."""


class WrongToken(StoreError):
    """The token does not belong to this run, or the run is over."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"that token does not open run {run_id}")
        self.run_id = run_id


class VaultError(StoreError):
    """A sealed value cannot be opened, or there is no key to seal with."""


class NotHeld(StoreError):
    """Nothing of the task waits for a decision."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"no change of task {task_id} is waiting for approval")
        self.task_id = task_id


class AlreadyDecided(StoreError):
    """Somebody was faster."""

    def __init__(self, task_id: str, decision: str, by: str) -> None:
        super().__init__(f"{by} has {decision} the change already")
        self.task_id, self.decision, self.by = task_id, decision, by
