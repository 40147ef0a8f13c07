"""What people and Apps do to pull requests and branches. Call under `world.lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.github import acts
from emulators.github.comparison import Comparison, compare, merge
from emulators.github.errors import GitFailed, Refusal, invalid
from emulators.github.git import Commit
from emulators.github.model import Actor, Issue, Moment, Pull, Repository
from emulators.github.shapes import Json, people, repositories
from emulators.github.shapes import pulls as shape

if TYPE_CHECKING:
    from emulators.github.world import World

NOBODY = "0" * 40  # git's word for "there was nothing"


def open_pull(
    world: World,
    repository: Repository,
    actor: Actor,
    *,
    title: str,
    body: str | None,
    head: str,
    base: str,
    draft: bool,
) -> Issue:
    """Refusal 422 when the branches are not there, are even, or have an open pull request already."""
    acts.check_text("PullRequest", title, body)
    owner, _, branch = head.rpartition(":")
    head_sha = repository.git.sha(f"refs/heads/{branch}")
    base_sha = repository.git.sha(f"refs/heads/{base}")
    if head_sha is None or (owner and owner.lower() != repository.owner.login.lower()):
        raise invalid("PullRequest", "invalid", "head")
    if base_sha is None:
        raise invalid("PullRequest", "invalid", "base")
    if open_between(repository, branch, base):
        label = f"{repository.owner.login}:{branch}"
        raise invalid("PullRequest", "custom", None, f"A pull request already exists for {label}.")
    if not repository.git.commits(base_sha, head_sha, limit=1):
        raise invalid("PullRequest", "custom", None, f"No commits between {base} and {branch}")
    issue = acts.new_issue(world, repository, actor, title, body)
    issue.pull = Pull(world.next_id(), branch, base, head_sha, base_sha, draft)
    announce(world, issue, actor, "opened", {})
    return issue


def open_between(repository: Repository, head: str, base: str) -> Issue | None:
    for issue in repository.issues.values():
        if issue.pull and issue.state == "open" and (issue.pull.head, issue.pull.base) == (head, base):
            return issue
    return None


def refresh(issue: Issue, it: Pull) -> None:
    """An open pull request is compared with where its base is now."""
    if issue.state == "open":
        it.base_sha = issue.repository.git.sha(f"refs/heads/{it.base}") or it.base_sha


def compared(issue: Issue, it: Pull) -> Comparison:
    return compare(issue.repository.git, it.base_sha, it.head_sha)


def whole(world: World, issue: Issue) -> Json:
    assert issue.pull is not None  # noqa: S101  callers hold a pull request
    refresh(issue, issue.pull)
    return shape.whole_pull(world.urls, issue, issue.pull, compared(issue, issue.pull))


def announce(world: World, issue: Issue, actor: Actor, action: str, more: Json) -> None:
    payload = {"action": action, "number": issue.number, "pull_request": whole(world, issue), **more}
    world.announce("pull_request", issue.repository, actor.user, payload)


def request_reviewers(world: World, issue: Issue, it: Pull, actor: Actor, logins: list[str]) -> None:
    """Refusal 422 when one of them is the author or no collaborator; then nobody is asked."""
    for login in logins:
        if login.lower() == issue.actor.user.login.lower():
            raise Refusal(422, "Review cannot be requested from pull request author.")
        if login.lower() not in issue.repository.collaborators:
            raise Refusal(
                422,
                "Reviews may only be requested from collaborators. One or more of the users or teams you specified is "
                f"not a collaborator of the {issue.repository.full_name} repository.",
            )
    for login in logins:
        who = world.users[login.lower()]
        if who not in it.reviewers:
            it.reviewers.append(who)
            announce(world, issue, actor, "review_requested", {"requested_reviewer": people.user(world.urls, who)})


def merge_pull(
    world: World, issue: Issue, it: Pull, actor: Actor, *, method: str, sha: str | None, title: str | None
) -> str:
    """The sha that the base branch has then. Refusal 405 when it cannot be merged, 409 when the head is not `sha`."""
    if issue.state != "open" or it.draft:
        raise Refusal(405, "Pull Request is still a draft" if it.draft else "Pull Request is not mergeable")
    if sha is not None and sha != it.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    repository = issue.repository
    refresh(issue, it)
    if missing := repository.expected(it.head_sha):
        raise Refusal(405, f'Required status check "{missing[0]}" is expected.')
    words = title or _merge_title(issue, it, method)
    made = merge(repository.git, it.base_sha, it.head_sha, method=method, message=words)
    if made is None:
        raise Refusal(405, "Pull Request is not mergeable")
    try:
        repository.git.run("update-ref", f"refs/heads/{it.base}", made, it.base_sha)
    except GitFailed as trouble:
        raise Refusal(409, "Base branch was modified. Review and try the merge again.") from trouble
    it.merged_at, it.merged_by, it.merge_commit_sha = world.clock(), actor.user, made
    messages = "\n".join(commit.message for commit in compared(issue, it).commits)
    issue.history.append(Moment(world.clock(), actor, "merged", made))
    acts.set_state(world, issue, actor, "closed")
    notice_push(world, repository, actor)
    if it.base == repository.default_branch:
        for closed in acts.mentioned_to_close(f"{issue.body or ''}\n{messages}", repository):
            acts.set_state(world, closed, actor, "closed")
    return made


def _merge_title(issue: Issue, it: Pull, method: str) -> str:
    if method == "squash":
        return f"{issue.title} (#{issue.number})"
    return f"Merge pull request #{issue.number} from {issue.repository.owner.login}/{it.head}\n\n{issue.title}"


def notice_push(world: World, repository: Repository, actor: Actor) -> None:
    """Compares the branches with what was last told, and tells the difference: push, synchronize, closed."""
    before, after = repository.branches, repository.git.branches()
    repository.branches = after
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, NOBODY), after.get(name, NOBODY)
        if was != now:
            repository.pushed_at = world.clock()
            world.announce("push", repository, actor.user, _push(world, repository, actor, name, was, now))
            _follow(world, repository, actor, name, was, now)


def _follow(world: World, repository: Repository, actor: Actor, name: str, was: str, now: str) -> None:
    """Open pull requests move with their branches; without a head they are closed."""
    for issue in [one for one in repository.issues.values() if one.pull and one.state == "open"]:
        it = issue.pull
        if it and it.base == name and now != NOBODY:
            it.base_sha = now
        if it and it.head == name and now == NOBODY:
            acts.set_state(world, issue, actor, "closed")
        elif it and it.head == name:
            it.head_sha, issue.updated_at = now, world.clock()
            issue.history.append(Moment(world.clock(), actor, "pushed", now))
            announce(world, issue, actor, "synchronize", {"before": was, "after": now})


def _push(world: World, repository: Repository, actor: Actor, name: str, was: str, now: str) -> Json:
    default = repository.branches.get(repository.default_branch)
    base = was if was != NOBODY else default if default != now else None
    commits = repository.git.commits(base, now) if now != NOBODY else []
    told = [_push_commit(world, repository, one) for one in commits]
    forced = NOBODY not in (was, now) and repository.git.merge_base(was, now) != was
    return {
        "ref": f"refs/heads/{name}",
        "before": was,
        "after": now,
        "created": was == NOBODY,
        "deleted": now == NOBODY,
        "forced": forced,
        "base_ref": None,
        "compare": f"{repositories.page(world.urls, repository)}/compare/{was[:12]}...{now[:12]}",
        "commits": told,
        "head_commit": told[-1] if told else None,
        "repository": repositories.pushed_repository(world.urls, repository),
        "pusher": {"name": actor.user.login, "email": f"{actor.user.login}@users.noreply.github.com"},
    }


def _push_commit(world: World, repository: Repository, one: Commit) -> Json:
    person = {"name": one.author_name, "email": one.author_email, "username": None}
    return {
        "id": one.sha,
        "tree_id": one.tree,
        "distinct": True,
        "message": one.message,
        "timestamp": one.date,
        "url": f"{repositories.page(world.urls, repository)}/commit/{one.sha}",
        "author": person,
        "committer": person,
        **_paths(repository, one.sha),
    }


def _paths(repository: Repository, sha: str) -> dict[str, list[str]]:
    """What a commit does to files, by the words of a push's payload."""
    listed = repository.git.run(
        "diff-tree", "--root", "--no-commit-id", "--name-status", "--no-renames", "-r", "-z", sha
    )
    words = listed.split("\0")
    found = list(zip(words[::2], words[1::2], strict=False))
    of = {"added": "A", "removed": "D", "modified": "MT"}
    return {name: [path for letter, path in found if letter in letters] for name, letters in of.items()}
