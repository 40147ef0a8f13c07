"""docker-compose.yml as far as it can be checked without an engine: against the compose schema, and its promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.config import Config
from porter.env_file import render

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]


def test_the_file_is_what_the_compose_specification_allows() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*check, str(ROOT / "docker-compose.yml")], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout


def test_every_part_of_porter_has_a_service() -> None:
    assert {"postgres", "redis", "migrate", "intake", "control", "launcher", "sweep", "dashboard"} <= set(SERVICES)


def test_the_stand_ins_start_only_with_the_demo_profile() -> None:
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["demo"]} == {
        "github", "fly", "demo-files",
    }  # fmt: skip


def test_no_secret_has_a_value_in_the_file() -> None:
    for name in (
        "PORTER_VAULT_KEYS",
        "PORTER_API_TOKEN",
        "PORTER_DASHBOARD_PASSWORD",
        "GITHUB_WEBHOOK_SECRET",
        "FLY_API_TOKEN",
    ):
        assert SERVICES["intake"]["environment"][name] == f"${{{name}:-}}"


def test_ports_open_on_the_loopback_only_unless_the_operator_says_otherwise() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert "127.0.0.1" in port


@pytest.mark.parametrize("demo", [False, True], ids=["server", "demo"])
def test_the_env_file_names_every_variable_the_compose_file_insists_on(demo: bool) -> None:
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert required <= {line.partition("=")[0] for line in render(demo=demo).splitlines()}


def test_two_env_files_share_no_secret() -> None:
    first, second = (set(render(demo=False).splitlines()) for _ in range(2))
    shared = {line for line in first & second if "=" in line and not line.endswith("=")}
    assert not {line for line in shared if not line.startswith("#")}


def test_every_variable_of_the_configuration_reaches_the_services() -> None:
    known = {str(field.validation_alias) for field in Config.model_fields.values()}
    own = {"PORTER_DATA_DIR"}  # the image says where its volume is
    assert known - set(SERVICES["intake"]["environment"]) == own
