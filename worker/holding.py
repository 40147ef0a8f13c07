"""Work that must not be pushed before a person has looked: why, and the commits as a bundle."""

from __future__ import annotations

from worker.contract import MAX_BUNDLE, Held, JobDocument
from worker.errors import TooLarge
from worker.git import Git
from worker.harvest import Harvest
from worker.inspection import inspect
from worker.workspace import Workspace

WORK = "refs/heads/work"  # what a bundle calls its commits


def held_back(space: Workspace, job: JobDocument, found: Harvest, git: Git) -> Held | None:
    """What Porter is handed instead of a push; None when the work may be pushed as it is.

    Every process of the agent must be dead. Raises GitFailed; TooLarge when it must wait and is too large to be kept.
    """
    findings = inspect(found.clean, space.start, found.head, job.policy, git)
    if not findings:
        return None
    bundle = found.clean / "held.bundle"
    arguments = ("bundle", "create", "--quiet", str(bundle), WORK, f"^{space.start}")
    git("pack the work", *arguments, at=found.clean)
    size = bundle.stat().st_size
    if size > MAX_BUNDLE:
        raise TooLarge(size, MAX_BUNDLE, findings[0].words)
    return Held(findings, space.start, found.head, bundle.read_bytes())
