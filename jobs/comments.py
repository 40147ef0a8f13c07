"""Every sentence Porter writes about a task in its status comment (the pull request: jobs/pull_words.py). Pure.

One function for each state. Text of the agent's making is masked, made inert, and kept where it cannot leave its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.cleaning import code, cut, fenced, inert, masked, one_line, quoted, visible
from store.lifecycle import Outcome, Status
from store.records import Task

BAR = 10  # pieces
TAIL_LINES = 15
SUMMARY = 1_500  # characters in the comment; the pull request has room for more
DRAFT = "as a draft"  # how the message of such a task ends
HELD_SHOWN = 10  # reasons in the comment; the page has all

HINTS = {
    "auth": "Its key is missing or no longer good: an operator sets it with `porter secret set`.",
    "rate_limited": "The model's provider asked to slow down: wait a while before you retry.",
    "overloaded": "The model's provider was overloaded: wait a while before you retry.",
    "too_long": "The task did not fit into the model's context: a smaller issue or a larger model helps.",
    "budget": "It reached the spending limit that was set for it.",
    "turns": "It reached the number of turns that was set for it: a smaller step helps.",
    "stalled": "It had gone quiet for too long.",
    "setup_failed": "The repository's setup commands failed before the agent began; nothing was spent on the model.",
    "clone_failed": "The repository could not be cloned.",
    "push_failed": "The work was done and could not be pushed.",
    "base_deleted": "The branch it should go to is gone.",
    "branch_deleted": "Somebody deleted its branch.",
    "archived": "An archived repository takes no changes.",
    "rejected": "A person looked at its change and decided against it.",
    "too_large": "A smaller change would have been kept until somebody decides.",
    "denied": "The agent was not allowed to use a tool it needed.",
}


@dataclass(frozen=True)
class Context:
    """What a comment shows besides its task. `position`: tasks waiting before it. `log_tail`: the last lines.
    `held`: why the change waits for a person (worker/contract.py: Finding)."""

    task_url: str
    branch_url: str | None = None
    mention: str = "porter"
    position: int | None = None
    log_tail: list[str] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


def marker(task_id: str) -> str:
    """By this a later run finds the comment again."""
    return f"<!-- porter:task={task_id} -->"


def status(task: Task, context: Context, *, now: datetime) -> str:
    """The status comment of a task, as it should read now."""
    return f"{words(task, context, now=now)}\n\n{marker(task.id)}"


def words(task: Task, context: Context, *, now: datetime) -> str:
    """How a task stands; also the answer to `status`."""
    match task.status:
        case Status.QUEUED:
            return queued(task, context)
        case Status.LAUNCHING:
            return launching(task, context)
        case Status.RUNNING:
            return running(task, context, now=now)
        case Status.FINISHING if context.held:
            return held(task, context)
        case Status.FINISHING:
            return finishing(task, context, now=now)
        case Status.SUCCEEDED if task.outcome is Outcome.PULL_REQUEST:
            return done(task, context)
        case Status.SUCCEEDED:
            return done_without_changes(task, context)
        case Status.CANCELLED:
            return cancelled(task, context)
        case Status.TIMED_OUT:
            return timed_out(task, context)
        case Status.FAILED:
            return failed(task, context)


def queued(task: Task, context: Context) -> str:
    if task.message:  # a launch that was put off says why
        why = inert(one_line(task.message, 600))
        why += f". {_count(context.position, 'task')} before it." if context.position else ""
        return f"⏳ **Waiting** to start {agent_name(task)}. {why}\n\n{_link(context)}"
    where = {None: "It waits for a free worker.", 0: "It is next."}.get(
        context.position, f"{_count(context.position or 0, 'task')} before it."
    )
    return f"⏳ **Queued** for {agent_name(task)}. {where}\n\n{_link(context)}"


def launching(task: Task, context: Context) -> str:
    branch = code(task.branch or "?", 250)
    return f"🚀 **Starting a machine** for {agent_name(task)}, on branch {branch}.\n\n{_link(context)}"


def running(task: Task, context: Context, *, now: datetime) -> str:
    return _at_work(f"⚙️ **{agent_name(task, code_style=False)} is at work**", task, context, now)


def finishing(task: Task, context: Context, *, now: datetime) -> str:
    return _at_work(f"📦 **{agent_name(task, code_style=False)} is done; its work is being saved**", task, context, now)


def held(task: Task, context: Context) -> str:
    """What waits, why, and how it is decided."""
    size = f"{_count(task.files_changed, 'file')} changed, +{task.additions} −{task.deletions}"
    more = len(context.held) - HELD_SHOWN
    shown = [finding_line(one) for one in context.held[:HELD_SHOWN]]
    lines = [
        f"✋ **Waiting for approval.** {agent_name(task)} is done ({size}). Its change is kept, not pushed, because:",
        "\n".join([*shown, *([f"- {_count(more, 'more reason')}"] if more > 0 else [])]),
        f"[Look at the change]({context.task_url}). Somebody who may write here decides:\n\n"
        f"- `@{context.mention} approve` pushes exactly this change and opens the pull request\n"
        f"- `@{context.mention} reject` ends the task without it",
        facts(task, context),
    ]
    return "\n\n".join(lines)


def finding_line(finding: Mapping[str, Any]) -> str:
    """One reason, as an item of a list."""
    place = f"{finding['path']}:{finding['line']}" if finding.get("line") else finding.get("path") or ""
    words = inert(one_line(str(finding["words"]), 300))
    return f"- {code(place, 200)}: {words}" if place else f"- {words}"


def done(task: Task, context: Context) -> str:
    size = f"{_count(task.files_changed, 'file')} changed, +{task.additions} −{task.deletions}"
    lines = [
        f"✅ **Pull request #{task.pr_number}** {_pull_state(task)}: {size}.",
        _summary(task),
        facts(task, context),
    ]
    return "\n\n".join(filter(None, lines))


def _pull_state(task: Task) -> str:
    match task.pr_state:
        case "merged":
            return "was merged"
        case "closed":
            return "was closed without being merged; reopening it brings the work back"
        case _:
            return "is there as a draft" if task.message.endswith(DRAFT) else "is ready for review"


def done_without_changes(task: Task, context: Context) -> str:
    lines = [
        f"✅ **No changes were needed**, says {agent_name(task)}; so there is no pull request.",
        _summary(task),
        f"If that is wrong, say more: `@{context.mention} {task.agent} …`",
        facts(task, context),
    ]
    return "\n\n".join(filter(None, lines))


def failed(task: Task, context: Context) -> str:
    why = _why(task, context) or "It gave no reason."
    hint = HINTS.get(task.reason or "", "")
    lines = [
        f"❌ **Failed** ({code(task.reason or 'unknown', 40)}). {why}",
        hint,
        _kept_branch(task, context),
        _summary(task),
        _tail(context),
        f"To try again with the same inputs: `@{context.mention} retry`",
        facts(task, context),
    ]
    return "\n\n".join(filter(None, lines))


def cancelled(task: Task, context: Context) -> str:
    why = _why(task, context)
    lines = [
        f"🛑 **Stopped.** {why}".rstrip(),
        _kept_branch(task, context),
        f"To start it again: `@{context.mention} retry`",
        facts(task, context),
    ]
    return "\n\n".join(filter(None, lines))


def timed_out(task: Task, context: Context) -> str:
    why = _why(task, context) or "It took longer than it was given."
    lines = [
        f"⌛ **Timed out.** {why}",
        _kept_branch(task, context),
        _tail(context),
        f"To try again with more time: `@{context.mention} retry --timeout=60`",
        facts(task, context),
    ]
    return "\n\n".join(filter(None, lines))


def _at_work(headline: str, task: Task, context: Context, now: datetime) -> str:
    step = f"{inert(one_line(task.step, 200))}" if task.step else "Getting ready."
    shown = [bar(task.percent), f"{elapsed(task, now)} so far", _tokens(task), _money(task)]
    shown += [f"branch {code(task.branch, 250)}" if task.branch else ""]
    return f"{headline}\n\n{step}\n\n{' · '.join(filter(None, shown))}\n\n{_link(context)}"


def bar(percent: int) -> str:
    full = round(percent / 100 * BAR)
    return f"{'▰' * full}{'▱' * (BAR - full)} {percent} %"


def elapsed(task: Task, now: datetime) -> str:
    """How long the task has run, or ran, in words."""
    begun = task.started_at or task.created_at
    return duration(((task.finished_at or now) - begun).total_seconds())


def duration(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def agent_name(task: Task, *, code_style: bool = True) -> str:
    """The agent and, if one was asked for, its model."""
    name = f"`{task.agent}`" if code_style else task.agent
    return f"{name} ({code(task.model, 80)})" if task.model else name


def _tokens(task: Task) -> str:
    tokens = task.input_tokens + task.output_tokens + task.cache_read_tokens + task.cache_write_tokens
    return f"{tokens:,} tokens" if tokens else ""


def _money(task: Task) -> str:
    return f"${task.cost_usd:.2f}" if task.cost_usd is not None else ""


def facts(task: Task, context: Context) -> str:
    """The small print: agent, time, tokens, cost, the page."""
    spent = duration(task.machine_seconds) + " on the machine" if task.machine_seconds else ""
    shown = [agent_name(task), spent, _tokens(task), _money(task), _link(context)]
    return f"<sub>{' · '.join(filter(None, shown))}</sub>"


def _summary(task: Task) -> str:
    return quoted(cut(task.summary.strip(), SUMMARY)) if task.summary.strip() else ""


def _why(task: Task, context: Context) -> str:
    """What became of the task, in one sentence; a branch that it names can be followed."""
    words = inert(one_line(task.message, 600))
    return words.replace(task.branch, _branch(task.branch, context)) if task.branch else words


def _branch(name: str, context: Context) -> str:
    shown = code(name, 250)
    return f"[{shown}]({context.branch_url})" if context.branch_url else shown


def _kept_branch(task: Task, context: Context) -> str:
    if not task.head_sha or not task.branch or task.branch in task.message:  # the message has said so already
        return ""
    return f"What it had done is kept on branch {_branch(task.branch, context)}."


def _tail(context: Context) -> str:
    if not context.log_tail:
        return ""
    lines = [one_line(masked(visible(line)), 300) for line in context.log_tail[-TAIL_LINES:]]
    text = fenced("\n".join(lines), "text")
    return f"<details><summary>The last lines of the log</summary>\n\n{text}\n\n</details>"


def _link(context: Context) -> str:
    return f"[Log and details]({context.task_url})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
