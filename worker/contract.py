"""The words Porter and a machine exchange: the job that goes down, the reports that come up. Pure.

Standard library only, because the runner on the machine is; the intake validates the same shapes with pydantic.
docs/architecture.md draws the conversation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, cast

JOB_PATH = "/api/runs/{run_id}/job"
UPDATE_PATH = "/api/callbacks/task-update"
PUSH_TOKEN_PATH = "/api/callbacks/push-token"  # noqa: S105  a path, not a secret
COMPLETE_PATH = "/api/callbacks/task-complete"
SESSION_PATH = "/api/runs/{run_id}/session"
HELD_PATH = "/api/callbacks/held"

MAX_LOG_LINES = 500
MAX_LOG_TEXT = 4_000  # characters; a longer line is cut and says so
MAX_SUMMARY = 20_000  # characters
MAX_SESSION = 2 * 1024 * 1024  # characters of a packed conversation; a longer one is not kept
SESSION_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}"  # a CLI's name for a conversation: it becomes part of a path

MAX_BUNDLE = 21 * 1024 * 1024  # bytes of work that can wait for a person; base64 makes 28 MB of it
MAX_FINDINGS = 50


class Ending(StrEnum):
    """How a run ended, as the runner saw it. `CHANGES` is the only one that leads to a pull request."""

    CHANGES = "changes"
    NO_CHANGES = "no_changes"
    DENIED = "denied"
    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TOO_LONG = "too_long"
    BUDGET = "budget"
    TURNS = "turns"
    STALLED = "stalled"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    SETUP_FAILED = "setup_failed"
    CLONE_FAILED = "clone_failed"
    PUSH_FAILED = "push_failed"
    TOO_LARGE = "too_large"


class Level(StrEnum):
    """How loud a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Kind(StrEnum):
    """What a log line is: a step of the runner, words of the agent, a tool it used, or raw output."""

    STEP = "step"
    TEXT = "text"
    TOOL = "tool"
    OUTPUT = "output"


@dataclass(frozen=True)
class LogLine:
    """One line of a run's log. `n` counts from 1 within the run; `at` is Unix time in seconds."""

    n: int
    at: float
    level: Level
    kind: Kind
    text: str


