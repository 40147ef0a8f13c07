"""What a follow-up is about: the review, its remarks, the branch as it stands; put together into the run's prompt."""

from __future__ import annotations

from dataclasses import dataclass

from jobs import deciding, follow_up_words, gate, prompt, roster
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.github.client import Repository
from jobs.github.feedback import Feedback, Remark
from jobs.prompt import FollowUpMaterial, InlineComment
from jobs.settings import Inputs
from store import follow_ups, runs, sessions, tasks
from store.records import FollowUp, Run, Task
from store.runs import Claim

MOST_DIFF = 200_000  # characters fetched; the prompt's budget cuts further


class NothingToGoOnWith(JobError):
    """The pull request or its branch is no longer there to be added to; the message is for whoever asked."""


@dataclass(frozen=True)
class Source:
    """Where a follow-up came from: `kind` is `comment`, `review` or `review_comment`, or `asked` by way of Porter's own
    pages and API."""

    kind: str
    id: int

    @classmethod
    def of(cls, one: FollowUp) -> Source:
        kind, number, *_ = one.source_key.split(":")
        return cls(kind, int(number))

    @property
    def way(self) -> str:
        """What `gate.may_ask` calls it: embedded, whoever uses Porter itself is the operator."""
        return "dashboard" if self.kind == follow_ups.ASKED else "comment"


def asker(services: Services, task: Task, run: Run) -> tuple[str, str]:
    """Who asked for this run, and the way they did, as `gate.may_ask` calls it."""
    if run.follow_up_id is None:
        return task.requested_by, task.source
    one = follow_ups.get(services.db, run.follow_up_id)
    return one.requested_by, Source.of(one).way


def require_open(services: Services, here: Repository, task: Task) -> None:
    """Raises NothingToGoOnWith when nothing can be added to the task's pull request; a GitHubError."""
    mention = services.config.mention
    if task.pr_number is None or task.branch is None:
        raise NothingToGoOnWith("this task has no pull request to go on with")
    pull = here.pull(task.pr_number)
    if not pull.is_open:
        raise NothingToGoOnWith(follow_up_words.closed(task.pr_number, mention, merged=pull.merged))
    if not here.has_branch(task.branch):
        raise NothingToGoOnWith(follow_up_words.no_branch(task.branch, mention))


def write_prompt(services: Services, claim: Claim, here: Repository, task: Task, inputs: Inputs) -> None:
    """Write the prompt of a follow-up's run. Raises NothingToGoOnWith, a GitHubError."""
    require_open(services, here, task)
    made = material(services, here, task, claim.run, inputs)
    tasks.change(services.db, task.id, now=services.clock(), base_branch=made.base_branch, issue_title=made.title)
    runs.write(services.db, claim, prompt=prompt.follow_up(made, budget=services.config.prompt_budget))


def material(services: Services, here: Repository, task: Task, run: Run, inputs: Inputs) -> FollowUpMaterial:
    """Everything the prompt says, fetched anew. Raises a GitHubError."""
    one = follow_ups.get(services.db, run.follow_up_id or "")
    feedback = Feedback(here, task.pr_number or 0)
    base = task.base_branch or here.default_branch()
    issue = here.issue(task.issue_number) if task.issue_number else None
    words, review, comments = _said(services, here, one, feedback)
    return FollowUpMaterial(
        repository=task.repository,
        base_branch=base,
        branch=task.branch or "",
        pr_number=task.pr_number or 0,
        requested_by=one.requested_by,
        instructions=words,
        review=review,
        comments=comments,
        diff=feedback.diff()[:MOST_DIFF],
        conflict=follow_up_words.conflict(base) if feedback.conflicts() else "",
        last_summary="" if resumes(services, task) else _last_summary(services, task),
        issue_number=task.issue_number,
        title=issue.title if issue else task.issue_title,
        body=issue.body if issue else "",
        labels=issue.labels if issue else [],
        agents_md=here.file("AGENTS.md", ref=base),
        advice=deciding.advice(services, task, inputs),
        run_tests=not inputs.no_tests.value,
        test_command=None if inputs.no_tests.value else inputs.test_command.value,
    )


def remarks(one: FollowUp, feedback: Feedback) -> list[Remark]:
    """The remarks on lines that the follow-up is about."""
    source = Source.of(one)
    match source.kind:
        case "review":
            return feedback.remarks_of(source.id)
        case "review_comment":
            return [feedback.remark(source.id)]
        case _:
            return []


def resumes(services: Services, task: Task) -> bool:
    """Whether the agent will go on with its own conversation."""
    agent = roster.load(services.config.default_agent, services.config.agents_file).find(task.agent)
    return agent is not None and agent.conversation is not None and sessions.exists(services.db, task.id, agent.name)


def _said(
    services: Services, here: Repository, one: FollowUp, feedback: Feedback
) -> tuple[str, str, list[InlineComment]]:
    """The command's words, the review's, and the remarks."""
    source = Source.of(one)
    inline = [
        InlineComment(it.path, _in_its_thread(services, here, feedback, it), it.line, it.hunk, it.author)
        for it in remarks(one, feedback)
    ]
    if source.kind == "review":
        return "", feedback.review(source.id).body, inline
    return ("" if inline else one.instructions), "", inline


def _in_its_thread(services: Services, here: Repository, feedback: Feedback, it: Remark) -> str:
    """The remark's words, behind those it answers; what people below the gate have said stays out."""
    if it.answers is None:
        return it.body
    first = feedback.remark(it.answers)
    return f"{first.body}\n\n{it.body}" if gate.may_ask(services, here, first.author, source="comment") else it.body


def _last_summary(services: Services, task: Task) -> str:
    """The last words of the newest run that had some."""
    results = [run.result or {} for run in runs.of_task(services.db, task.id)]
    return next((str(result["summary"]) for result in reversed(results) if result.get("summary")), "")
