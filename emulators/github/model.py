"""The things of a GitHub: people, repositories, issues, Apps. Plain state that `world`, `acts` and `pulls` change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from emulators.github.git import GitRepository

# Role in a repository → (what the `permission` field says, how far it goes).
ROLES = {
    "admin": ("admin", 5),
    "maintain": ("write", 4),
    "write": ("write", 3),
    "triage": ("read", 2),
    "read": ("read", 1),
    "none": ("none", 0),
}


@dataclass
class User:
    """`kind` is User, Organization or Bot."""

    id: int
    login: str
    name: str
    kind: str = "User"


@dataclass
class Label:
    id: int
    name: str
    color: str
    description: str = ""


@dataclass
class Reaction:
    id: int
    user: User
    content: str
    created_at: datetime


@dataclass
class App:
    id: int
    slug: str
    name: str
    owner: User
    bot: User
    public_key_pem: str = field(repr=False)
    webhook_url: str
    webhook_secret: str = field(repr=False)
    permissions: dict[str, str]
    events: list[str]
    hook_id: int
    created_at: datetime
    oauth: OAuthClient | None = None
    setup_url: str = ""

    @property
    def client_id(self) -> str:
        return f"Iv23li{self.id:014d}"


@dataclass
class OAuthClient:
    """What an App needs to sign people in. `callbacks` are the addresses that a person may be sent back to."""

    secret_digest: str = field(repr=False)
    callbacks: list[str]


@dataclass
class NewApp:
    """An App that was made from a manifest and whose keys nobody fetched yet."""

    app: App
    until: datetime
    pem: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass
class SignIn:
    """A person agreed that an App may know them; the code that says so can be turned into a token once."""

    app: App
    user: User
    redirect_uri: str
    challenge: str
    until: datetime


@dataclass
class Actor:
    """Who does something: a person, or an App (then `user` is its bot)."""

    user: User
    app: App | None = None


@dataclass
class Check:
    """What a program said of a commit: a check run, or with `is_status` a commit status. `status` is queued,
    in_progress or completed; `conclusion` is GitHub's word once it is completed (of a status success or failure)."""

    id: int
    name: str
    status: str
    conclusion: str | None
    at: datetime
    is_status: bool = False


@dataclass
class Repository:
    id: int
    owner: User
    name: str
    private: bool
    default_branch: str
    description: str
    git: GitRepository
    created_at: datetime
    pushed_at: datetime
    collaborators: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)  # as last told in a push event
    checks: dict[str, list[Check]] = field(default_factory=dict)  # by commit
    required_checks: list[str] = field(default_factory=list)  # without these no branch takes a merge

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def role(self, login: str) -> str:
        """A key of ROLES. Anyone can read a public repository."""
        if login.lower() == self.owner.login.lower():
            return "admin"
        return self.collaborators.get(login.lower(), "none" if self.private else "read")

    def may(self, login: str, role: str) -> bool:
        return ROLES[self.role(login)][1] >= ROLES[role][1]

    def expected(self, sha: str) -> list[str]:
        """The required checks that did not succeed on a commit."""
        passed = {one.name for one in self.checks.get(sha, []) if one.conclusion == "success"}
        return [name for name in self.required_checks if name not in passed]


@dataclass
class Comment:
    id: int
    issue: Issue = field(repr=False)
    actor: Actor
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Review:
    """What somebody said of a pull request in one go. `state` is APPROVED, CHANGES_REQUESTED or COMMENTED."""

    id: int
    issue: Issue = field(repr=False)
    actor: Actor
    body: str
    state: str
    commit_id: str
    submitted_at: datetime
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass
class ReviewComment:
    """A remark on a line of the diff. `line` is the file's (1-based) on `side` LEFT (before) or RIGHT (after);
    `position` counts the diff's lines; `answers` is the remark that this one replies to."""

    id: int
    review: Review = field(repr=False)
    path: str
    line: int
    side: str
    hunk: str
    position: int
    body: str
    created_at: datetime
    updated_at: datetime
    answers: ReviewComment | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Moment:
    """History that is no comment. `what`: labeled, unlabeled, closed, reopened, merged or pushed."""

    at: datetime
    actor: Actor
    what: str
    detail: str = ""


@dataclass
class Pull:
    """What a pull request has besides. The shas follow the branches until it is merged or closed."""

    id: int
    head: str
    base: str
    head_sha: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    reviewers: list[User] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def remarks(self) -> list[ReviewComment]:
        """The remarks of all reviews, oldest first."""
        return [one for review in self.reviews for one in review.comments]


@dataclass
class Issue:
    """Pull requests are issues too, and share their numbers. `state` is open or closed."""

    id: int
    repository: Repository = field(repr=False)
    number: int
    actor: Actor
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    history: list[Moment] = field(default_factory=list)
    pull: Pull | None = None


@dataclass
class Installation:
    id: int
    app: App
    account: User
    repositories: list[Repository]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None


@dataclass
class Token:
    """A credential by its digest. Exactly one of `installation` and `user` is set."""

    digest: str = field(repr=False)
    expires_at: datetime | None
    installation: Installation | None = None
    user: User | None = None
    repositories: list[Repository] | None = None  # None: all of the installation, also those added later
    permissions: dict[str, str] = field(default_factory=dict)
    app: App | None = None  # a person's token that an App was given: good where both may read
