"""What arrives on the branch is what the agent did to the files: nothing lost, nothing else touched."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.worker.conftest import BRANCH, Bare, Start, git
from worker.agents.mock.antics import plant_traps
from worker.contract import JobDocument


def shell(job: JobDocument, script: str) -> JobDocument:
    """A job whose agent is a shell script."""
    return replace(job, agent=replace(job.agent, argv=["/bin/sh", "-ec", script], stream="text"))


def add_to_main(bare: Bare, script: str) -> None:
    """Run a script in a clone of main and push what it commits."""
    work = bare.path.parent / "work"
    git("clone", "--quiet", str(bare.path), str(work), at=bare.path.parent)
    git("-c", f"alias.fill=!{script}", "fill", at=work)
    git("push", "--quiet", "origin", "HEAD:main", at=work)


def changed(bare: Bare) -> list[str]:
    return bare.git("-c", "core.quotePath=false", "diff", "--name-status", "main", BRANCH).splitlines()


def test_every_kind_of_change_arrives(start: Start, job: JobDocument, bare: Bare) -> None:
    script = (
        "git rm -q README.md; mkdir -p 'a b/c'; echo x > 'a b/c/ü“.txt'; printf '\\0\\1' > data.bin;"
        " ln -s greet.py link; chmod +x greet.py; ln -s nowhere loose; echo s > .gitattributes"
    )
    machine = start(shell(job, script))
    machine.wait()
    assert changed(bare) == [
        "A\t.gitattributes",
        "D\tREADME.md",
        "A\ta b/c/ü“.txt",
        "A\tdata.bin",
        "M\tgreet.py",
        "A\tlink",
        "A\tloose",
    ]
    assert bare.git("ls-tree", BRANCH, "link", "loose", "greet.py").count("120000") == 2
    assert bare.show(f"{BRANCH}:loose") == "nowhere", "the link and not what it points to"
    assert machine.result["diff"] == {"files": 7, "additions": 4, "deletions": 3}


def test_untouched_files_stay_byte_for_byte(start: Start, job: JobDocument, bare: Bare) -> None:
    crlf = "printf 'one\\r\\ntwo\\r\\n' > dos.txt && git add . && git commit -qm dos"
    attributes = "echo '*.txt text' > .gitattributes && git add .gitattributes && git commit -qm attributes"
    add_to_main(bare, f"{crlf} && {attributes}")
    start(shell(job, "echo new > new.md")).wait()
    assert changed(bare) == ["A\tnew.md"]


def test_a_change_of_the_same_size_in_the_same_second_arrives(start: Start, job: JobDocument, bare: Bare) -> None:
    start(shell(job, 'new=$(sed s/Helo/Hola/ greet.py); echo "$new" > greet.py')).wait()
    assert changed(bare) == ["M\tgreet.py"]


def test_a_submodule_that_was_not_fetched_stays(start: Start, job: JobDocument, bare: Bare) -> None:
    modules = 'printf "[submodule \\"sub\\"]\\n\\tpath = sub\\n\\turl = ../sub.git\\n" > .gitmodules'
    link = "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub"
    add_to_main(bare, f"{modules} && {link} && git add .gitmodules && git commit -qm submodule")
    start(shell(job, "echo new > new.md")).wait()
    assert changed(bare) == ["A\tnew.md"]


def test_commits_and_leftovers_arrive_together(start: Start, job: JobDocument, bare: Bare) -> None:
    start(
        shell(job, "echo 1 > one; git add one; git commit -qm one; echo 2 > two; git checkout -q -b elsewhere")
    ).wait()
    assert changed(bare) == ["A\tone", "A\ttwo"]
    assert bare.git("log", "--format=%s", f"main..{BRANCH}").splitlines() == ["Fix the greeting", "one"]


def test_a_branch_of_somebody_else_is_not_overwritten(start: Start, job: JobDocument, bare: Bare) -> None:
    git("clone", "--quiet", str(bare.path), str(bare.path.parent / "theirs"), at=bare.path.parent)
    git("commit", "--quiet", "--allow-empty", "-m", "theirs", at=bare.path.parent / "theirs")
    git("push", "--quiet", "origin", f"HEAD:{BRANCH}", at=bare.path.parent / "theirs")
    machine = start(job)
    machine.wait()
    assert machine.result["ending"] == "push_failed"
    assert "somebody pushed to" in machine.result["message"]
    assert bare.git("log", "-1", "--format=%s", BRANCH) == "theirs"


def test_the_traps_that_the_runner_steps_around_are_real(
    seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, home, marker = tmp_path / "work", tmp_path / "home", tmp_path / "sprung"
    git("clone", "--quiet", str(seed), str(work), at=tmp_path)
    home.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home))
    plant_traps(str(marker))
    subprocess.run(["git", "add", "."], cwd=work, check=False, capture_output=True)
    assert marker.exists()
