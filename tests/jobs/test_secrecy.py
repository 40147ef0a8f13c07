"""Canaries: whatever an agent or an error says, no secret that Porter knows reaches GitHub, a log or the database."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from intake.app import create_app
from jobs import logging as log_lines
from jobs.finish import finish
from jobs.launch import launch
from jobs.secrecy import Secrecy, of_config
from store import credentials, vault
from store.credentials import Credential
from tests.jobs.stage import Stage

WEBHOOK, API, KEY = "canary-webhook/secret+1", "canary-api-token-2", "canary-provider-key-3"
CANARIES = (WEBHOOK, API, KEY)


def spellings(secret: str) -> list[str]:
    raw = secret.encode()
    shifted = base64.b64encode(b"x" + raw).decode()
    return [secret, base64.b64encode(raw).decode(), shifted, raw.hex(), quote(secret, safe="")]


@pytest.fixture
def canaries(stage: Stage) -> Stage:
    values = {"github_webhook_secret": SecretStr(WEBHOOK), "api_token": SecretStr(API)}
    for name, value in values.items():
        object.__setattr__(stage.services.config, name, value)
    vault.put(stage.services.db, stage.services.vault, "global", "SOME_KEY", KEY, by="t", now=stage.clock())
    return stage


@pytest.mark.parametrize("secret", CANARIES)
def test_a_known_secret_is_hidden_in_every_spelling(canaries: Stage, secret: str):
    for spelling in spellings(secret):
        assert spelling not in canaries.services.secrecy.text(f"it is {spelling}, is it not")


def test_a_secret_that_is_added_later_is_known_half_a_minute_after(canaries: Stage):
    secrecy = canaries.services.secrecy
    secrecy.text("read once")
    vault.put(
        canaries.services.db, canaries.services.vault, "user:tom", "K", "canary-late-4", by="t", now=canaries.clock()
    )
    canaries.wait(31)
    assert "canary-late-4" not in secrecy.text("canary-late-4")


def test_the_parts_of_a_secret_are_secret(stage: Stage):
    key = base64.b64encode(b"k" * 32).decode()
    config = stage.services.config.model_copy(
        update={"vault_keys": SecretStr(f"v1:{key}"), "redis_url": "redis://:canary%2Fredis@host:1/0"}
    )
    known = set(of_config(config))
    assert {key, "canary%2Fredis", "canary/redis"} <= known
    hidden = Secrecy(config, stage.services.db, stage.services.vault, stage.clock).text(f"{key} canary/redis")
    assert hidden == "*** ***"


def test_no_word_on_github_holds_a_secret(canaries: Stage):
    said = " ".join(spelling for secret in CANARIES for spelling in spellings(secret))
    task = canaries.task(instructions=f"do it with {said}", issue_title=f"Fix {API}")
    launch(canaries.services, task.run_id)
    canaries.result(task, summary=said, tests={"command": f"make {KEY}", "exit_code": 1, "tail": said})
    finish(canaries.services, task.run_id)
    [pull] = canaries.pulls()
    for text in (pull.title, pull.body or "", *(one.body for one in canaries.replies())):
        assert "canary" not in text
        for secret in CANARIES:
            assert not [spelling for spelling in spellings(secret) if spelling in text]


def test_what_a_machine_says_reaches_neither_the_database_nor_github(canaries: Stage, tmp_path: Path):
    """Its own token and those it was given, through the door that it uses."""
    task = canaries.task(agent="mock")
    launch(canaries.services, task.run_id)
    [own] = canaries.secret_texts()
    until = canaries.clock().replace(year=2030)
    tokens = {"clone": "canary-clone-5", "push": "canary-push-6"}
    for purpose, value in tokens.items():
        credentials.keep(
            canaries.services.db, canaries.services.vault, f"run:{task.run_id}", purpose, Credential(value, until)
        )
    said = " ".join([own, *tokens.values(), base64.b64encode(b"canary-push-6").decode()])
    client = create_app(canaries.services).test_client()
    headers = {"Authorization": f"Bearer {own}"}
    line = {"n": 1, "at": 1.0, "text": said}
    update = {"run_id": task.run_id, "seq": 1, "phase": "running", "logs": [line], "step": said}
    assert client.post("/api/callbacks/task-update", json=update, headers=headers).json["accepted"]
    canaries.github.branch(canaries.now_task(task).branch)
    result = {"ending": "changes", "message": said, "summary": said, "pushed": True, "log_tail": [said]}
    body = {"run_id": task.run_id, "seq": 2, "result": result}
    assert client.post("/api/callbacks/task-complete", json=body, headers=headers).json["accepted"]
    finish(canaries.services, task.run_id)
    assert canaries.pulls()
    texts = [canaries.pulls()[0].body or "", *(one.body for one in canaries.replies())]
    files = [path.read_bytes() for path in tmp_path.glob("porter.db*")]
    for secret in (own, *tokens.values()):
        assert not [text for text in texts if secret in text]
        assert not [data for data in files if secret.encode() in data]


def test_no_log_line_holds_a_secret(canaries: Stage, monkeypatch: pytest.MonkeyPatch):
    out, root = io.StringIO(), logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        monkeypatch.setattr("sys.stderr", out)
        log_lines.configure(canaries.services.config, process="test")
        log = logging.getLogger("canary")
        log.warning("said %s", WEBHOOK, extra={"action": API, "token": "ghs_" + "x" * 36})
        try:
            raise ValueError(API)
        except ValueError:
            log.exception("it failed")
    finally:
        root.handlers[:], root.level = before
    written = out.getvalue()
    assert "it failed" in written
    assert WEBHOOK not in written
    assert API not in written
    assert "ghs_x" not in written
