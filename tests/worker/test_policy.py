"""What must wait for a person before it is pushed, rule by rule."""

from __future__ import annotations

import base64

import pytest

from worker.contract import MAX_FINDINGS, Policy
from worker.masking import Mask
from worker.policy import Change, judge, matches


def change(path: str = "src/app.py", *lines: str, **facts: object) -> Change:
    added = [(number, line.encode("utf-8", "surrogateescape")) for number, line in enumerate(lines, 1)]
    return Change(path, **({"old_mode": "100644", "new_mode": "100644", "added": added} | facts))


def rules(*changes: Change, policy: Policy | None = None) -> list[str]:
    return [finding.rule for finding in judge(changes, policy or Policy())]


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".GitHub/Workflows/ci.yml", ".github/actions/build/action.yml", ".gitlab-ci.yml",
        ".circleci/config.yml", "Jenkinsfile", "build/Jenkinsfile", ".porter/config.json", "AGENTS.md",
        "docs/agents.md", "CLAUDE.md", "GEMINI.md", ".claude/settings.json", "packages/a/.claude/hooks.json",
        ".cursor/rules/x.mdc", ".github/copilot-instructions.md", "CODEOWNERS", ".github/CODEOWNERS",
        ".github", ".github/workflows", ".claude",
    ],
)  # fmt: skip
def test_a_protected_path_waits(path):
    assert rules(change(path)) == ["protected_path"]


@pytest.mark.parametrize(
    "path",
    ["src/app.py", ".github/dependabot.yml", "docs/workflows/ci.yml", "AGENTS.md.txt", "MYCODEOWNERS", "claude.md.py",
     "github/workflows/ci.yml", "porter/config.json"],
)  # fmt: skip
def test_another_path_does_not(path):
    assert rules(change(path)) == []


def test_a_deleted_protected_file_waits_as_well():
    assert rules(change("CODEOWNERS", new_mode=None)) == ["protected_path"]


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("db/migrations/001.sql", "db/migrations/**", True),
        ("db/migrations/001.sql", "db/migrations/", True),
        ("db/migrations/001.sql", "/db/**", True),
        ("db/schema.sql", "db/*.sql", True),
        ("db/old/schema.sql", "db/*.sql", False),
        ("a/b/secrets.yml", "secrets.yml", True),
        ("a/b/x.tf", "*.tf", True),
        ("a/b/c/x", "a/**/x", True),
        ("a/x", "a/**/x", True),
        ("ax", "a/**/x", False),
        ("a+b/x", "a+b/*", True),
        ("weird\nname/AGENTS.md", "AGENTS.md", True),
    ],
)
def test_a_pattern_means(path, pattern, expected):
    assert matches(path, pattern) is expected


def test_a_repository_protects_more_of_its_own():
    policy = Policy(protected_paths=["infra/**"])
    assert rules(change("infra/main.tf"), policy=policy) == ["protected_path"]
    assert rules(change("CODEOWNERS"), policy=policy) == ["protected_path"]


