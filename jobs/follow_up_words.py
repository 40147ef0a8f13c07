"""What Porter answers to feedback on its pull requests: in the thread, and below the review or comment. Pure.

Each reply ends in a marker of its own, by which a repeated job finds that it was given.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.cleaning import code, cut, inert, one_line, quoted
from store.records import FollowUp

_SUMMARY = 1_500  # characters


@dataclass(frozen=True)
class Deed:
    """What came of a follow-up's run: `commit` and its page when something was changed, `failed` when not."""

    task_url: str
    mention: str
    commit: str | None = None
    commit_url: str = ""
    failed: str | None = None
    summary: str = ""


def marker(one: FollowUp, what: str) -> str:
    """`what`: the run that is answered for, or `queued`, or `refused`."""
    return f"<!-- porter:follow-up={one.id}:{what} -->"


def queued(one: FollowUp, agent: str, *, before: int) -> str:
    """`before`: how many other follow-ups wait as well."""
    others = "" if not before else f" and {before} other request{'' if before == 1 else 's'} before it"
    return (
        f"Noted. {code(agent)} is still at work on this pull request: your request waits for the run at work{others}, "
        f"and starts by itself on the same branch.\n\n{marker(one, 'queued')}"
    )


def refused(one: FollowUp) -> str:
    return f"{one.refused}\n\n{marker(one, 'refused')}"


def in_thread(one: FollowUp, deed: Deed) -> str:
    """The answer to a remark on a line."""
    if deed.failed is not None:
        words = f"This is still open: the run failed. {inert(one_line(deed.failed, 300))}"
    elif deed.commit is not None:
        words = f"Worked in: {_commit(deed)}."
    else:
        words = "The agent looked at this and changed nothing."
    return f"{words}\n\n{marker(one, one.run_id or '')}"


def below(one: FollowUp, deed: Deed) -> str:
    """The answer to a review or a comment as a whole."""
    if deed.failed is not None:
        head = f"❌ **That did not work.** {inert(one_line(deed.failed, 600))}"
        kept = f"What it had done is kept: {_commit(deed)}. " if deed.commit else ""
        then = f"{kept}To try it again: `@{deed.mention} retry`"
    elif deed.commit is not None:
        head, then = f"✅ {code(one.requested_by, 60)}, your request is worked in: {_commit(deed)}.", ""
    else:
        head, then = (
            f"✅ {code(one.requested_by, 60)}, no change was needed, says the agent; the branch is as it was.",
            "",
        )
    # What was said to Porter itself nobody can read here.
    unseen = one.instructions.strip() if one.source_key.startswith("asked:") else ""
    asked = f"Asked for in Porter:\n\n{quoted(cut(unseen, _SUMMARY))}" if unseen else ""
    summary = quoted(cut(deed.summary.strip(), _SUMMARY)) if deed.summary.strip() else ""
    link = f"<sub>[Log and details]({deed.task_url})</sub>"
    parts = [head, asked, summary, settled(one), then, link, marker(one, one.run_id or "")]
    return "\n\n".join(filter(None, parts))


def settled(one: FollowUp) -> str:
    """What counted where a review and its remarks ask for different things; empty where they do not."""
    said = [(name, value) for flags in one.said.values() for name, value in flags.items()]
    apart = sorted({name for name, value in said if one.flags.get(name) != value})
    if not apart:
        return ""
    counted = ", ".join(_counted(name, one.flags.get(name)) for name in apart)
    return (
        f"What this review and its remarks ask for does not go together. What counted: {counted}. A review's own words "
        "come before its remarks, an earlier remark before a later one; what is heard after the start comes too late."
    )


def _counted(name: str, value: object) -> str:
    """A stored flag as it would be written."""
    if name == "agent":
        return f"the agent {code(str(value))}" if value else "the agent it had"
    flag = "--timeout" if name == "timeout_seconds" else f"--{name.replace('_', '-')}"
    if value is None or value is False:
        return f"no {code(flag)}"
    return code(flag if value is True else f"{flag}={value}{'s' if name == 'timeout_seconds' else ''}")


def closed(pr_number: int, mention: str, *, merged: bool) -> str:
    how = "was merged" if merged else "is closed"
    return f"Pull request #{pr_number} {how}, so nothing can be added to it. `@{mention}` on the issue begins anew."


def no_branch(branch: str, mention: str) -> str:
    return (
        f"The branch {code(branch, 250)} was deleted, so there is nothing to go on with. Restore it and ask again, or "
        f"begin anew with `@{mention}` on the issue."
    )


def conflict(base: str) -> str:
    """For the agent's prompt."""
    return (
        f"The branch conflicts with its base, {base}, which has moved on (origin/{base} is fetched): merge it into "
        "this branch and resolve the conflicts as part of this work, without rewriting history."
    )


def _commit(deed: Deed) -> str:
    short = code((deed.commit or "")[:7])
    return f"[{short}]({deed.commit_url})" if deed.commit_url else short
