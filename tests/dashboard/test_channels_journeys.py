"""Notifications in a real browser: a channel is added, tried, chosen for and removed, and its secrets are seen once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from jobs import bootstrap, notifying
from jobs.config import Config
from jobs.notify.delivering import send_due
from jobs.notifying import NewChannel
from store import audit, channels, notices, tables
from tests.dashboard.conftest import KEYS, Dashboard, serving
from tests.jobs.notify_stage import is_signed
from tests.jobs.receivers import Receiver, receiving

pytestmark = pytest.mark.browser
LISTED = {"PORTER_NOTIFY_NETWORKS": "127.0.0.0/8"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(tmp_path_factory.mktemp("notifications"), **LISTED) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture(autouse=True)
def untold(house: Dashboard) -> None:
    """Each begins with no channel, also when it is tried once more."""
    with house.db.write() as connection:
        for table in (tables.channels, tables.secrets, tables.audit):
            connection.execute(table.delete())


@pytest.mark.parametrize("width", [1280, 390])
def test_a_webhook_is_added_tried_chosen_for_and_removed(house, browser, receiver, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    tab = context.new_page()
    tab.goto(f"{house.url}/settings?tab=notifications")
    adding = tab.get_by_role("region", name="Add a channel")
    adding.get_by_label("Kind").select_option("webhook")
    adding.get_by_label("URL", exact=True).fill("https://10.0.0.1/in")
    adding.get_by_role("button", name="Add channel").click()
    expect(adding.get_by_role("alert")).to_contain_text("10.0.0.1 is an address inside a network")
    expect(adding.get_by_label("URL", exact=True)).to_have_value("https://10.0.0.1/in")
    adding.get_by_label("URL", exact=True).fill(f"{receiver.url}/in/a-secret-path")
    adding.get_by_role("button", name="Add channel").click()
    once = adding.get_by_role("group", name="The secret, shown once")
    expect(once.get_by_role("code")).to_have_text(re.compile(r"[\w-]{40,}"))
    secret = once.get_by_role("code").inner_text()
    row = tab.get_by_role("group", name=f"Webhook {receiver.url.partition('//')[2]}")
    expect(row).to_contain_text("Nothing was sent there yet.")
    row.get_by_role("button", name="Send a test").click()
    expect(row).to_contain_text("Waiting")
    [channel] = channels.known(house.db)
    work(house, channel.id)
    expect(row).to_contain_text("Arrived")
    [(path, headers, body)] = receiver.heard
    assert path == "/in/a-secret-path" and is_signed(headers, body, secret)
    row.get_by_label("Stopped").check(force=True)
    expect(row.locator(".note")).to_have_text("Saved")  # it goes after some seconds, its words stay
    assert channels.get(house.db, channel.id).events == ["pull_request", "failed", "cancelled", "needs_you"]
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.reload()
    expect(row).to_contain_text("Arrived")
    expect(row.get_by_label("Stopped")).to_be_checked()
    assert secret not in tab.content() and "a-secret-path" not in tab.content()
    # It asks once more, for four seconds only: on a busy machine the second click could come too late.
    row.get_by_role("button", name="Remove").evaluate("(button) => { button.click(); button.click(); }")
    expect(tab.get_by_text("Nobody is told yet.")).to_be_visible()
    assert [one.action for one in audit.latest(house.db)] == [
        "channel_removed", "channel_changed", "channel_tested", "channel_added",
    ]  # fmt: skip
    context.close()


def test_what_a_receiver_refused_is_said_and_its_address_replaced_in_place(house, tab, receiver):
    services = porter(house)
    receiver.answers = [(410, {}, b"no_service")]
    key = notifying.add(services, NewChannel("slack", f"{receiver.url}/old"), by="maria").channel.id
    notifying.try_out(services, key, by="maria")
    send_due(services, key)
    tab.goto(f"{house.url}/settings?tab=notifications")
    row = tab.get_by_role("group", name="Slack-compatible 127.0.0.1")
    expect(row).to_contain_text("A test. 410 Gone: no_service.")
    row.get_by_role("button", name="Replace").click()
    row.get_by_label("New Incoming webhook's URL").press("Escape")
    expect(row.get_by_role("button", name="Send a test")).to_be_visible()
    row.get_by_role("button", name="Replace").click()
    row.get_by_label("New Incoming webhook's URL").fill(f"{receiver.url}/new")
    row.get_by_label("New Incoming webhook's URL").press("Enter")
    expect(row.locator(".note")).to_contain_text("Saved. It leads to 127.0.0.1")
    receiver.answers = [(200, {}, b"ok")]
    row.get_by_role("button", name="Send a test").click()
    expect(row).to_contain_text("1 more waiting.")
    send_due(services, key)
    expect(row).to_contain_text("Arrived")
    assert [path for path, _, _ in receiver.heard] == ["/old", "/new"]
    assert notices.waiting(house.db) == {}
    services.db.close()


def porter(house: Dashboard) -> bootstrap.Services:
    """The same Porter as a worker has it."""
    told = {"DATABASE_URL": str(house.db._writer.url), "PORTER_VAULT_KEYS": KEYS} | LISTED
    return bootstrap.build(Config.model_validate(told))


def work(house: Dashboard, channel_id: str) -> None:
    """What the sweep and a worker do within seconds."""
    services = porter(house)
    send_due(services, channel_id)
    services.db.close()
