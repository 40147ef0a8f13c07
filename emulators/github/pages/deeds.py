"""What a visitor does on the pages, in the name of maria, tom or eve. Each form says whose name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from emulators.github import acts, pulls, reviews
from emulators.github.errors import Refusal, not_found
from emulators.github.model import Actor, Issue, Repository

if TYPE_CHECKING:
    from emulators.github.world import World

REPO = "/<owner>/<repo>"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_FORM = 200_000  # bytes


class Deeds:
    """Each method is a form's target. It answers with where to look next."""

    def __init__(self, world: World) -> None:
        self.world = world

    def open_issue(self, owner: str, repo: str) -> str:
        one, who = self.repository(owner, repo), self.who()
        title, body = request.form.get("title", ""), request.form.get("body", "")
        labels = [name for name in request.form.getlist("labels") if name] if one.may(who.user.login, "triage") else []
        made = acts.open_issue(self.world, one, who, title=title, body=_text(body), labels=labels)
        return f"/{one.full_name}/issues/{made.number}"

    def comment(self, owner: str, repo: str, number: int) -> str:
        it = self.issue(owner, repo, number)
        made = acts.comment(self.world, it, self.who(), _text(request.form.get("body", "")))
        return f"{_page(it)}#issuecomment-{made.id}"

    def set_state(self, owner: str, repo: str, number: int) -> str:
        it, who = self.issue(owner, repo, number), self.who()
        if who.user is not it.actor.user:
            self.needs(it.repository, who, "triage")
        acts.set_state(self.world, it, who, "open" if request.form.get("state") == "open" else "closed")
        return _page(it)

    def label(self, owner: str, repo: str, number: int) -> str:
        """Adds the label, or takes it away when the issue has it."""
        it, who, name = self.issue(owner, repo, number), self.who(), request.form.get("label", "")
        self.needs(it.repository, who, "triage")
        if name in [label.name for label in it.labels]:
            acts.remove_label(self.world, it, who, name)
        else:
            acts.add_labels(self.world, it, who, [name])
        return _page(it)

    def merge(self, owner: str, repo: str, number: int) -> str:
        it, who = self.issue(owner, repo, number), self.who()
        self.needs(it.repository, who, "write")
        if it.pull is None:
            raise not_found()
        pulls.merge_pull(self.world, it, it.pull, who, method="merge", sha=None, title=None)
        return _page(it)

    def review(self, owner: str, repo: str, number: int) -> str:
        it, who, body = self.issue(owner, repo, number), self.who(), _text(request.form.get("body", ""))
        if it.pull is None:
            raise not_found()
        made = reviews.submit(
            self.world, it, it.pull, who, event=request.form.get("event", "COMMENT"), body=body, drafts=_drafts()
        )
        return f"{_page(it)}#review-{made.id}"

    def redeliver(self, number: int) -> str:
        found = self.world.webhooks.get(number)
        if found is None:
            raise not_found()
        self.world.webhooks.again(found)
        return "/-/deliveries"

    def who(self) -> Actor:
        login = request.form.get("who", "").lower()
        found = self.world.users.get(login)
        if found is None or found.kind != "User":
            raise Refusal(422, "Choose who you are: maria, tom or eve.")
        return Actor(found)

    def needs(self, repository: Repository, who: Actor, role: str) -> None:
        if not repository.may(who.user.login, role):
            raise Refusal(403, f"{who.user.login} may not do this in {repository.full_name}. Be maria or tom instead.")

    def repository(self, owner: str, repo: str) -> Repository:
        found = self.world.repositories.get(f"{owner}/{repo}".lower())
        if found is None:
            raise not_found()
        return found

    def issue(self, owner: str, repo: str, number: int) -> Issue:
        found = self.repository(owner, repo).issues.get(number)
        if found is None:
            raise not_found()
        return found


def install(pages: Blueprint, world: World) -> None:
    deeds = Deeds(world)
    forms: dict[str, Callable[..., str]] = {
        f"{REPO}/issues": deeds.open_issue,
        f"{REPO}/issues/<int:number>/comments": deeds.comment,
        f"{REPO}/issues/<int:number>/state": deeds.set_state,
        f"{REPO}/issues/<int:number>/labels": deeds.label,
        f"{REPO}/pull/<int:number>/merge": deeds.merge,
        f"{REPO}/pull/<int:number>/reviews": deeds.review,
        "/-/deliveries/<int:number>": deeds.redeliver,
    }
    for rule, deed in forms.items():
        pages.add_url_rule(rule, f"do-{deed.__name__}", _guarded(world, deed), methods=["POST"])


def _guarded(world: World, deed: Callable[..., str]) -> Callable[..., ResponseReturnValue]:
    """Only from our own pages, under the lock; a refusal is a sentence, not a page of code."""

    def view(**args: str) -> ResponseReturnValue:
        try:
            check_same_site(world)
            with world.lock:
                return redirect(deed(**args), 303)
        except Refusal as no:
            return _refused(no.status, "; ".join(map(_words, no.errors)) or no.message)

    return view


def _words(error: Mapping[str, Any] | str) -> str:
    if isinstance(error, str):
        return error
    return str(error.get("message") or f"{error.get('field', 'something')} is {error.get('code', 'wrong')}")


def _refused(status: int, words: str) -> ResponseReturnValue:
    if request.headers.get("Accept") == "text/plain":  # live.js shows the sentence beside the form
        return Response(words, status, content_type="text/plain; charset=utf-8")
    return render_template("refused.html", words=words), status


def check_same_site(world: World) -> None:
    """Another site, open in the same browser, can reach loopback: its forms must not act here. Refusal 403.

    The host is checked too, because a name of the attacker's may point at 127.0.0.1.
    """
    if (request.content_length or 0) > MAX_FORM:
        raise Refusal(413, "That is too long.")
    host = urlsplit(f"//{request.host}").hostname
    if host not in (*LOOPBACK, urlsplit(world.urls.web).hostname):
        raise Refusal(403, "This emulator answers only under its own address.")
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refusal(403, "This form was sent from another site.")
    if site not in (None, "same-origin") or (origin is None and site is None):
        raise Refusal(403, "This form was not sent from a page of the emulator.")


def _drafts() -> list[reviews.Draft]:
    """The remarks on lines that came with the form: any number of path, line and remark, in their order."""
    columns = (request.form.getlist(name) for name in ("path", "line", "remark"))
    rows = zip_longest(*columns, fillvalue="")
    stripped = [tuple(word.strip() for word in row) for row in rows]
    return [_draft(*row) for row in stripped if any(row)]


def _draft(path: str, line: str, words: str) -> reviews.Draft:
    if not (path and words and line.isascii() and line.isdigit() and len(line) < 10):
        raise Refusal(422, "A remark needs a file, a line and words.")
    return reviews.Draft(path, int(line), _text(words))


def _text(body: str) -> str:
    return body.replace("\r\n", "\n")  # browsers send CRLF; GitHub keeps it, but nobody wants it


def _page(it: Issue) -> str:
    return f"/{it.repository.full_name}/{'pull' if it.pull else 'issues'}/{it.number}"
