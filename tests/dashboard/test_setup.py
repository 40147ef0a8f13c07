"""The set-up page's JSON: green by test only, one next step, no button that leads nowhere."""

from __future__ import annotations

import pytest

from dashboard.setup import Around, drawn
from jobs.health import Check

STEPS = ("app", "installation", "webhook", "host", "agent", "first_task")
INSTALL = "https://github.test/apps/porter/installations/new"


def check(name: str, ok: bool | None) -> Check:
    return Check(name, name.capitalize(), ok, f"{name} said so.", "" if ok else f"mend {name}.")


def rows(ok: dict[str, bool | None], ground: list[Check | None] | None = None, around: Around | None = None):
    steps = {name: check(name, ok[name]) if name in ok else None for name in STEPS}
    view = drawn(ground or [check("database", True)], steps, around or Around())
    return view, {row["key"]: row for row in view["rows"]}


def test_what_nobody_looked_at_yet_is_not_green():
    view, row = rows({}, [None])
    assert {one["state"] for one in row.values()} == {"looking"}
    assert view["done"] == 0


def test_an_empty_porter_offers_the_app_first_and_the_rest_waits():
    _, row = rows(dict.fromkeys(STEPS, False) | {"first_task": None})
    assert row["app"]["act"] == {"kind": "make_app"}
    assert row["app"]["next"]
    assert [row[name]["state"] for name in ("installation", "webhook", "first_task")] == ["later"] * 3
    assert sum(one["next"] for one in row.values()) == 1


def test_with_an_app_one_installs_it_and_with_a_repository_one_tests():
    around = Around(install_page=INSTALL, repositories=["acme/widgets"])
    _, row = rows({"app": True, "installation": False, "webhook": False, "first_task": None}, around=around)
    assert row["installation"]["act"]["href"] == INSTALL
    assert row["webhook"]["fix"] == "mend webhook."
    assert row["first_task"]["act"] == {"kind": "test", "repositories": ["acme/widgets"]}


def test_an_app_that_github_refuses_is_told_with_its_fix_and_not_made_again():
    _, row = rows({"app": False}, around=Around(install_page=INSTALL))
    assert (row["app"]["act"], row["app"]["fix"]) == (None, "mend app.")


def test_a_key_and_fly_are_set_in_their_tabs_and_another_host_is_mended_elsewhere():
    failing = {"host": False, "agent": False}
    _, row = rows(failing, around=Around(on_fly=True))
    assert (row["host"]["act"]["href"], row["agent"]["act"]["href"]) == ("/settings?tab=fly", "/settings?tab=secrets")
    _, row = rows(failing)
    assert (row["host"]["act"], row["host"]["fix"]) == (None, "mend host.")


def test_a_part_that_is_away_is_named_when_several_are():
    _, row = rows({}, [check("redis", False), check("sweep", False)])
    assert row["ground"]["text"] == "Redis: redis said so. Sweep: sweep said so."
    assert row["ground"]["fix"] == "mend redis."


@pytest.mark.parametrize("name", STEPS)
def test_what_was_refused_is_told_where_it_was_asked(name):
    _, row = rows(dict.fromkeys(STEPS, True), around=Around(notices={name: "No."}))
    assert [key for key, one in row.items() if one.get("notice")] == [name]


def test_when_all_is_green_the_page_says_what_to_do_next():
    view, row = rows(dict.fromkeys(STEPS, True))
    assert view["done"] == view["of"] == 7
    assert "Comment `@porter" in view["lead"]
    assert not any(one["next"] for one in row.values())
