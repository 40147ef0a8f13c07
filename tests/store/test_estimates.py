"""What work like this took before."""

from __future__ import annotations

from store import estimates
from store.estimates import Took
from store.lifecycle import Status
from tests.builders import make_task


def test_only_succeeded_work_of_this_agent_here_counts(db):
    alike = {"status": Status.SUCCEEDED, "agent": "codex", "repository": "acme/api"}
    make_task(db, machine_seconds=61.0, cost_usd=0.2, **alike)
    make_task(db, machine_seconds=90.0, cost_usd=None, **alike)
    make_task(db, machine_seconds=0.0, **alike)
    for other in ({"agent": "amp"}, {"repository": "acme/other"}, {"status": Status.FAILED}):
        make_task(db, machine_seconds=999.0, **(alike | other))
    found = estimates.past(db, "acme/api", "codex")
    assert sorted(found, key=lambda took: took.seconds) == [Took(61.0, 0.2), Took(90.0, None)]
