"""Both images, as far as they can be judged without an engine: what they are made of, and that it starts."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.emulators.fly_api import eventually
from tests.image.dockerfile import ROOT, bases, copies, ignored, last_stage, lay, steps
from worker import agents
from worker.isolation import DEFAULT_USER

SERVICE, WORKER = "Dockerfile", "worker/Dockerfile"
both = pytest.mark.parametrize("name", [SERVICE, WORKER])


@both
def test_every_base_is_named_by_digest(name: str) -> None:
    for base in bases(name):
        assert re.fullmatch(r"[\w./:-]+@sha256:[0-9a-f]{64}", base)


@both
def test_nothing_is_fetched_by_address_and_no_secret_is_built_in(name: str) -> None:
    for step in steps(name):
        assert step.verb != "ADD"
        assert not re.search(r"https?://|curl .*\|", step.words)
        if step.verb in ("ARG", "ENV"):
            assert not re.search(r"TOKEN|SECRET|PASSWORD|KEY", step.words)


@both
def test_packages_of_the_system_leave_no_lists_behind(name: str) -> None:
    installs = [step.words for step in steps(name) if "apt-get install" in step.words]
    assert installs
    for words in installs:
        assert "--no-install-recommends" in words
        assert "rm -rf /var/lib/apt/lists/*" in words


@both
def test_what_is_copied_is_there_and_not_ignored(name: str) -> None:
    for sources, _ in copies(name):
        for source in sources:
            assert (ROOT / source).exists()
            assert not ignored(source)


@pytest.mark.parametrize(
    "path", [".git/config", ".env", ".env.production", ".venv/bin/python", ".node/bin/node", ".porter/secrets.env",
             "jobs/__pycache__/work.pyc", "tests/conftest.py"],
)  # fmt: skip
def test_what_no_image_may_hold_is_ignored(path: str) -> None:
    assert ignored(path)


def test_the_service_runs_as_a_user_of_its_own() -> None:
    verbs = {step.verb: step.words for step in last_stage(SERVICE)}
    assert verbs["USER"] == "porter"
    assert verbs["CMD"].startswith("[")


def test_the_runner_is_process_1_and_the_agent_has_a_user_of_its_own() -> None:
    verbs = {step.verb: step.words for step in last_stage(WORKER)}
    assert verbs["ENTRYPOINT"] == '["python3", "-m", "worker"]'
    made = next(step.words for step in last_stage(WORKER) if "useradd" in step.words)
    assert re.search(rf"useradd .*--uid [1-9]\d+ {DEFAULT_USER}\b", made)


def test_no_version_of_an_agent_is_repeated_in_the_image() -> None:
    text = (ROOT / WORKER).read_text()
    versions = [agent.version for agent in agents.AGENTS.values() if agent.version]
    assert versions
    assert [version for version in versions if version in text] == []


def test_every_stage_of_the_machines_image_has_the_same_agents() -> None:
    chosen = [step.words for step in steps(WORKER) if step.words.startswith("AGENTS=")]
    assert len(chosen) == 2
    assert len({*chosen}) == 1
    assert all(agents.find(word) for word in chosen[0].partition("=")[2].strip('"').split())


def test_the_recipe_needs_no_more_of_the_repository_than_its_stage_has(tmp_path: Path) -> None:
    first = [step.words.split() for step in steps(WORKER) if step.verb == "COPY"][:3]
    for *sources, target in first:
        subprocess.run(["mkdir", "-p", str(tmp_path / target)], check=True)
        for source in sources:
            subprocess.run(["cp", "-r", f"{ROOT / source}{'/.' if source.endswith('/') else ''}", tmp_path / target])
    done = _python(tmp_path, "-m", "worker.image.install", "--help", cwd=tmp_path)
    assert "AGENT" in done.stdout.upper()


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """What the machines' image holds of the repository, laid out in a clean directory."""
    lay(WORKER, tmp_path)
    return tmp_path / "opt/porter"


def test_the_laid_out_runner_says_how_to_use_it(machine: Path, tmp_path: Path) -> None:
    assert "REPO_CLONE_URL" in _python(machine, "-m", "worker", "--help", cwd=tmp_path).stdout


def test_the_laid_out_runner_does_a_task_by_hand(machine: Path, tmp_path: Path) -> None:
    bare, clone = tmp_path / "try.git", tmp_path / "try"
    _git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    _git(tmp_path, "clone", "-q", str(bare), str(clone))
    (clone / "hello.py").write_text('print("Helo")\n')
    _git(clone, "add", ".")
    _git(clone, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "first")
    _git(clone, "push", "-q", "origin", "HEAD:main")
    task = {"TASK_ID": "1", "AGENT": "mock", "PROMPT": 'replace "Helo" with "Hello"', "REPO_CLONE_URL": bare.as_uri()}
    _python(machine, "-m", "worker", cwd=tmp_path, **task, PORTER_AGENT_USER="nobody-of-that-name")
    assert "+print" in _git(bare, "show", "porter/1")


def test_the_laid_out_service_starts_and_its_health_check_sees_it(tmp_path: Path) -> None:
    lay(SERVICE, tmp_path)
    app = tmp_path / "app"
    assert _python(app, "-c", "import porter; print(porter.__file__)", cwd=tmp_path).stdout.startswith(str(app))
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/porter.db", "PORTER_VAULT_KEYS": "1:" + "A" * 43 + "="}
    settings |= {"GITHUB_WEBHOOK_SECRET": "known-to-this-test"}
    _python(app, "-m", "porter", "migrate", site=True, cwd=tmp_path, **settings)
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["intake"]
    check = [sys.executable, *service["healthcheck"]["test"][2:]]
    with socket.socket() as door:  # open before the service starts, so that its port is nobody else's
        door.bind(("127.0.0.1", 0))
        door.listen()
        check[-1] = check[-1].replace("8100", str(door.getsockname()[1])).replace("timeout=2", "timeout=20")
        command = [sys.executable, "-m", *service["command"][:-1], f"fd://{door.fileno()}"]
        environment = _environment(app, tmp_path) | settings
        intake = subprocess.Popen(command, env=environment, cwd=tmp_path, pass_fds=[door.fileno()])
    try:
        eventually(lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0, seconds=60)
    finally:
        intake.terminate()
        assert intake.wait(30) == 0


def _python(place: Path, *words: str, cwd: Path, site: bool = False, **more: str) -> subprocess.CompletedProcess[str]:
    """Python as the image has it: Porter from `place`, and of other packages none unless `site`."""
    environment = _environment(place, cwd) | more
    command = [sys.executable, *([] if site else ["-S"]), *words]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done


def _environment(place: Path, home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "HOME": str(home), "LANG": "C.UTF-8"}


def _git(place: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", "-C", str(place), *words], env=environment, check=True, capture_output=True, text=True
    ).stdout
