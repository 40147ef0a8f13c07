"""What prompts are made of: a task's sources (jobs/sources.py fetches them), a follow-up's feedback. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Said:
    """A comment of the thread. `permitted`: GitHub lets its author write to the repository."""

    author: str
    text: str
    permitted: bool = True


@dataclass(frozen=True)
class Linked:
    """An issue or pull request that the task's issue refers to, or that refers to it."""

    number: int
    title: str
    state: str
    is_pull: bool = False
    text: str = ""


@dataclass(frozen=True)
class Material:
    """What a first prompt is made of.

    `agents_md`: the repository's own advice to agents, from its base branch. `advice`: what the operator
    (`custom_prompt`) and the repository's configuration (`instructions`) say to every run, trusted alike.
    `tree`: paths two levels deep. Comments of people below the gate are there only when the command asked for them.
    """

    repository: str
    base_branch: str
    issue_number: int | None = None
    title: str = ""
    body: str = ""
    labels: list[str] = field(default_factory=list)
    instructions: str = ""
    agents_md: str | None = None
    run_tests: bool = True
    assignees: list[str] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    linked: list[Linked] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    readme: str = ""
    tree: list[str] = field(default_factory=list)
    description: str = ""
    languages: list[str] = field(default_factory=list)
    test_command: str | None = None


@dataclass(frozen=True)
class InlineComment:
    """A comment on a line of the diff. `hunk`: the piece of diff GitHub shows above it."""

    path: str
    text: str
    line: int | None = None
    hunk: str = ""
    author: str = ""


@dataclass(frozen=True)
class FollowUpMaterial:
    """What a follow-up's prompt is made of; whoever gave the feedback has passed the gate.

    `instructions`: the words of an `@porter …` command; `review`: the review's own text; `comments`: its inline
    comments. `diff`: what the branch changes so far. `conflict`: a sentence when the branch conflicts with its base.
    `last_summary`: the agent's last words, when its session cannot be resumed. The other fields are as in Material.
    """

    repository: str
    base_branch: str
    branch: str
    pr_number: int
    requested_by: str = ""
    instructions: str = ""
    review: str = ""
    comments: list[InlineComment] = field(default_factory=list)
    diff: str = ""
    conflict: str = ""
    last_summary: str = ""
    issue_number: int | None = None
    title: str = ""
    body: str = ""
    labels: list[str] = field(default_factory=list)
    agents_md: str | None = None
    advice: list[str] = field(default_factory=list)
    run_tests: bool = True
    test_command: str | None = None
