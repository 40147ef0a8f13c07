"""A change as git tells it: no name, attribute or mode hides a line from the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.conftest import git
from worker.contract import Policy
from worker.git import Git
from worker.inspection import inspect
from worker.masking import Mask

TOKEN = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git("init", "--quiet", "-b", "main", at=tmp_path)
    (tmp_path / "kept.py").write_text("one\ntwo\nthree\n")
    (tmp_path / "AGENTS.md").write_text("be kind\n")
    git("add", ".", at=tmp_path)
    git("commit", "--quiet", "-m", "first", at=tmp_path)
    return tmp_path


def found(repo: Path, policy: Policy | None = None, mask: Mask | None = None) -> list[tuple[str, str, int | None]]:
    git("add", "--all", at=repo)
    git("commit", "--quiet", "--allow-empty", "-m", "second", at=repo)
    findings = inspect(repo, "main~1", "main", policy or Policy(), Git(mask or Mask()))
    return [(finding.rule, finding.path, finding.line) for finding in findings]


def test_an_honest_change_has_no_findings(repo: Path) -> None:
    (repo / "kept.py").write_text("one\n2\nthree\nfour\n")
    (repo / "new.py").write_text("--- a/x\n+++ b/y\n@@ -1 +1 @@\n")
    assert found(repo) == []


def test_a_secret_is_found_at_its_line(repo: Path) -> None:
    (repo / "kept.py").write_text(f"one\ntwo\nnew\nthree\nkey = '{TOKEN}'\n")
    assert found(repo) == [("secret", "kept.py", 5)]


@pytest.mark.parametrize("name", ["with space.py", 'quo"te.py', "new\nline.py", "täg.py", "tab\t.py", "back\\slash.py"])
def test_no_name_hides_a_line(repo: Path, name: str) -> None:
    (repo / name).write_text(f"a\n{TOKEN}\n")
    assert found(repo) == [("secret", name, 2)]


def test_no_attribute_hides_a_line(repo: Path) -> None:
    (repo / ".gitattributes").write_text("* -diff binary\n")
    (repo / "data.bin").write_bytes(b"\0\0" + TOKEN.encode() + b"\n")
    assert found(repo) == [("secret", "data.bin", 1)]


def test_a_line_that_looks_like_a_header_is_none(repo: Path) -> None:
    (repo / "a.txt").write_text(f"++ b/elsewhere\ndiff --git a/x b/x\n{TOKEN}")
    assert found(repo) == [("secret", "a.txt", 3)]


def test_what_is_taken_away_is_no_secret_but_may_be_protected(repo: Path) -> None:
    (repo / "AGENTS.md").unlink()
    assert found(repo) == [("protected_path", "AGENTS.md", None)]


def test_a_rename_of_a_protected_file_waits(repo: Path) -> None:
    (repo / "AGENTS.md").rename(repo / "old.md")
    assert found(repo) == [("protected_path", "AGENTS.md", None)]


def test_a_file_that_became_a_link_is_looked_at(repo: Path) -> None:
    (repo / "kept.py").unlink()
    (repo / "kept.py").symlink_to("/etc/passwd")
    assert found(repo) == [("symlink", "kept.py", None)]


def test_a_submodule_is_seen(repo: Path) -> None:
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib", at=repo)
    git("commit", "--quiet", "-m", "second", at=repo)
    findings = inspect(repo, "main~1", "main", Policy(), Git(Mask()))
    assert [(finding.rule, finding.path) for finding in findings] == [("submodule", "vendor/lib")]


def test_sizes_and_counts_are_measured(repo: Path) -> None:
    (repo / "big.txt").write_text("x" * 1000)
    assert found(repo, Policy(max_file_bytes=999)) == [("size", "big.txt", None)]


def test_a_secret_of_the_run_is_found(repo: Path) -> None:
    (repo / "kept.py").write_text("one\ntwo\nhunter2-and-more\n")
    assert found(repo, mask=Mask(["hunter2-and-more"])) == [("secret", "kept.py", 3)]
