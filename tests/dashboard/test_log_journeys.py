"""Reading a long log in a real browser: fifty thousand lines of a run that is over, and of one that goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from store.lifecycle import Status
from tests.dashboard import builders

pytestmark = pytest.mark.browser

COUNT = 50_000
WHOLE = 120_000  # milliseconds, for all of it to come in while the machine is busy
KEPT = "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
AT_THE_TOP = """
node => {
  const top = node.getBoundingClientRect().top;
  const seen = [...node.querySelectorAll(".entry")].find((one) => one.getBoundingClientRect().top >= top);
  return seen?.lastChild.textContent;
}
"""


def opened(dashboard, tab, status):
    task = builders.make_task(dashboard.db, now=datetime.now(UTC), status=status)
    builders.long_log(dashboard.db, task, COUNT)
    tab.goto(f"{dashboard.url}/task?id={task.id}")
    expect(line(tab, COUNT)).to_be_in_viewport()
    return task


def line(tab, number):
    return tab.get_by_text(f"line {number} of the log")


def counted(tab, text):
    return tab.locator(".log").get_by_text(text, exact=True)


def say(dashboard, task, *, seq, numbers):
    now = datetime.now(UTC)
    lines = [builders.log_line(task, n, f"line {n} of the log", at=now) for n in numbers]
    builders.tell(dashboard.db, task, now=now, seq=seq, lines=lines)


def test_a_long_log_is_downloaded_copied_searched_and_filtered_whole(dashboard, tab, tmp_path):
    tab.add_init_script(KEPT)
    opened(dashboard, tab, Status.SUCCEEDED)
    with tab.expect_download(timeout=WHOLE) as download:  # most of it is still on its way
        tab.get_by_role("button", name="Download the log").click()
    download.value.save_as(tmp_path / "run.log")
    kept = (tmp_path / "run.log").read_text().split("\n")
    assert (len(kept), "line 1 of" in kept[0], "line 50000 of" in kept[-1]) == (COUNT, True, True)
    expect(counted(tab, "50,000 lines")).to_be_visible()
    expect(line(tab, COUNT)).to_be_in_viewport()
    tab.get_by_role("button", name="Copy the log").click()
    tab.wait_for_function("window.copied?.split('\\n').length === 50000")
    seek(tab)


def seek(tab):
    search = tab.get_by_role("searchbox", name="Search the log")
    search.fill("ITEM 77:")
    expect(counted(tab, "1 of 50,000 lines")).to_be_visible()
    line(tab, 77).click()
    expect(counted(tab, "50,000 lines")).to_be_visible()
    for near in (76, 77, 78):
        expect(line(tab, near)).to_be_in_viewport()
    search.fill("item 4242:")
    search.press("Enter")
    expect(line(tab, 4243)).to_be_in_viewport()
    search.fill("no such words")
    expect(tab.get_by_text("No line matches.")).to_be_visible()
    search.fill("")
    tab.get_by_role("combobox", name="Level").select_option("Errors")
    expect(counted(tab, "500 of 50,000 lines")).to_be_visible()
    expect(line(tab, COUNT)).to_be_in_viewport()
    expect(line(tab, COUNT - 1)).to_have_count(0)


def test_whoever_reads_keeps_their_place_while_the_log_comes_in_at_both_ends(dashboard, tab):
    task = opened(dashboard, tab, Status.RUNNING)
    log = tab.get_by_role("log")
    log.focus()
    tab.keyboard.press("Home")
    expect(line(tab, COUNT)).not_to_be_in_viewport()
    place = tab.get_by_text(tab.wait_for_function(AT_THE_TOP, arg=log.element_handle()).json_value())
    say(dashboard, task, seq=3, numbers=range(COUNT + 1, COUNT + 11))
    expect(counted(tab, "50,010 lines")).to_be_visible(timeout=WHOLE)
    expect(place).to_be_in_viewport()
    tab.keyboard.press("Home")
    expect(line(tab, 1)).to_be_in_viewport()
    tab.keyboard.press("End")
    expect(line(tab, COUNT + 10)).to_be_in_viewport()
    say(dashboard, task, seq=4, numbers=[COUNT + 11])
    expect(line(tab, COUNT + 11)).to_be_in_viewport()
    assert log.evaluate("node => node.querySelectorAll('.entry').length") < 1000


def test_a_pause_holds_new_lines_back_until_it_ends(dashboard, tab):
    task = builders.make_task(dashboard.db, now=datetime.now(UTC), status=Status.RUNNING)
    say(dashboard, task, seq=3, numbers=range(1, 51))
    tab.goto(f"{dashboard.url}/task?id={task.id}")
    expect(line(tab, 50)).to_be_in_viewport()
    tab.get_by_role("button", name="Pause").click()
    say(dashboard, task, seq=4, numbers=range(51, 61))
    expect(counted(tab, "50 lines, 10 new")).to_be_visible()
    expect(line(tab, 60)).to_have_count(0)
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download the log").click()
    assert "line 60 of the log" in download.value.path().read_text()
    tab.get_by_role("button", name="Pause").click()
    expect(line(tab, 60)).to_be_in_viewport()
