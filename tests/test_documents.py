"""What the documents say of the configuration is what the code reads, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from jobs.config import Config
from jobs.errors import ConfigurationError

ROOT = Path(__file__).parent.parent
FIELDS = {str(field.validation_alias): field for field in Config.model_fields.values()}
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (?:`(.*?)`)? *\| (.*?) *\|$", re.MULTILINE)
LINE = re.compile(r"^# ([A-Z_]+)=(.*)$", re.MULTILINE)


def _of_compose() -> set[str]:
    """Variables that the compose file reads for itself and hands to no part of Porter by that name."""
    text = (ROOT / "docker-compose.yml").read_text()
    return set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text)) - FIELDS.keys()


def _documented() -> list[tuple[str, str, str, str]]:
    """Variable, meaning, default and what needs it, row by row."""
    return ROW.findall((ROOT / "docs" / "configuration.md").read_text())


def _example() -> list[tuple[str, str]]:
    return LINE.findall((ROOT / ".env.example").read_text())


def _default(name: str) -> str:
    value = FIELDS[name].default
    assert value is not PydanticUndefined, f"{name} has no default: then nothing starts without it"
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


def test_every_variable_is_documented_once_and_no_other():
    assert sorted(name for name, *_ in _documented()) == sorted(FIELDS.keys() | _of_compose())


def test_every_variable_is_in_the_example_once_and_no_other():
    assert sorted(name for name, _ in _example()) == sorted(FIELDS.keys() | _of_compose())


def test_documents_and_example_keep_one_order():
    assert [name for name, *_ in _documented()] == [name for name, _ in _example()]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_default_told_is_the_default(name):
    documented = {row[0]: row[2] for row in _documented()}
    assert (documented[name], dict(_example())[name]) == (_default(name), _default(name))


@pytest.mark.parametrize(
    ("given", "others"),
    [
        pytest.param("GITHUB_APP_ID", {"GITHUB_APP_ID"}, id="part-of-an-app"),
        pytest.param(
            "PORTER_MENTION", {"GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"}, id="no-app"
        ),
    ],
)
def test_what_is_called_needed_is_what_production_refuses_to_start_without(given, others, monkeypatch):
    """Without any part of an App, one that is made on the set-up page stands in."""
    _forget_environment(monkeypatch)
    monkeypatch.setenv("PORTER_ENV", "production")
    monkeypatch.setenv("PORTER_HOST", "fly")
    monkeypatch.setenv(given, "1")
    with pytest.raises(ConfigurationError) as refusal:
        Config.from_environment()
    missing = {fault.partition(" ")[0] for fault in refusal.value.faults}
    needed = {name for name, _, _, need in _documented() if need and name in FIELDS}
    assert missing == needed - {"GITHUB_APP_PRIVATE_KEY_FILE"} - others  # the message names one of the two


def test_a_wrong_value_is_named_and_never_quoted(monkeypatch):
    _forget_environment(monkeypatch)
    monkeypatch.setenv("PORTER_TASK_TIMEOUT_SECONDS", "s3cret-canary")
    with pytest.raises(ConfigurationError, match="PORTER_TASK_TIMEOUT_SECONDS") as refusal:
        Config.from_environment()
    assert "canary" not in str(refusal.value)


def test_every_link_between_documents_leads_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def _forget_environment(monkeypatch) -> None:
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
