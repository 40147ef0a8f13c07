"""Each source of a prompt has its share of the room, and what it leaves goes to those that need more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.budget import LEAST, shared_out
from jobs.prompt import FollowUpMaterial, InlineComment, Linked, Material, Said, build, follow_up
from worker.agents.mock.prompt import sections

SHARES = {"a": 0.5, "b": 0.3, "c": 0.2}


def test_what_fits_is_left_alone():
    assert shared_out({"a": "x" * 600, "b": "y"}, SHARES, 1000) == {"a": "x" * 600, "b": "y", "c": ""}


def test_a_share_that_is_not_used_goes_to_the_most_important_in_need():
    found = shared_out({"a": "x" * 5000, "b": "y" * 5000}, SHARES, 10_000)
    assert len(found["a"]) == 5000
    assert len(found["b"]) == 5000
    found = shared_out({"a": "x" * 9000, "b": "y" * 9000}, SHARES, 10_000)
    assert 6900 < len(found["a"]) <= 7000 and 2900 < len(found["b"]) <= 3000


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=2000)), st.integers(0, 3000))
def test_the_room_is_kept_to_but_for_the_least_that_each_may_have(texts: dict[str, str], room: int):
    found = shared_out(texts, SHARES, room)
    assert sum(map(len, found.values())) <= room + 3 * LEAST
    assert all(len(found[name]) <= len(texts.get(name, "")) for name in SHARES)


def test_a_prompt_of_many_huge_sources_keeps_to_its_budget_and_shows_each_cut():
    huge = "word " * 20_000
    material = Material(
        "a/b", "main", 1, "t", huge, instructions=huge, agents_md=huge, comments=[Said("tom", huge)] * 5,
        linked=[Linked(2, "x", "open", text=huge)], advice=[huge], readme=huge, tree=["path"] * 20_000,
        description=huge, languages=["Python"] * 99, labels=["l" * 99] * 99,
    )  # fmt: skip
    for budget in (8_000, 60_000):
        prompt = build(material, budget=budget)
        assert len(prompt) <= budget
        assert prompt.count("characters cut by Porter]") == 8
        assert "## Rules" in prompt


@pytest.mark.parametrize("text", ["~" * 50_000, "`" * 50_000, "<!--" * 20_000, "\n" * 50_000, "~~~~\n" * 9_000])
def test_a_text_made_of_fences_keeps_to_the_budget(text: str):
    assert len(build(Material("a/b", "main", 1, text, text, agents_md=text, readme=text), budget=10_000)) <= 10_000


def test_the_whole_prompt_of_a_follow_up():
    told = FollowUpMaterial(
        "acme/greeter", "main", "porter/issue-1-mock-ab", 2, requested_by="maria", review="Almost.",
        comments=[InlineComment("greet.py", "Say hello.", 3, '@@ -1 +1 @@\n-print("Helo")\n+print("Hi")', "maria")],
        diff='+print("Hi")', conflict="The branch conflicts with main.", issue_number=1, title="Helo",
        body="It is wrong.", last_summary="I changed it.", advice=["Be brief."], test_command="npm test",
    )  # fmt: skip
    assert follow_up(told) == FOLLOW_UP


def test_in_a_follow_up_the_feedback_comes_before_the_diff_when_room_is_short():
    told = FollowUpMaterial("a/b", "main", "x", 2, review="please " * 500, diff="+line\n" * 50_000)
    prompt = follow_up(told, budget=10_000)
    assert len(prompt) <= 10_000
    assert sections(prompt)["instructions"].count("please") == 500


FOLLOW_UP = """\
# Task

Pull request #2 of acme/greeter is your earlier work. maria reviewed it: the instructions below say what is to change. \
Go on with its branch, porter/issue-1-mock-ab; what is right already stays.

The branch conflicts with main.

## Instructions

Almost.

On `greet.py`, line 3:

~~~~diff
@@ -1 +1 @@
-print("Helo")
+print("Hi")
~~~~

Say hello.

## Standing instructions

Be brief.

## Issue

~~~~text
Title: Helo

It is wrong.
~~~~

## What was done so far

An earlier run said of its work:

~~~~text
I changed it.
~~~~

## Changes so far

What the branch changes against its base:

~~~~diff
+print("Hi")
~~~~

## Repository

acme/greeter, checked out at its branch porter/issue-1-mock-ab.

## Rules

- Make the smallest change that resolves the task, in the style of the code around it.
- Run the tests that concern the change, if there are any. When you are done Porter runs `npm test`.
- Work in this directory on the branch that is checked out. Commit or leave the changes: both are kept.
- Do not rewrite the commits that are there: add to them.
- Do not push, do not open a pull request, do not look for credentials: Porter does the rest.
- If nothing needs to change, change nothing and say why.
- End with a short summary for the reviewer: what was changed, why, and what was left open.
"""
