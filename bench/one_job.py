"""A Porter of a few lines for one machine: what the benches of the runner measure against."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from worker import agents
from worker.contract import JobDocument


def job_of(folder: Path, name: str, script: str) -> JobDocument:
    """A job on the repository in `folder` whose agent is this shell script."""
    recipe = replace(agents.recipe(agents.AGENTS["mock"]), argv=["/bin/sh", "-c", script], stream="text")
    return JobDocument(
        task_id=name,
        run_id=f"{name}-1",
        repository="acme/bench",
        clone_url=f"file://{folder}/bench.git",
        base_branch="main",
        branch=f"porter/{name}",
        prompt="Say something.",
        commit_message="Bench",
        author_name="Porter",
        author_email="porter@example.invalid",
        agent=recipe,
    )


def environment(job: JobDocument, url: str) -> dict[str, str]:
    """What the job's machine is told."""
    return {"PORTER_URL": url, "TASK_ID": job.task_id, "RUN_ID": job.run_id, "CALLBACK_TOKEN": "bench-token"}


def make_repository(folder: Path) -> None:
    """A bare repository with one commit on main."""
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "main", "work"], check=True)
    (folder / "work" / "README.md").write_text("a bench\n")
    subprocess.run([*git, "-C", "work", "add", "."], check=True)
    subprocess.run([*git, "-C", "work", "commit", "-qm", "first"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", "work", "bench.git"], check=True)


@contextmanager
def porter_with(job: JobDocument) -> Iterator[tuple[str, threading.Event]]:
    """A Porter that gives out one job and takes every report; its address, and whether it has the result."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(job.to_json())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._say({"accepted": True, "orders": []})
            if self.path.endswith("/task-complete"):
                done.set()

        def _say(self, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", done
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
