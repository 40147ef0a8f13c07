"""Somebody who watches a running demo from outside: GitHub's API and pages, Porter's API, the list of processes."""

from __future__ import annotations

import base64
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from jobs.hosts.errors import HostUnavailable
from jobs.hosts.port import MachineState
from porter.demo import Stage
from porter.demo_files import REPOSITORY
from porter.story import post_comment
from store import deliveries, runs, tasks
from store.records import Delivery

T = TypeVar("T")
Json = dict[str, Any]


class Onlooker:
    """Waits, with a deadline, while the supervisor keeps Porter's programs running."""

    def __init__(self, demo: Stage) -> None:
        self.demo = demo
        self._heard: dict[int, Delivery] = {}
        self._github = f"{demo.github}/api/repos/{REPOSITORY}"

    # --- GitHub -----------------------------------------------------------------------------------------------------

    def comment(self, body: str, *, issue: int, who: str = "maria") -> int:
        """Say it on the issue's page; the id GitHub gave the comment."""
        before = {delivery.id for delivery in self._deliveries()}
        post_comment(self.demo.github, body, issue=issue, login=who)
        said = [one for one in self._comments(issue) if one["user"]["login"] == who]
        comment = int(said[-1]["id"])
        self._heard[comment] = self.wait_for(lambda: self._new_delivery(who, before))
        return comment

    def porters_comments(self, *, issue: int) -> list[Json]:
        return [one for one in self._comments(issue) if one["user"]["type"] == "Bot"]

    def reactions_to(self, comment: int) -> list[str]:
        return [one["content"] for one in self._get(f"/issues/comments/{comment}/reactions")]

    def issue(self, number: int) -> Json:
        found: Json = self._get(f"/issues/{number}")
        return found

    def issues(self) -> list[Json]:
        return [one for one in self._get("/issues?state=all&per_page=100") if "pull_request" not in one]

    def file(self, path: str) -> str:
        """A file of the main branch."""
        return base64.b64decode(self._get(f"/contents/{path}?ref=main")["content"]).decode()

    def pull(self, number: int) -> Json:
        return self._get(f"/pulls/{number}")

    def pulls(self) -> list[Json]:
        return self._get("/pulls?state=all&per_page=100")

    def has_branch(self, branch: str) -> bool:
        answer = httpx.get(f"{self._github}/branches/{branch}", headers={"User-Agent": "porter-tests"})
        return answer.status_code == 200

    def diff_of(self, pull: Json) -> str:
        return "".join(file["patch"] for file in self._get(f"/pulls/{pull['number']}/files"))

    def review(self, pull: Json, body: str, remarks: list[tuple[str, int, str]], *, who: str = "maria") -> int:
        """Request changes on the pull request's page; `remarks` are (path, line, words). The review's id."""
        form: dict[str, Any] = {"who": who, "event": "REQUEST_CHANGES", "body": body}
        form |= {name: [str(one[at]) for one in remarks] for at, name in enumerate(("path", "line", "remark"))}
        page = f"{self.demo.github}/{REPOSITORY}/pull/{pull['number']}/reviews"
        answer = httpx.post(page, data=form, headers={"Origin": self.demo.github})
        assert answer.status_code < 400, answer.text
        return int(self._get(f"/pulls/{pull['number']}/reviews")[-1]["id"])

    def remarks_of(self, pull: Json, review: int) -> list[int]:
        return [one["id"] for one in self._get(f"/pulls/{pull['number']}/reviews/{review}/comments")]

    def answers_in_threads(self, pull: Json) -> list[Json]:
        """Porter's answers to remarks on the pull request's lines."""
        found = self._get(f"/pulls/{pull['number']}/comments?per_page=100")
        return [one for one in found if one["user"]["type"] == "Bot"]

    def commits_of(self, pull: Json) -> list[Json]:
        return self._get(f"/pulls/{pull['number']}/commits")

    def redeliver(self, comment: int) -> None:
        """Press "redeliver" on the stand-in's list of deliveries; back when Porter has answered again."""
        page = f"{self.demo.github}/-/deliveries"
        guid = self._heard[comment].id
        listed = httpx.get(page).text
        found = re.search(rf"{guid}.*?/-/deliveries/(\d+)", listed, re.DOTALL)
        assert found, "the delivery is not on the page"
        again = httpx.post(f"{page}/{found[1]}", headers={"Origin": self.demo.github})
        assert again.status_code < 400, again.text
        self.wait_for(lambda: httpx.get(page).text.count(guid) > listed.count(guid))

    # --- Porter -----------------------------------------------------------------------------------------------------

    def api(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        return httpx.request(method, f"{self.demo.services.config.url}{path}", json=body, timeout=30)

    def task(self, task_id: str) -> Json:
        answer = self.api("GET", f"/api/tasks/{task_id}")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def verdict_on(self, comment: int) -> Delivery:
        return self._heard[comment]

    def tasks_of(self, comment: int) -> list[str]:
        found = self.api("GET", "/api/tasks?limit=100").json()["tasks"]
        wanted = set(self.verdict_on(comment).task_ids)
        return [task["id"] for task in found if task["id"] in wanted]

    def task_of(self, comment: int) -> str:
        [task_id] = self.verdict_on(comment).task_ids
        return task_id

    def ended(self, task_id: str, *, run: int | None = None, seconds: float = 90) -> Json:
        """The task once it has ended (its `run`, counted from 1) and its comment says so."""

        def look() -> Json | None:
            task = self.task(task_id)
            live = task["status"] in ("queued", "launching", "running", "finishing")
            live = live or (run is not None and task["run_id"] != f"{task_id}-{run}")
            return None if live or self._comment_is_behind(task_id) else task

        return self.wait_for(look, seconds=seconds)

    def ended_task_of(self, comment: int, *, seconds: float = 90) -> Json:
        return self.ended(self.task_of(comment), seconds=seconds)

    def log_of(self, task_id: str) -> list[str]:
        lines = self.api("GET", f"/api/tasks/{task_id}/logs?limit=1000").json()["lines"]
        return [line["text"] for line in lines]

    # --- machines ---------------------------------------------------------------------------------------------------

    def machines_ever(self) -> int:
        return len(list((self.demo.supervisor.logs.parent / "fly").rglob("output.log")))

    def machines_of(self, task_id: str) -> list[str]:
        found = [run.machine_id for run in runs.of_task(self.demo.services.db, task_id)]
        return [machine for machine in found if machine]

    def living_machines_of(self, task_id: str) -> list[str]:
        """The host's own word for it. While the host asks to slow down it is not known, so they count as living."""
        try:
            machines = self.demo.services.host.list()
        except HostUnavailable:
            return ["not known"]
        over = (MachineState.STOPPED, MachineState.GONE)
        return [one.id for one in machines if one.run_id.startswith(task_id) and one.state not in over]

    def kill_machine_of(self, task_id: str) -> None:
        """As if the power went: every process that was started for the task's machine."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{task_id}-".encode() in command and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)

    # --- waiting ----------------------------------------------------------------------------------------------------

    def wait_for(self, look: Callable[[], T], *, seconds: float = 90) -> T:
        """The first true answer of `look`. Fails after `seconds`."""
        box: list[T] = []

        def once() -> bool:
            value = look()
            if value:
                box.append(value)
            return bool(value)

        assert self.demo.supervisor.watch(until=once, seconds=seconds), f"waited {seconds} s in vain"
        return box[0]

    def _comments(self, issue: int) -> list[Json]:
        return self._get(f"/issues/{issue}/comments?per_page=100")

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self._github}{path}", headers={"User-Agent": "porter-tests"})
        return answer.raise_for_status().json()

    def _deliveries(self) -> list[Delivery]:
        return deliveries.latest(self.demo.services.db, limit=200)

    def _new_delivery(self, sender: str, before: set[str]) -> Delivery | None:
        """Porter's own comments are delivered too, and so is what the same person did while the demo was laid out."""
        new = [one for one in self._deliveries() if one.id not in before]
        new = [one for one in new if one.sender == sender and one.event == "issue_comment"]
        return new[0] if new else None

    def _comment_is_behind(self, task_id: str) -> bool:
        task = tasks.get(self.demo.services.db, task_id)
        return task.comment_version < task.version
