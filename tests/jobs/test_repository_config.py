"""The repository's file is read from either format, and each mistake in it is told with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jobs.repository_config import parse, schema

SCHEMA = Path(__file__).parents[2] / "docs" / "porter-config.schema.json"
WHOLE = {
    "default_agent": "codex", "model": "o5", "effort": "high", "setup": ["npm ci"], "test": "npm test", "timeout": 2700,
    "skip_labels": ["wontfix"], "auto_assign": True, "instructions": "Be brief.", "protected_paths": ["infra/**"],
    "max_changed_files": 20, "max_diff_lines": 900, "labels": False,
}  # fmt: skip
JSON = """{
  "$schema": "https://example.com/porter-config.schema.json",
  "defaultAgent": "codex", "model": "o5", "effort": "high", "setup": "npm ci", "test": "npm test", "timeout": "45m",
  "skipLabels": ["wontfix"], "autoAssign": true, "instructions": "Be brief.", "protectedPaths": ["infra/**"],
  "maxChangedFiles": 20, "maxDiffLines": 900, "labels": false
}"""
TOML = """
default_agent = "codex"
model = "o5"
effort = "high"
setup = ["npm ci"]
test = "npm test"
timeout = 45
skip_labels = ["wontfix"]
auto_assign = true
instructions = "Be brief."
protected_paths = ["infra/**"]
max_changed_files = 20
max_diff_lines = 900
labels = false
"""


@pytest.mark.parametrize(("path", "text"), [("config.json", JSON), ("config.toml", TOML)], ids=["json", "toml"])
def test_everything_can_be_said_in_either_format(path: str, text: str):
    found = parse(path, text)
    assert found.mistakes == ()
    assert found.config.values() == WHOLE


@pytest.mark.parametrize(
    ("path", "text", "said", "line", "matters"),
    [
        pytest.param("config.json", '{\n "model": "x",\n}', "not JSON", 3, True, id="no-json"),
        pytest.param("config.toml", 'model = "x"\nsetup = [', "cannot be read", 2, True, id="no-toml"),
        pytest.param("config.json", "[1]", "not an object", 1, True, id="a-list"),
        pytest.param("config.json", "[" * 99_999, "longer than", None, True, id="too-long"),
        pytest.param("config.json", "[" * 60_000, "", 1, True, id="too-deep"),
        pytest.param("config.json", '{\n\n "setup": 3}', "setup", 3, True, id="setup"),
        pytest.param("config.toml", '\nsetup = ["a", ""]', "item 2", 2, True, id="one-of-the-setup"),
        pytest.param("config.json", '{"test": ["a"]}', "test", 1, True, id="test"),
        pytest.param("config.json", '{"timeout": "soon"}', "minutes", 1, True, id="timeout"),
        pytest.param("config.json", '{"timeout": true}', "minutes", 1, True, id="timeout-that-is-none"),
        pytest.param("config.json", '{"timeout": "200h"}', "24 hours", 1, True, id="timeout-too-long"),
        pytest.param("config.json", '{"instructions": 4}', "instructions", 1, True, id="instructions"),
        pytest.param("config.json", '{"protectedPaths": ["../x"]}', "protected_paths", 1, True, id="protected-paths"),
        pytest.param("config.json", '{"maxDiffLines": "many"}', "max_diff_lines", 1, True, id="a-cap"),
        pytest.param("config.json", '{"protected_path": []}', "did you mean `protected_paths`", 1, True, id="slip"),
        pytest.param("config.json", '{"skipLabels": 3}', "skip_labels", 1, False, id="skip-labels"),
        pytest.param("config.json", '{"autoAssign": "yes"}', "auto_assign", 1, False, id="auto-assign"),
        pytest.param("config.json", '{"skip_label": []}', "did you mean `skip_labels`", 1, False, id="harmless-slip"),
        pytest.param("config.json", '{"colour": "red"}', "is no setting", 1, False, id="unknown"),
        pytest.param("config.toml", "[tool]\nx = 1", "is no setting", 1, False, id="unknown-table"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_whether_it_matters(path, text, said, line, matters):
    [mistake] = parse(path, text).mistakes
    assert said in str(mistake)
    assert (mistake.line, mistake.matters) == (line, matters)


def test_what_is_right_beside_a_mistake_holds():
    found = parse("config.json", '{"model": "o5", "skipLabels": 3, "colour": 1}')
    assert found.config.values() == {"model": "o5"}
    assert len(found.mistakes) == 2
    assert found.fatal() is None


def test_a_flag_makes_a_mistake_needless():
    found = parse("config.json", '{"timeout": "soon"}')
    assert found.fatal() is not None
    assert found.fatal(frozenset({"timeout"})) is None


@given(st.text(max_size=300), st.sampled_from(["config.json", "config.toml"]))
def test_no_text_is_a_traceback(text: str, path: str):
    parse(path, text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner)))
def test_no_value_is_a_traceback(value: object):
    for name in (*WHOLE, "defaultAgent", "$schema", "x"):
        parse("config.json", json.dumps({name: value}))


def test_the_published_schema_is_the_models():
    assert json.loads(SCHEMA.read_text()) == schema()


def test_the_published_schema_takes_what_porter_takes_and_refuses_a_slip():
    judge = Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert judge.is_valid(json.loads(JSON))
    assert judge.is_valid({"default_agent": "codex", "timeout": 30})
    assert not judge.is_valid({"defaultAgents": "codex"})
