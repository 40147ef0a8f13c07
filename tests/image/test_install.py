"""The recipe of the image: what it asks npm and pip for, what it leaves alone, what it says when something is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.image.dockerfile import ROOT
from tests.programs import missing
from worker import agents
from worker.agents import Agent
from worker.errors import ImageFailed
from worker.image import sizes
from worker.image.check import check
from worker.image.install import choose, install, is_installed

REAL = ROOT / ".node"
DRIVEN = ("claude-code", "opencode", "codex", "gemini")
NPM = """#!/bin/sh
echo "$@" >> "$LOG"
[ -n "$FAILS" ] && { echo "npm error code E404" >&2; exit 1; }
mkdir -p node_modules/.bin; for name in node npm npx claude; do : > node_modules/.bin/$name; done
echo '{"packages": {"node_modules/@anthropic-ai/claude-code": {}}}' > node_modules/.package-lock.json
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `npm` that writes down how it was called; the log."""
    programs, log = tmp_path / "programs", tmp_path / "npm.log"
    programs.mkdir()
    (programs / "npm").write_text(NPM)
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    return log


def test_scripts_run_for_the_agents_own_packages_only(npm: Path, tmp_path: Path) -> None:
    place, (claude,) = tmp_path / "agents", choose(["claude-code"])
    install(place, [claude])
    calls = npm.read_text().splitlines()
    installs, rebuilds = ([call for call in calls if call.startswith(verb)] for verb in ("install", "rebuild"))
    assert all("--ignore-scripts" in call and "--save-exact" in call for call in installs)
    assert installs[-1].endswith(f" {claude.package}@{claude.version}")
    assert [call.split()[-1] for call in rebuilds] == [claude.package]
    assert json.loads((place / "package.json").read_text())["allowScripts"] == {claude.package: True}
    assert (place / "bin" / "claude").exists()


def test_what_is_installed_is_left_alone_until_its_pin_moves(npm: Path, tmp_path: Path) -> None:
    place, (claude,) = tmp_path / "agents", choose(["claude-code"])
    install(place, [claude])
    before = npm.read_text()
    install(place, [claude])
    assert npm.read_text() == before
    assert not is_installed(place, Agent("claude-code", "", ("claude",), "text", package=claude.package, version="9"))


def test_a_failed_installation_is_told_and_does_not_count(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "yes")
    place, chosen = tmp_path / "agents", choose(["claude-code"])
    with pytest.raises(ImageFailed, match="npm error code E404"):
        install(place, chosen)
    assert not is_installed(place, chosen[0])


def test_an_agent_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker.image.install", str(tmp_path / "agents"), "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "there is no agent 'nonsense'; there are" in done.stderr


def test_without_npm_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageFailed, match="apt install npm"):
        install(tmp_path / "agents", choose(["claude-code"]))


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """An agent from a Python package, which pip finds in a folder."""
    info = "tiny_agent-1.2.3.dist-info"
    with zipfile.ZipFile(tmp_path / "tiny_agent-1.2.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_agent.py", "def main():\n    print('tiny 1.2.3')\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-agent\nVersion: 1.2.3\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny = tiny_agent:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return Agent("tiny", "Tiny", ("tiny",), "text", package="tiny-agent", version="1.2.3", installer="pip")


def test_a_python_agent_gets_an_environment_of_its_own_and_starts(tiny: Agent, tmp_path: Path) -> None:
    place = tmp_path / "agents"
    install(place, [tiny])
    check(place, tiny)
    assert (place / "tiny" / "bin" / "python").exists()
    assert sizes.measure(sizes.of(place, tiny)) > 0
    program = place / "tiny" / "bin" / "tiny"
    program.write_text("#!/bin/sh\necho tiny 1.2.30\n")
    with pytest.raises(ImageFailed, match=r"should be 1\.2\.3, but says: tiny 1\.2\.30"):
        check(place, tiny)
    program.write_text("#!/bin/sh\necho no GLIBC here; exit 127\n")
    with pytest.raises(ImageFailed, match="ended with 127: no GLIBC here"):
        check(place, tiny)


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 100_000)
    once = sizes.measure([tmp_path])
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert sizes.measure([tmp_path, tmp_path]) == once >= 100_000


@pytest.mark.parametrize("name", DRIVEN)
def test_the_real_agent_is_the_pinned_one_and_starts_as_anybody_without_a_network(name: str) -> None:
    (agent,) = choose([name])
    if not is_installed(REAL, agent):
        missing(f"{name} {agent.version} is not in .node: python -m worker.image.install .node {name}")
    as_nobody = ["--user", "nobody"] if os.geteuid() == 0 and _open_to_all(REAL) else []
    command = [sys.executable, "-m", "worker.image.check", str(REAL), *as_nobody, name]
    done = subprocess.run([*_no_network(), *command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{name} {agent.version} starts" in done.stderr
    assert sizes.measure(sizes.of(REAL, agent)) > 10_000_000


def test_every_agent_that_can_be_installed_says_which_version() -> None:
    assert [agent.name for agent in agents.AGENTS.values() if agent.package and not agent.version] == []


def _no_network() -> list[str]:
    """What runs a command without a network, where this system lets us."""
    cut = ["unshare", "--net"]
    if shutil.which("unshare") and subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0:
        return cut
    return []


def _open_to_all(place: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))
