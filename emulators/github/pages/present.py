"""What the pages show of the world: threads, references, initials. Pure; call under `world.lock`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from emulators.github import acts
from emulators.github.model import Actor, Comment, Issue, Moment, Reaction, Repository, Review, User

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}
HUES = 8


@dataclass(frozen=True)
class Item:
    """One thing in a thread. `kind` is post, comment, moment, review, reference; `key` stays while it changes."""

    kind: str
    key: str
    at: datetime
    actor: Actor
    of: Issue | Comment | Moment | Review


def thread(issue: Issue) -> list[Item]:
    """The opening post, then everything else in the order it happened."""
    items = [Item("comment", f"issuecomment-{one.id}", one.created_at, one.actor, one) for one in issue.comments]
    items += [Item("moment", f"moment-{n}", one.at, one.actor, one) for n, one in enumerate(issue.history)]
    items += [Item("reference", f"ref-{one.number}", one.created_at, one.actor, one) for one in mentions(issue)]
    said = issue.pull.reviews if issue.pull else []
    items += [Item("review", f"review-{one.id}", one.submitted_at, one.actor, one) for one in said]
    first = Item("post", "post", issue.created_at, issue.actor, issue)
    return [first, *sorted(items, key=lambda item: item.at)]


def mentions(issue: Issue) -> list[Issue]:
    """The pull requests of the same repository whose text names this issue."""
    return [one for one in acts.naming(issue) if one.pull]


def state(issue: Issue) -> str:
    """open, closed, merged or draft."""
    if issue.pull and issue.pull.merged_at:
        return "merged"
    return "draft" if issue.pull and issue.pull.draft and issue.state == "open" else issue.state


def reactions(found: list[Reaction]) -> list[tuple[str, str, int, str]]:
    """(emoji, GitHub's word, how many, who)."""
    counts = Counter(one.content for one in found)
    who = {content: ", ".join(one.user.login for one in found if one.content == content) for content in counts}
    return [(EMOJI[content], content, counts[content], who[content]) for content in EMOJI if content in counts]


def initials(user: User) -> str:
    words = [word for word in re.split(r"[\s_-]+", user.name.removesuffix("[bot]")) if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def hue(user: User) -> int:
    return user.id % HUES


def short_login(user: User) -> str:
    return user.login.removesuffix("[bot]")


def people(world_users: list[User], repository: Repository) -> list[tuple[User, str]]:
    """Who a visitor may play, with what they may do in words."""
    words = {"admin": "admin", "maintain": "may write", "write": "may write"}
    return [(one, words.get(repository.role(one.login), "may only read")) for one in world_users if one.kind == "User"]


def split_ref(repository: Repository, rest: str) -> tuple[str, str]:
    """`rest` of /blob/ and /tree/ is a ref and a path; branch names hold slashes, so the longest that fits is taken."""
    for name in sorted(repository.git.branches(), key=len, reverse=True):
        if rest == name or rest.startswith(f"{name}/"):
            return name, rest[len(name) + 1 :]
    ref, _, path = rest.partition("/")
    return ref, path


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def clock_words(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")
