"""Git over HTTP, with the real git program, and the emulator as a real process."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from werkzeug.serving import make_server

from emulators.github import create_app
from tests.emulators.github_stage import APP_ID, Stage, key_pair, opened

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with opened(tmp_path) as it, serving(it):
        yield it


@contextmanager
def serving(stage: Stage) -> Iterator[None]:
    """The stage behind a port, because git speaks only to those."""
    server = make_server("127.0.0.1", 0, create_app(stage.world), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stage.world.move_to(f"http://127.0.0.1:{server.server_port}")
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def git(*command: str, at: Path, token: str | None = None) -> subprocess.CompletedProcess[str]:
    """git as the runner calls it: the token in an extra header from the environment, never in the address."""
    secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = {"KEY_0": "http.extraheader", "VALUE_0": f"Authorization: Basic {secret}"} if token else {}
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(at),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(header) // 2),
        **{f"GIT_CONFIG_{name}": value for name, value in header.items()},
        **{f"GIT_{who}_{what}": "ann@example.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.run(["git", *command], cwd=at, env=env, capture_output=True, text=True, timeout=60, check=False)


def text(headers: dict[str, str]) -> str:
    return headers["Authorization"].split()[1]


def cloned(stage: Stage, folder: Path, token: str | None = None) -> Path:
    done = git("clone", "-q", f"{stage.world.urls.web}/acme/widgets.git", "work", at=folder, token=token)
    assert done.returncode == 0, done.stderr
    return folder / "work"


def test_a_branch_is_cloned_changed_and_pushed(stage: Stage, tmp_path: Path) -> None:
    token = text(stage.token())
    work = cloned(stage, tmp_path, token)
    (work / "big.bin").write_bytes(os.urandom(3_000_000))  # over git's post buffer: the body comes in chunks
    git("checkout", "-q", "-b", "porter/1", at=work)
    git("add", ".", at=work)
    git("commit", "-q", "-m", "Add much", at=work)
    pushed = git("push", "-q", "origin", "porter/1", at=work, token=token)
    assert pushed.returncode == 0, pushed.stderr
    assert "porter/1" in stage.repository.git.branches()
    stage.heard()
    told = stage.receiver.payload("push.None")
    assert (told["ref"], told["created"]) == ("refs/heads/porter/1", True)
    assert [one["message"] for one in told["commits"]] == ["Add much"]
    assert told["sender"]["login"] == "porter[bot]"


def test_pushing_again_moves_the_open_pull_request(stage: Stage, tmp_path: Path) -> None:
    stage.branch("topic")
    mine = stage.token()
    stage.api.post("/repos/acme/widgets/pulls", headers=mine, json={"title": "T", "head": "topic", "base": "main"})
    work = cloned(stage, tmp_path, text(mine))
    git("checkout", "-q", "topic", at=work)
    (work / "more.txt").write_text("more\n")
    git("add", ".", at=work)
    git("commit", "-q", "-m", "More", at=work)
    assert git("push", "-q", "origin", "topic", at=work, token=text(mine)).returncode == 0
    head = git("rev-parse", "HEAD", at=work).stdout.strip()
    after = stage.api.get("/repos/acme/widgets/pulls/1", headers=mine).json()
    assert (after["head"]["sha"], after["commits"]) == (head, 2)
    stage.heard()
    assert stage.receiver.payload("pull_request.synchronize")["after"] == head


def test_who_may_not_push_is_told_why(stage: Stage, tmp_path: Path) -> None:
    work = cloned(stage, tmp_path)  # public: no token needed
    reader = text(stage.token(permissions={"contents": "read"}))
    assert "403" in git("push", "origin", "HEAD:refs/heads/x", at=work, token=reader).stderr
    assert "could not read Username" in git("push", "origin", "HEAD:refs/heads/x", at=work).stderr
    assert "could not read Username" in git("push", "origin", "HEAD:refs/heads/x", at=work, token="ghs_no").stderr
    eve = text(stage.person("eve"))
    assert "403" in git("push", "origin", "HEAD:refs/heads/x", at=work, token=eve).stderr
    assert sorted(stage.repository.git.branches()) == ["main"]


def test_pushes_at_the_same_moment_are_each_told_once(stage: Stage, tmp_path: Path) -> None:
    token = text(stage.token())
    work = cloned(stage, tmp_path, token)
    names = [f"porter/{n}" for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(
            lambda name: git("push", "-q", "origin", f"HEAD:refs/heads/{name}", at=work, token=token), names
        )
        assert [one.returncode for one in done] == [0] * 4
    stage.heard()
    told = [json.loads(body)["ref"] for headers, body in stage.receiver.got if headers["x-github-event"] == "push"]
    assert sorted(told) == [f"refs/heads/{name}" for name in names]


def test_only_branches_can_be_pushed(stage: Stage, tmp_path: Path) -> None:
    token = text(stage.token())
    work = cloned(stage, tmp_path, token)
    refused = git("push", "origin", "HEAD:refs/tags/v1", "HEAD:refs/pull/1/head", at=work, token=token)
    assert refused.stderr.count("only branches") == 2
    assert stage.repository.git.run("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


def test_a_private_repository_hides(stage: Stage, tmp_path: Path) -> None:
    stage.world.add_repository("acme/secret", {"a": "b"}, private=True)
    url = f"{stage.world.urls.web}/acme/secret.git"
    answer = httpx.get(f"{url}/info/refs?service=git-upload-pack")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="GitHub"')
    assert "not found" in git("clone", url, "x", at=tmp_path, token=text(stage.token())).stderr
    for path in ("config", "objects/info/packs", "HEAD"):
        assert httpx.get(f"{stage.world.urls.web}/acme/widgets.git/{path}").status_code == 404


def test_a_reply_can_be_lost_on_the_wire(stage: Stage) -> None:
    stage.world.faults.drop_reply_next("POST", "/issues$", cut=True)
    url = f"{stage.world.urls.api}/repos/acme/widgets/issues"
    with pytest.raises(httpx.TransportError):
        httpx.post(url, headers=stage.token(), json={"title": "did happen"})
    assert len(stage.repository.issues) == 1


def test_the_process_serves_the_demo_and_ends_when_told(tmp_path: Path) -> None:
    config = {"app_id": APP_ID, "app_public_key": key_pair()[1]}
    config |= {"webhook_url": "http://127.0.0.1:9/hook", "webhook_secret": "s"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    argv = ["--data", str(tmp_path / "data"), "--config", str(tmp_path / "config.json")]
    with subprocess.Popen(
        [sys.executable, "-m", "emulators.github", *argv],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        url = json.loads(process.stdout.readline())["url"]
        issue = httpx.get(f"{url}/api/repos/acme/greeter/issues/1").json()
        page = httpx.get(f"{url}/acme/greeter/issues/1").text
        assert issue["title"] == "The greeting says Helo"
        assert "This is an emulator" in page
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert "THIS IS AN EMULATOR" in process.stderr.read()


def test_a_bad_configuration_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"app_id": "x", "webhook_secret": "hush", "app_public_key": "k"}')
    argv = ["--data", str(tmp_path), "--config", str(tmp_path / "config.json")]
    done = subprocess.run(
        [sys.executable, "-m", "emulators.github", *argv],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "webhook_url" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