@dataclass(frozen=True)
class Usage:
    """What the agent used so far in this run. Tokens are counts, those of the cache beside the input; `cost_usd` is the
    agent's own figure, else the catalogue's price."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True)
class Price:
    """What a model costs, in US dollars for a million tokens; a cache price of None is the price of input."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    def of(self, usage: Usage) -> float:
        """What that much costs, in US dollars. Input tokens do not count those of the cache."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        cost = usage.input_tokens * self.input + usage.output_tokens * self.output
        cost += usage.cache_read_tokens * read + usage.cache_write_tokens * write
        return round(cost / 1e6, 6)


@dataclass(frozen=True)
class Resume:
    """How an agent goes on with a conversation of an earlier run, which it finds in a file.

    `argv` is the whole command that does it, `path` is where the file lies below the agent's HOME. In both `{session}`
    stands for the CLI's own name of the conversation, `{directory}` for the working directory with every other
    character as a dash; in `path`, `*` for anything within one name; in `argv`, `{file}` for the file's full path.
    A CLI that keeps its conversations together has two commands more: what `save` prints is the file, `load` takes it
    in again. Lines that begin like `drops`, a regular expression, are not kept. `counts_all`: the figures of Usage that
    it tells of the whole conversation, not of this run.
    """

    argv: list[str]
    path: str
    save: list[str] = field(default_factory=list)
    load: list[str] = field(default_factory=list)
    drops: str = ""
    counts_all: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Session:
    """A conversation to go on with: `data` is its file (zlib, base64), `path` where that lay below HOME, `usage` what
    the agent said it used in all."""

    id: str
    data: str
    path: str = ""
    usage: Usage = field(default_factory=Usage)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(data["id"], data["data"], data.get("path", ""), _pick(Usage, data.get("usage") or {}))


@dataclass(frozen=True)
class AgentRecipe:
    """How to start one agent: everything the runner needs, so that a new agent needs no new runner.

    `argv` is run with the prompt on stdin; `env` is added to a clean environment; `stream` names the parser in
    `worker.agents`; `excludes` are paths the CLI leaves behind that must not be committed. In `argv`, `env` and `files`
    the runner fills in `{python}` (its own interpreter) and `{worker_path}` (the folder that holds the worker package).
    """

    name: str
    argv: list[str]
    stream: str
    env: dict[str, str] = field(default_factory=dict)
    excludes: list[str] = field(default_factory=list)
    interrupt_first: bool = False  # SIGINT before SIGTERM, for CLIs that then print what the run cost
    version: str | None = None  # what the image is meant to have, for the log
    resume: Resume | None = None  # None: each run begins a conversation of its own
    files: dict[str, str] = field(default_factory=dict)  # laid below HOME before the start: the CLI's own settings
    escapes: dict[str, str] = field(default_factory=dict)  # orders to the CLI itself, in a prompt: what stands for them
    price: Price | None = None  # for an agent that tells no cost; None: what it costs is not known
    called: dict[str, str] = field(default_factory=dict)  # a key's name in Porter to its name in this CLI


@dataclass(frozen=True)
class Limits:
    """All in seconds."""

    total: float = 1800.0
    stall: float = 600.0
    setup: float = 600.0
    test: float = 600.0


@dataclass(frozen=True)
class Policy:
    """What may be pushed without a person having looked (worker/policy.py). `protected_paths` come on top of the
    built-in ones."""

    protected_paths: list[str] = field(default_factory=list)
    max_changed_files: int = 300
    max_diff_lines: int = 20_000
    max_file_bytes: int = 5 * 1024 * 1024
    max_total_bytes: int = 20 * 1024 * 1024  # of all changed files together


@dataclass(frozen=True)
class Finding:
    """Why a change must wait for a person: the rule, the place, one sentence that quotes no secret."""

    rule: str
    path: str
    words: str
    line: int | None = None


@dataclass(frozen=True)
class Held:
    """Work that was not pushed: the commits from `base_sha` to `head_sha` as a git bundle, and why."""

    findings: list[Finding]
    base_sha: str
    head_sha: str
    bundle: bytes


@dataclass(frozen=True)
class JobDocument:
    """What the runner asks Porter for once, with its token: `GET /api/runs/{run_id}/job`.

    `keys` holds the provider keys of this one agent. `clone_token` is read-only and short-lived; None means that the
    repository can be cloned without one.
    """

    task_id: str
    run_id: str
    repository: str
    clone_url: str
    base_branch: str
    branch: str
    prompt: str
    commit_message: str
    author_name: str
    author_email: str
    agent: AgentRecipe
    keys: dict[str, str] = field(default_factory=dict)
    clone_token: str | None = None
    limits: Limits = field(default_factory=Limits)
    setup_commands: list[str] = field(default_factory=list)
    test_command: str | None = None  # run when the agent is done; that it fails fails nothing
    policy: Policy = field(default_factory=Policy)
    continue_branch: bool = False  # a follow-up: start from `branch`, not from `base_branch`
    last_head: str | None = None  # a follow-up: what Porter last pushed there, to tell when somebody else has since
    session: Session | None = None  # a follow-up: the conversation to go on with

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Unknown fields are ignored, so that a newer Porter can talk to an older image."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        known["agent"] = _recipe(data["agent"])
        known["session"] = Session.from_json(data["session"]) if data.get("session") else None
        known["limits"] = _pick(Limits, data.get("limits") or {})
        known["policy"] = _pick(Policy, data.get("policy") or {})
        return cls(**known)


@dataclass(frozen=True)
class DiffSize:
    """What the branch changes against its base."""

    files: int = 0
    additions: int = 0
    deletions: int = 0


@dataclass(frozen=True)
class Tests:
    """What the repository's test command said of the work. `exit_code` None: it took too long, or did not start."""

    command: str
    exit_code: int | None
    tail: str = ""


@dataclass(frozen=True)
class Result:
    """The runner's last word on a run. `message` is one sentence for people; `summary` the agent's own last words."""

    ending: Ending
    message: str
    summary: str = ""
    branch: str | None = None
    base_sha: str | None = None
    head_sha: str | None = None
    pushed: bool = False
    unkept: str = ""  # why work that a stopped run had done is on no branch
    diff: DiffSize = field(default_factory=DiffSize)
    usage: Usage = field(default_factory=Usage)
    exit_code: int | None = None
    agent_version: str | None = None
    log_tail: list[str] = field(default_factory=list)
    seconds: float = 0.0  # machine seconds, from the runner's start to this report
    tests: Tests | None = None  # None: there is no test command, or nothing to test
    held: Held | None = None  # travels beside the result, not in it

    def to_json(self) -> dict[str, Any]:
        told = asdict(replace(self, held=None))
        del told["held"]
        return told


def _recipe(data: dict[str, Any]) -> AgentRecipe:
    parts = {"resume": _maybe(Resume, data.get("resume")), "price": _maybe(Price, data.get("price"))}
    return cast(AgentRecipe, _pick(AgentRecipe, data | parts))


def _maybe(kind: type[Any], data: dict[str, Any] | None) -> Any:
    return None if data is None else _pick(kind, data)


def _pick(kind: type[Any], data: dict[str, Any]) -> Any:
    return kind(**{name: data[name] for name in kind.__dataclass_fields__ if name in data})