SECRETS = {
    "aws": "AKIA" + "Q3EGRIDQ4KGMPAOX",
    "github": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "installation": "ghs_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "fine-grained": "github_pat_" + "11ABCDEFG0aBcDeFgHiJkL_" + "a1B2c3D4" * 6,
    "anthropic": "sk-ant-" + "api03-R2D2c3poBB8aAbBcCdDeE",
    "openai": "sk-proj-" + "R2D2c3poBB8aAbBcCdDeEfFgG",
    "slack": "xoxb-" + "123456789012-abcdefghijkl",
    "google": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "private-key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "openssh": "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "pgp": "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----",
    "fly": "fm2_" + "lJPECAAAAAAAABCDxBC1234567890",
    "npm": "npm_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "assigned": 'DB_PASSWORD = "' + 'h7Gk2LqP9xZvR4tB"',
    "json": '"client_secret": "' + 'Xq7vB2nM9kLpR4tWzY8c"',
    "env": "API_TOKEN=" + "f3a9c1e7b5d2480696ef7a1b3c5d7e9f",
    "yaml": "  apiKey: '" + "Zk3Lm9Qp7Rt5Vw1Xy8Bn'",
    "utf-16": ("ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a").encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("line", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_waits_and_is_not_quoted(line):
    [finding] = judge([change("src/a.py", "first", f"x = {line}")], Policy())
    assert (finding.rule, finding.path, finding.line) == ("secret", "src/a.py", 2)
    assert not [word for word in line.split() if len(word) > 12 and word.strip("\"'") in finding.words]


@pytest.mark.parametrize(
    "line",
    [
        'token = os.environ["GITHUB_TOKEN"]', "password = get_password_from_the_vault()",
        'SECRET = "${VAULT_SECRET_KEY1}"',
        'api_key = "your-api-key-goes-here-1"',
        'token: "{{ secrets.DEPLOY_TOKEN_1 }}"', "the token is passed as a header",
        'sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"', "task-sk-something",
        'PASSWORD_FIELD_NAME = "password_confirmation"', "secret_name = settings.secret_name_of_the_key",
        "-----BEGIN PUBLIC KEY-----", 'tokenizer = "bert-base-uncased"',
    ],
)  # fmt: skip
def test_words_about_secrets_do_not_wait(line):
    assert rules(change("a.py", line)) == []


@pytest.mark.parametrize("spell", [str, lambda s: base64.b64encode(s.encode()).decode(), lambda s: s.encode().hex()])
def test_a_secret_of_the_run_waits_in_any_spelling(spell):
    mask = Mask(["hunter2 is my key"])
    line = f"x = {spell('hunter2 is my key')}"
    found = judge([change("a.py", line)], Policy(), is_known_secret=lambda text: mask.raw(text) != text)
    assert [(finding.rule, finding.line) for finding in found] == [("secret", 1)]


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        pytest.param([change(f"f{n}") for n in range(4)], Policy(max_changed_files=3), id="files"),
        pytest.param([change("f", "a", "b", removed=2)], Policy(max_diff_lines=3), id="lines"),
        pytest.param([change("f", size=11)], Policy(max_file_bytes=10), id="one-file"),
        pytest.param([change("f", size=6), change("g", size=6)], Policy(max_total_bytes=10), id="all-files"),
    ],
)
def test_too_much_waits(changes, policy):
    assert rules(*changes, policy=policy) == ["size"]


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../outside", "../x", "..", "C:\\x", "\\\\host\\x", ".git/config"]
)
def test_a_link_that_leads_outside_waits(target):
    assert rules(change("link", new_mode="120000", target=target)) == ["symlink"]


@pytest.mark.parametrize(("path", "target"), [("a/link", "../b"), ("link", "a/b"), ("a/b/link", "../../c/./d")])
def test_a_link_that_stays_inside_does_not(path, target):
    assert rules(change(path, new_mode="120000", target=target)) == []


def test_a_submodule_waits():
    assert rules(change("vendor/lib", new_mode="160000")) == ["submodule"]
    assert rules(change(".gitmodules", "[submodule]")) == ["submodule"]


def test_a_program_waits_and_a_picture_or_a_script_does_not():
    assert rules(change("tool", "\x7fELF\x02\x01\0\0")) == ["binary"]
    assert rules(change("tool", "anything\0", new_mode="100755")) == ["binary"]
    assert rules(change("cat.png", "\x89PNG\0")) == []
    assert rules(change("run.sh", "#!/bin/sh", new_mode="100755")) == []


def test_a_flood_of_findings_is_cut_and_says_so():
    found = judge([change(f".porter/{n}") for n in range(200)], Policy())
    assert len(found) == MAX_FINDINGS
    assert found[-1].words == "There are 151 more findings."


def test_a_line_of_a_megabyte_is_looked_through_in_no_time():
    assert rules(change("a.js", "token.secret-" * 80_000)) == []
