"""What an embedded Porter makes for itself, and what the command line says when something is wrong."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from porter import redis_server, stack
from porter.data_dir import DataDir
from porter.errors import StartError
from porter.supervisor import Program, Supervisor, listens

KEY = {"PORTER_VAULT_KEYS": "v1:MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="}
PORTER = [sys.executable, "-m", "porter"]


def test_secrets_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first = DataDir(tmp_path / "data").secrets()
    assert DataDir(tmp_path / "data").secrets() == first
    assert stat.S_IMODE((tmp_path / "data" / "secrets.env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_two_porters_do_not_share_a_data_directory(tmp_path: Path) -> None:
    first = DataDir(tmp_path)
    first.lock()
    with pytest.raises(StartError, match="another Porter runs"):
        DataDir(tmp_path).lock()


def test_the_embedded_redis_has_no_port_and_a_private_socket(tmp_path: Path) -> None:
    plan = redis_server.plan(tmp_path / "redis")
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(Program("redis", plan.argv, ready=listens(plan.url)))
        socket = Path(plan.url.removeprefix("unix://"))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert plan.argv[plan.argv.index("--port") + 1] == "0"


def test_a_long_data_directory_still_gets_a_socket_the_system_accepts(tmp_path: Path) -> None:
    plan = redis_server.plan(tmp_path / ("long" * 30))
    assert plan.scratch is not None
    assert len(plan.url) < 108
    plan.scratch.rmdir()


def test_a_redis_of_the_operator_is_used_instead_of_our_own(tmp_path: Path) -> None:
    plan = stack.plan(tmp_path, {"REDIS_URL": "redis://elsewhere:6379/0"})
    assert plan.addresses.redis == "redis://elsewhere:6379/0"
    assert not plan.ground


@pytest.mark.parametrize(
    ("argv", "environment", "said"),
    [
        pytest.param(["sweep"], {}, "PORTER_VAULT_KEYS is not set", id="no-vault-key"),
        pytest.param(
            ["migrate"], {"PORTER_ENV": "production", "GITHUB_APP_ID": "1"}, "GITHUB_WEBHOOK_SECRET is not set",
            id="half-an-app",
        ),
        pytest.param(["migrate"], {"PORTER_ENV": "production"}, "PORTER_DASHBOARD_PASSWORD is not set", id="open-door"),
        pytest.param(["worker"], {"PORTER_VAULT_KEYS": "v1:x"}, "REDIS_URL is not set", id="no-redis"),
        pytest.param(["sweep"], {"PORTER_VAULT_KEYS": "nonsense"}, "expected version:base64", id="bad-key"),
        pytest.param(["migrate"], {"PORTER_PROMPT_BUDGET": "much"}, "PORTER_PROMPT_BUDGET", id="bad-number"),
        pytest.param(["migrate"], KEY | {"PORTER_DATA_DIR": "/nowhere"}, "the database refused", id="no-such-folder"),
        pytest.param(["secret", "list"], KEY, "`porter migrate` makes its tables", id="no-tables"),
        pytest.param(["frobnicate"], {}, "No such command", id="unknown-command"),
    ],
)  # fmt: skip
def test_a_fault_is_a_sentence_and_a_failing_exit_code(
    argv: list[str], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    bare = {"PATH": os.environ["PATH"], "PORTER_DATA_DIR": str(tmp_path)}
    ended = subprocess.run([*PORTER, *argv], env=bare | environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_secret_is_read_from_standard_input_and_never_shown_again(tmp_path: Path) -> None:
    DataDir(tmp_path).secrets()  # as `porter up` makes them; the commands beside it find them there
    environment = {"PATH": os.environ["PATH"], "PORTER_DATA_DIR": str(tmp_path)}

    def porter(*argv: str, text: str = "") -> str:
        ended = subprocess.run(
            [*PORTER, *argv], env=environment, input=text, capture_output=True, text=True, timeout=30
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    porter("migrate")
    porter("secret", "set", "ANTHROPIC_API_KEY", text="sk-canary\n")
    listed = porter("secret", "list")
    assert "ANTHROPIC_API_KEY  configured" in listed
    assert "sk-canary" not in listed
    assert b"sk-canary" not in (tmp_path / "porter.db").read_bytes()
    porter("secret", "remove", "ANTHROPIC_API_KEY")
    assert "ANTHROPIC_API_KEY" not in porter("secret", "list")
    explained = porter("config", "explain", "--repo", "acme/greeter", "--user", "maria")
    assert re.search(r"^priority +normal +built-in$", explained, re.MULTILINE), explained
