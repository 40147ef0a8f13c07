"""What an agent plants for git goes off when somebody works in its copy, and does nothing when the runner pushes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare
from tests.worker.git_server import READ_TOKEN, GitServer, serving
from tests.worker.porter import PUSH_TOKEN
from worker import workspace
from worker.contract import JobDocument
from worker.git import Git, identity
from worker.harvest import harvest, push
from worker.holding import held_back
from worker.masking import Mask
from worker.workspace import Workspace

COMMIT, STATUS, ASK = "git commit -q --allow-empty -m x", "git status", "git ls-remote $URL/greeter.git"
HOOKS = "pre-commit post-commit pre-push post-index-change reference-transaction"


@dataclass(frozen=True)
class Trap:
    """`plant` is the agent's work; `spring` a plain git command in its copy that sets it off (empty: nothing can)."""

    plant: str
    spring: str = STATUS


def config(*settings: str) -> str:
    return "; ".join(f"git config {setting}" for setting in settings)


TRAPS = [
    pytest.param(Trap(f"for h in {HOOKS}; do cp $TRAP .git/hooks/$h; done", COMMIT), id="hooks"),
    pytest.param(
        Trap(f"mkdir h; for h in {HOOKS}; do cp $TRAP h/$h; done; git config core.hooksPath h", COMMIT), id="hooks-path"
    ),
    pytest.param(Trap(config("core.fsmonitor $TRAP")), id="fsmonitor"),
    pytest.param(
        Trap(f"echo '* filter=t' > .gitattributes; {config('filter.t.clean $TRAP')}", "git add ."), id="clean-filter"
    ),
    pytest.param(
        Trap(f"echo '* filter=t' > .gitattributes; {config('filter.t.process $TRAP')}", "git add ."), id="process"
    ),
    pytest.param(
        Trap(f"echo '* diff=t' > .gitattributes; {config('diff.t.textconv $TRAP', 'diff.external $TRAP')}", "git diff"),
        id="diff-drivers",
    ),
    pytest.param(Trap(config("credential.helper $TRAP"), ASK), id="credential-helper"),
    pytest.param(Trap(config("core.sshCommand $TRAP"), "git ls-remote ssh://nowhere.invalid/x"), id="ssh-command"),
    pytest.param(Trap(config("gpg.program $TRAP", "commit.gpgSign true"), COMMIT), id="gpg"),
    pytest.param(
        Trap("printf '[core]\\n\\tfsmonitor = %s\\n' $TRAP > more; git config include.path $PWD/more"), id="include"
    ),
    pytest.param(Trap("printf '[core]\\n\\tfsmonitor = %s\\n' $TRAP > $HOME/.gitconfig"), id="global-config"),
    pytest.param(
        Trap(f"git init -q sub; cd sub; {COMMIT}; git config core.fsmonitor $TRAP; cd ..; git add sub"),
        id="submodule",
    ),
    pytest.param(
        Trap("mv .git ../moved; ln -s ../moved .git; git config core.fsmonitor $TRAP"), id="git-is-a-link"
    ),
    pytest.param(Trap(config("url.$ELSEWHERE/.insteadOf $URL/"), ASK), id="instead-of"),
    pytest.param(
        Trap(config("url.$ELSEWHERE/.pushInsteadOf $URL/"), "git push $URL/greeter.git HEAD:x"), id="push-instead-of"
    ),
    pytest.param(Trap("git config http.proxy $ELSEWHERE", ASK), id="proxy"),
    pytest.param(
        Trap("git init -q --bare ../alt; echo $PWD/../alt/objects > .git/objects/info/alternates", ""), id="alternates"
    ),
    pytest.param(
        Trap(
            "echo evil > evil; git add evil; t=$(git write-tree); git reset -q; rm evil;"
            " git replace HEAD $(git commit-tree $t -p HEAD -m evil)",
            "",
        ),
        id="replace-refs",
    ),
    pytest.param(Trap("git rev-parse HEAD > .git/info/grafts; git rev-parse HEAD > .git/shallow", ""), id="grafts"),
]  # fmt: skip


@pytest.fixture
def servers(bare: Bare) -> Iterator[tuple[GitServer, GitServer]]:
    """The right one, and one that must not be asked."""
    bare.git("config", "http.receivepack", "true")
    right, wrong = (GitServer(bare.path.parent, READ_TOKEN, PUSH_TOKEN) for _ in range(2))
    with serving(right), serving(wrong):
        yield right, wrong


@pytest.fixture
def space() -> Iterator[Workspace]:
    made = workspace.make_directories(None)
    yield made
    made.remove()


@pytest.mark.parametrize("trap", TRAPS)
def test_it_goes_off_in_the_agents_copy_and_not_when_the_runner_pushes(
    job: JobDocument, bare: Bare, servers: tuple[GitServer, GitServer], space: Workspace, tmp_path: Path, trap: Trap
) -> None:
    right, wrong = servers
    canary, program = tmp_path / "canary", tmp_path / "trap"
    program.write_text(f"#!/bin/sh\necho sprung >> {canary}\nexit 0\n")
    program.chmod(0o755)
    job = replace(job, clone_url=f"{right.url}/greeter.git", clone_token=READ_TOKEN)
    git = Git(Mask(), identity=identity("Porter", "porter@example.invalid"))
    space = workspace.fetch(space, job, git)
    workspace.check_out(space, job, git)

    who = identity("Agent", "agent@example.invalid")
    env = {"PATH": os.environ["PATH"], "HOME": str(space.home), "GIT_TERMINAL_PROMPT": "0", **who}
    env |= {"TRAP": str(program), "URL": right.url, "ELSEWHERE": wrong.url}
    prepare = f"mkdir -p .git/hooks .git/info; {trap.plant}; sed -i s/Helo/Hello/ greet.py"
    subprocess.run(["/bin/sh", "-ec", prepare], cwd=space.repo, env=env, check=True)
    if trap.spring:
        subprocess.run(["/bin/sh", "-c", trap.spring], cwd=space.repo, env=env, check=False, capture_output=True)
        assert canary.exists() or wrong.paths, "this trap is none: the test would prove nothing"
        canary.unlink(missing_ok=True)
        wrong.paths.clear()

    found = harvest(space, job, own=git, agents=git)
    held = held_back(space, job, found, git)
    assert held is None or [one.path for one in held.findings] == ["sub"]
    push(job, found, git, token=PUSH_TOKEN)

    assert not canary.exists()
    assert wrong.paths == []
    assert 'return "Hello, world"' in bare.show(f"{BRANCH}:greet.py")
    assert "evil" not in bare.git("ls-tree", "--name-only", BRANCH).split()
    assert bare.git("merge-base", BRANCH, "main") == bare.git("rev-parse", "main")
