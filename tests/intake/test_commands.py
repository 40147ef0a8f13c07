"""The grammar of comments, case by case."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.commands import LONG
from intake.commands import Command, CommandError, Control, Item, Verb, Vocabulary, parse

AGENTS = Vocabulary(
    {"claude-code": "claude-code", "claude": "claude-code"}
    | {name: name for name in ("codex", "mock", "opencode", "amp", "gemini")}
)


def read(body: str) -> list[Item]:
    return parse(body, mention="porter", agents=AGENTS)


def one(body: str) -> Item:
    (item,) = read(body)
    return item


@pytest.mark.parametrize(
    ("body", "agent", "instructions"),
    [
        pytest.param("@porter", None, "", id="bare"),
        pytest.param("@porter mock", "mock", "", id="agent-alone"),
        pytest.param("@porter claude", "claude-code", "", id="alias"),
        pytest.param("@Porter CLAUDE", "claude-code", "", id="case"),
        pytest.param("@porter[bot] mock", "mock", "", id="bot-suffix"),
        pytest.param("@porter, claude: fix it", "claude-code", "fix it", id="comma-and-colon"),
        pytest.param("@porter mock fix the greeting", "mock", "fix the greeting", id="agent-and-words"),
        pytest.param("@porter fix the greeting", None, "fix the greeting", id="default-agent"),
        pytest.param("   @porter mock", "mock", "", id="three-spaces"),
        pytest.param("Thanks!\n@porter mock", "mock", "", id="second-line-of-a-paragraph"),
        pytest.param("- @porter mock fix a", "mock", "fix a", id="bullet"),
        pytest.param("1. @porter mock fix a", "mock", "fix a", id="numbered"),
        pytest.param("- [ ] @porter mock fix a", "mock", "fix a", id="task-list"),
        pytest.param("- [x] @porter mock", "mock", "", id="ticked"),
        pytest.param("- a\n  - b\n    - @porter mock", "mock", "", id="nested-list"),
        pytest.param("Do this:\n2. @porter mock", "mock", "", id="number-that-starts-no-list"),
        pytest.param("@porter mock fix it\n---", "mock", "fix it\n---", id="dashes-below"),
        pytest.param("@porter mock\nline one\n\nline two", "mock", "line one\n\nline two", id="lines-below"),
        pytest.param("@porter mock a\n\nb", "mock", "a\n\nb", id="blank-line-kept"),
        pytest.param("@porter mock a\r\nb\r\n", "mock", "a\nb", id="windows-line-ends"),
        pytest.param("@porter mock a\n```py\nx = 1\n```", "mock", "a\n```py\nx = 1\n```", id="code-below"),
        pytest.param("@porter\n    indented\n\n    code", None, "    indented\n\n    code", id="indent-kept"),
        pytest.param("- @porter mock a\n  b\n    c", "mock", "a\nb\n  c", id="indent-of-the-list-removed"),
        pytest.param("> old\n\n@porter mock", "mock", "", id="after-a-quote"),
        pytest.param("```\ncode\n```\n@porter mock", "mock", "", id="after-code"),
        pytest.param("<!-- hidden -->\n@porter mock", "mock", "", id="after-an-html-comment"),
        pytest.param("@porter mock use `--draft` here", "mock", "use `--draft` here", id="flag-in-code"),
        pytest.param("@porter run `make --release` first", None, "run `make --release` first", id="code-span"),
        pytest.param("@porter mock -- add --json to it", "mock", "add --json to it", id="double-dash"),
        pytest.param("@porter -- claude is slow", None, "claude is slow", id="double-dash-hides-the-agent"),
        pytest.param("@porter stop the login crash", None, "stop the login crash", id="verb-as-prose"),
        pytest.param("@porter help me fix the tests", None, "help me fix the tests", id="help-as-prose"),
        pytest.param("@porter stops when I click it", None, "stops when I click it", id="near-verb-as-prose"),
        pytest.param("@porter mock stop the crash", "mock", "stop the crash", id="agent-then-prose"),
        pytest.param("@porter 修复问候语", None, "修复问候语", id="one-word-of-chinese"),
        pytest.param("@porter fix\nthe login page", None, "fix\nthe login page", id="one-word-with-lines"),
        pytest.param("@porter lock the file", None, "lock the file", id="not-near-enough"),
        pytest.param("@porter mock email a@b.c", "mock", "email a@b.c", id="address-in-words"),
        pytest.param("@porter — fix it", None, "— fix it", id="lonely-dash"),
        pytest.param("@porter mock use —foo", "mock", "use —foo", id="dash-before-an-unknown-name"),
        pytest.param("@porter mock\n--draft", "mock", "--draft", id="no-flags-below"),
        pytest.param("@porter\tmock\tfix it", "mock", "fix it", id="tabs"),
        pytest.param("@porter\u00a0mock\u00a0fix\u00a0it", "mock", "fix\u00a0it", id="non-breaking-spaces"),
        pytest.param("\u00a0@porter mock fix it", "mock", "fix it", id="non-breaking-space-in-front"),
        pytest.param("@porter\u3000mock\u3000fix it", "mock", "fix it", id="wide-spaces"),
        pytest.param("\ufeff@porter mock fix it", "mock", "fix it", id="byte-order-mark"),
        pytest.param("\u200b@porter\u200b mock\u200b fix it", "mock", "\u200b fix it", id="zero-width"),
        pytest.param("\u200f@porter \u200fmock fix it", "mock", "fix it", id="right-to-left-marks"),
        pytest.param("- \u2067@porter mock\u2069", "mock", "\u2069", id="right-to-left-isolates"),
        pytest.param("@porter mock 👩\u200d🚀 می\u200cخواهم", "mock", "👩\u200d🚀 می\u200cخواهم", id="joiners"),
        pytest.param("@porter mock $(rm -rf /); `id`", "mock", "$(rm -rf /); `id`", id="shell"),
    ],
)  # fmt: skip
def test_a_command_names_its_agent_and_keeps_its_instructions(body, agent, instructions):
    found = one(body)
    assert isinstance(found, Command)
    assert (found.agent, found.instructions, dict(found.flags)) == (agent, instructions, {})


@pytest.mark.parametrize(
    ("body", "flags", "instructions"),
    [
        pytest.param("@porter mock --priority=high fix", {"priority": "high"}, "fix", id="equals"),
        pytest.param("@porter mock --priority high fix", {"priority": "high"}, "fix", id="space"),
        pytest.param("@porter --model=gpt-5 mock fix", {"model": "gpt-5"}, "fix", id="before-the-agent"),
        pytest.param("@porter mock fix it --draft", {"draft": True}, "fix it", id="after-the-words"),
        pytest.param("@porter mock --draft=false", {"draft": False}, "", id="boolean-value"),
        pytest.param("@porter mock --DRAFT", {"draft": True}, "", id="case"),
        pytest.param("@porter mock –priority=low", {"priority": "low"}, "", id="en-dash"),
        pytest.param("@porter mock —draft", {"draft": True}, "", id="em-dash"),
        pytest.param("@porter mock --timeout=5", {"timeout": 300}, "", id="minutes"),
        pytest.param("@porter mock --timeout 90s", {"timeout": 90}, "", id="seconds"),
        pytest.param("@porter mock --timeout=1h", {"timeout": 3600}, "", id="hours"),
        pytest.param("@porter mock --branch=release/1.x", {"branch": "release/1.x"}, "", id="branch"),
        pytest.param('@porter mock --model="a/b:c"', {"model": "a/b:c"}, "", id="quotes"),
        pytest.param("@porter mock --model=`gpt-5`", {"model": "gpt-5"}, "", id="code-value"),
        pytest.param("@porter mock --model “gpt-5” fix", {"model": "gpt-5"}, "fix", id="typographic-quotes"),
        pytest.param("@porter mock --model=' gpt-5 ' fix", {"model": "gpt-5"}, "fix", id="spaces-in-quotes"),
        pytest.param("@porter mock --draft\u200f fix", {"draft": True}, "fix", id="mark-behind-a-flag"),
        pytest.param("@porter\u00a0mock\u00a0--model\u00a0x\u00a0fix", {"model": "x"}, "fix", id="non-breaking-spaces"),
        pytest.param("@porter mock --draft --draft", {"draft": True}, "", id="twice-the-same"),
        pytest.param("@porter mock --draft -- --model=x", {"draft": True}, "--model=x", id="ends-at-double-dash"),
        pytest.param(
            "@porter mock --no-tests --with-thread --dry-run",
            {"no-tests": True, "with-thread": True, "dry-run": True}, "", id="all-switches",
        ),
    ],
)  # fmt: skip
def test_flags_are_read_from_the_commands_own_line(body, flags, instructions):
    found = one(body)
    assert isinstance(found, Command)
    assert (found.agent, dict(found.flags), found.instructions) == ("mock", flags, instructions)


@pytest.mark.parametrize(
    ("body", "verb", "agent", "flags"),
    [
        pytest.param("@porter stop", Verb.STOP, None, {}, id="stop"),
        pytest.param("@porter Stop!", Verb.STOP, None, {}, id="loud"),
        pytest.param("@porter stop codex", Verb.STOP, "codex", {}, id="stop-agent"),
        pytest.param("@porter  stop   codex", Verb.STOP, "codex", {}, id="more-spaces"),
        pytest.param("@porter\u00a0stop\u00a0codex", Verb.STOP, "codex", {}, id="non-breaking-spaces"),
        pytest.param("@porter \u200fstop\u200f", Verb.STOP, None, {}, id="right-to-left-marks"),
        pytest.param("@porter stop claude", Verb.STOP, "claude-code", {}, id="stop-alias"),
        pytest.param("@porter retry --model=x", Verb.RETRY, None, {"model": "x"}, id="retry-with-flag"),
        pytest.param("@porter status?", Verb.STATUS, None, {}, id="status"),
        pytest.param("@porter help", Verb.HELP, None, {}, id="help"),
        pytest.param("@porter stop\n\nthis goes the wrong way", Verb.STOP, None, {}, id="reason-below"),
    ],
)
def test_a_control_word_alone_is_a_control(body, verb, agent, flags):
    found = one(body)
    assert isinstance(found, Control)
    assert (found.verb, found.agent, dict(found.flags)) == (verb, agent, flags)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("@porter codx fix it", "`@porter codex`", id="near-agent"),
        pytest.param("@porter claud", "`@porter claude`", id="near-alias"),
        pytest.param("@porter opncode do it", "`@porter opencode`", id="near-long-agent"),
        pytest.param("@porter stpo", "`@porter stop`", id="near-verb"),
        pytest.param("@porter retyr codex", "`@porter retry codex`", id="near-verb-with-agent"),
        pytest.param("@porter codex stop", "`@porter stop codex`", id="turned-round"),
        pytest.param("@porter frobnicate", "neither an agent", id="lone-word"),
        pytest.param("@porter please!", "neither an agent", id="lone-word-with-mark"),
        pytest.param("@porter mock --modle=x", "`--model`", id="near-flag"),
        pytest.param("@porter mock --frobnicate", "`--frobnicate`", id="unknown-flag"),
        pytest.param("@porter mock --priority=urgent", "low, normal, high", id="unknown-priority"),
        pytest.param("@porter mock --model", "needs a value", id="value-missing"),
        pytest.param("@porter mock --model --draft", "needs a value", id="flag-for-a-value"),
        pytest.param("@porter mock --model=--print", "model's name", id="option-for-a-model"),
        pytest.param("@porter mock --branch=-x", "branch", id="option-for-a-branch"),
        pytest.param("@porter mock --branch=a..b", "branch", id="no-branch-name"),
        pytest.param("@porter mock --timeout=soon", "minutes", id="no-time"),
        pytest.param("@porter mock --timeout=99h", "24 hours", id="too-long"),
        pytest.param("@porter mock --timeout=0", "30 seconds", id="no-time-at-all"),
        pytest.param("@porter mock --draft=maybe", "=true", id="no-boolean"),
        pytest.param("@porter mock --model=a --model=b", "twice", id="twice-different"),
        pytest.param('@porter mock --model="a b" fix it', "model's name", id="quoted-words"),
        pytest.param('@porter mock --model "a fix it', "no quote ends it", id="unclosed-quote"),
        pytest.param("@porter\u00a0stpo", "`@porter stop`", id="near-verb-behind-a-non-breaking-space"),
        pytest.param("@porter mock\n" * 11, "11 commands", id="too-many"),
    ],
)
def test_a_mistake_is_answered_and_starts_nothing(body, said):
    found = one(body)
    assert isinstance(found, CommandError)
    assert said in found.message


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("nothing here", id="no-mention"),
        pytest.param("please @porter mock", id="mid-sentence"),
        pytest.param("**@porter** mock", id="emphasised"),
        pytest.param("> @porter mock", id="quoted"),
        pytest.param("> > @porter mock", id="quoted-twice"),
        pytest.param("> - > text\n@porter mock", id="lazy-behind-nested-quotes"),
        pytest.param("@\u200bporter mock", id="made-inert"),
        pytest.param("@por\u200bter mock", id="zero-width-in-the-name"),
        pytest.param("＠porter mock", id="wide-at-sign"),
        pytest.param("> text\n@porter mock", id="lazy-continuation-of-a-quote"),
        pytest.param("- > a\n  @porter mock", id="lazy-in-a-list"),
        pytest.param("```\n@porter mock\n```", id="fenced"),
        pytest.param("```\n@porter mock", id="unclosed-fence"),
        pytest.param("~~~\n@porter mock\n~~~", id="tildes"),
        pytest.param("    @porter mock", id="indented-code"),
        pytest.param("`@porter mock`", id="code-span"),
        pytest.param("a `b\n@porter mock\nc` d", id="code-span-over-lines"),
        pytest.param("<!--\n@porter mock\n-->", id="html-comment"),
        pytest.param("a <!-- b\n@porter mock\n--> c", id="inline-html-comment"),
        pytest.param("<pre>\n@porter mock\n</pre>", id="pre"),
        pytest.param("someone@porter.dev", id="e-mail"),
        pytest.param("@porter-bot mock", id="longer-handle"),
        pytest.param("@porter/team mock", id="team"),
        pytest.param("@porters mock", id="plural"),
        pytest.param("\\@porter mock", id="escaped"),
        pytest.param("# @porter mock", id="heading"),
        pytest.param("text\n        @porter mock", id="deep-indent"),
    ],
)
def test_what_is_no_command(body):
    assert read(body) == []


def test_several_commands_keep_their_own_lines_and_order():
    found = read("Two things:\n\n- @porter mock fix a\n  with care\n- @porter codex --draft fix b\n\n@porter stop\n")
    assert found == [
        Command(3, "mock", {}, "fix a\nwith care"),
        Command(5, "codex", {"draft": True}, "fix b"),
        Control(7, Verb.STOP),
    ]


def test_a_good_command_beside_a_bad_one_still_counts():
    good, bad = read("@porter mock fix a\n@porter codx fix b")
    assert isinstance(good, Command)
    assert isinstance(bad, CommandError)
    assert bad.line == 2


def test_a_quoted_command_below_is_text_of_the_one_above():
    assert one("@porter mock as here:\n> @porter codex x") == Command(1, "mock", {}, "as here:\n> @porter codex x")


def test_the_mention_is_configurable():
    assert parse("@acme-porter mock", mention="acme-porter", agents=AGENTS) == [Command(1, "mock", {}, "")]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in LONG.items()])
def test_the_work_of_reading_grows_with_the_text_and_no_faster(body):
    few, many = calls(body(8_000)), calls(body(64_000))
    assert many < 8 * few * 1.2


def calls(body: str) -> int:
    """How many functions are called to read it: what a stopwatch would tell, whatever else the computer does."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    read("@porter mock")  # the parser is built once
    sys.setprofile(count)
    try:
        read(body)
    finally:
        sys.setprofile(None)
    return counted


PIECES = st.sampled_from(
    ["@porter", " ", "\n", "mock", "codx", "--", "—draft", "--model", "=", "`", "```", "<!--", "-->", "> ", "- ", "\t",
     "stop", "[ ] ", "\\", "\r", "\0", "\ud800", "é", "@", "\u2028", "\x0b", "1. ", "---"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_no_text_makes_the_parser_raise(body):
    for item in read(body):
        assert item.line >= 1
