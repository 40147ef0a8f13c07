"""What may have changed a repository's configuration file has it read anew, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intake.config_news import repositories
from tests.emulators import github_stage


def push(**changes: Any) -> bytes:
    told = {
        "ref": "refs/heads/main",
        "repository": {"id": 1, "full_name": "acme/widgets", "default_branch": "main"},
        "commits": [{"added": [], "modified": [".porter/config.json"], "removed": []}],
        "deleted": False,
        "forced": False,
    }
    return json.dumps(told | changes).encode()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({}, ["acme/widgets"], id="modified"),
        pytest.param({"commits": [{"added": [".porter/config.toml"]}]}, ["acme/widgets"], id="added"),
        pytest.param({"commits": [{}, {"removed": [".porter/config.json"]}]}, ["acme/widgets"], id="removed"),
        pytest.param({"commits": [], "forced": True}, ["acme/widgets"], id="forced"),
        pytest.param({"commits": [{"added": ["src/.porter/x"]}]}, [], id="elsewhere"),
        pytest.param({"ref": "refs/heads/feature"}, [], id="another-branch"),
        pytest.param({"ref": "refs/tags/main"}, [], id="tag"),
        pytest.param({"deleted": True}, [], id="deleted"),
        pytest.param({"commits": None}, [], id="malformed"),
    ],
)
def test_a_push_counts_when_it_touches_the_folder_on_the_default_branch(changes: dict[str, Any], found: list[str]):
    assert repositories("push", push(**changes)) == found


def test_repositories_that_come_under_an_installation_count():
    created = {"action": "created", "repositories": [{"full_name": "acme/a"}, {"full_name": "acme/b"}]}
    added = {"action": "added", "repositories_added": [{"full_name": "acme/c"}]}
    gone = {"action": "deleted", "repositories": [{"full_name": "acme/a"}]}
    assert repositories("installation", json.dumps(created).encode()) == ["acme/a", "acme/b"]
    assert repositories("installation_repositories", json.dumps(added).encode()) == ["acme/c"]
    assert repositories("installation", json.dumps(gone).encode()) == []
    assert repositories("issues", json.dumps(created).encode()) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"ref": 3}'])
def test_a_body_that_is_none_is_about_nothing(body: bytes):
    assert repositories("push", body) == []


def test_a_push_as_github_sends_it_counts(tmp_path: Path):
    with github_stage.opened(tmp_path) as stage:
        stage.world.push(stage.repository, "tom", "main", {".porter/config.json": "{}"})
        stage.heard()
        [body] = [body for headers, body in stage.receiver.got if headers["x-github-event"] == "push"]
        assert repositories("push", body) == ["acme/widgets"]
