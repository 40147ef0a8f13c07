"""The pages that are read: repositories, files, issues, pull requests, deliveries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from emulators.github import pulls
from emulators.github.model import Issue, Repository
from emulators.github.pages import diff, present

if TYPE_CHECKING:
    from emulators.github.world import World

REPO = "/<owner>/<repo>"


class Views:
    """Each method is a page. All read under the world's lock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def home(self) -> ResponseReturnValue:
        with self.world.lock:
            return render_template("home.html", repositories=list(self.world.repositories.values()))

    def repository(self, owner: str, repo: str) -> ResponseReturnValue:
        return self.tree(owner, repo, "")

    def tree(self, owner: str, repo: str, rest: str) -> ResponseReturnValue:
        with self.world.lock:
            one = self.find(owner, repo)
            ref, path = present.split_ref(one, rest) if rest else (one.default_branch, "")
            entries = one.git.tree(ref, path=path)
            if entries is None:
                return render_template("tree.html", one=one, ref=ref, path=path, entries=[], readme=None, tip=None), 404
            entries.sort(key=lambda entry: (entry.kind == "blob", entry.path))
            readme = one.git.read(ref, "README.md") if not path else None
            text = readme[1].decode(errors="replace") if readme else None
            tip = one.git.commits(None, ref, limit=1)[0]
            return render_template("tree.html", one=one, ref=ref, path=path, entries=entries, readme=text, tip=tip)

    def blob(self, owner: str, repo: str, rest: str) -> ResponseReturnValue:
        with self.world.lock:
            one = self.find(owner, repo)
            ref, path = present.split_ref(one, rest)
            found = one.git.read(ref, path)
            if found is None:
                abort(404, "No such file.")
            lines = found[1].decode(errors="replace").splitlines()
            return render_template("blob.html", one=one, ref=ref, path=path, lines=lines, size=len(found[1]))

    def issues(self, owner: str, repo: str) -> ResponseReturnValue:
        return self.listing(owner, repo, pull=False)

    def pulls(self, owner: str, repo: str) -> ResponseReturnValue:
        return self.listing(owner, repo, pull=True)

    def listing(self, owner: str, repo: str, *, pull: bool) -> ResponseReturnValue:
        wanted = "closed" if request.args.get("state") == "closed" else "open"
        with self.world.lock:
            one = self.find(owner, repo)
            kind = [it for it in sorted(one.issues.values(), key=lambda it: -it.number) if bool(it.pull) is pull]
            counts = {state: sum(it.state == state for it in kind) for state in ("open", "closed")}
            shown = [it for it in kind if it.state == wanted]
            return render_template("list.html", one=one, issues=shown, counts=counts, state=wanted, pull=pull)

    def new_issue(self, owner: str, repo: str) -> ResponseReturnValue:
        with self.world.lock:
            one = self.find(owner, repo)
            return render_template("new.html", one=one, **self.around(one))

    def issue(self, owner: str, repo: str, number: int) -> ResponseReturnValue:
        """An issue, or the conversation of a pull request. With `live` in the query: its moving parts as JSON."""
        with self.world.lock:
            one = self.find(owner, repo)
            it = self.numbered(one, number)
            return self.show(one, it, "issue.html", tab="talk")

    def files(self, owner: str, repo: str, number: int) -> ResponseReturnValue:
        with self.world.lock:
            one = self.find(owner, repo)
            it = self.numbered(one, number)
            if it.pull is None:
                abort(404, "This is an issue; only pull requests have files.")
            return self.show(one, it, "files.html", tab="files")

    def raw_diff(self, owner: str, repo: str, number: int) -> ResponseReturnValue:
        with self.world.lock:
            it = self.numbered(self.find(owner, repo), number)
            if it.pull is None:
                abort(404, "This is an issue; only pull requests have a diff.")
            text = it.repository.git.diff(it.pull.base_sha, it.pull.head_sha)
            return Response(text, content_type="text/plain; charset=utf-8")

    def deliveries(self) -> ResponseReturnValue:
        return render_template("deliveries.html", deliveries=self.world.webhooks.all()[:100])

    def avatar(self, number: int) -> ResponseReturnValue:
        who = next((one for one in list(self.world.users.values()) if one.id == number), None)
        if who is None:
            abort(404, "Nobody has this number.")
        return Response(render_template("avatar.svg", who=who), content_type="image/svg+xml")

    def show(self, one: Repository, it: Issue, template: str, *, tab: str) -> ResponseReturnValue:
        given: dict[str, Any] = {"one": one, "it": it, "tab": tab, "items": present.thread(it), **self.around(one)}
        if it.pull:
            given |= {"compared": pulls.compared(it, it.pull), "rows": diff.rows}
        if "live" not in request.args:
            return render_template(template, **given)
        parts = ("head", "thread", "side", "merge") if tab == "talk" else ("head",)
        parts = (*parts, "changes") if it.pull else parts
        return jsonify({part: render_template(f"_{part}.html", **given) for part in parts})

    def around(self, one: Repository) -> dict[str, Any]:
        slug = next((app.slug for app in self.world.apps.values()), "porter")
        return {"people": present.people(list(self.world.users.values()), one)[:3], "slug": slug}

    def find(self, owner: str, repo: str) -> Repository:
        found = self.world.repositories.get(f"{owner}/{repo}".lower())
        if found is None:
            abort(404, "There is no such repository here.")
        return found

    def numbered(self, one: Repository, number: int) -> Issue:
        found = one.issues.get(number)
        if found is None:
            abort(404, f"{one.full_name} has no issue or pull request #{number}.")
        return found


def install(pages: Blueprint, world: World) -> None:
    views = Views(world)
    routes: dict[str, Callable[..., ResponseReturnValue]] = {
        "/": views.home,
        "/-/deliveries": views.deliveries,
        "/-/avatars/<int:number>": views.avatar,
        REPO: views.repository,
        f"{REPO}/tree/<path:rest>": views.tree,
        f"{REPO}/blob/<path:rest>": views.blob,
        f"{REPO}/issues": views.issues,
        f"{REPO}/issues/new": views.new_issue,
        f"{REPO}/issues/<int:number>": views.issue,
        f"{REPO}/pulls": views.pulls,
        f"{REPO}/pull/<int:number>": views.issue,
        f"{REPO}/pull/<int:number>/files": views.files,
        f"{REPO}/pull/<int:number>.diff": views.raw_diff,
    }
    for rule, view in routes.items():
        name = f"{view.__name__}-{'pull' if '/pull' in rule else 'page'}"
        pages.add_url_rule(rule, name, view)
    tools = (present.reactions, present.initials, present.hue, present.short_login, present.state, present.mentions)
    for tool in (*tools, present.iso, present.clock_words):
        pages.add_app_template_filter(tool)
