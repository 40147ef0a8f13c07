"""The tab Notifications without a browser: how each channel stands, and what an admin may change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import channels as tab
from dashboard import channels_acts, settings_reads, settings_tabs
from jobs import bootstrap, notifying
from jobs.bootstrap import Services
from jobs.config import Config
from jobs.notifying import NewChannel
from store import channels, migrate, notices
from store.lifecycle import Status
from store.notices import State
from tests.builders import NOW, make_task
from tests.dashboard.conftest import KEYS

HOOK = "https://93.184.215.14/in/a-secret-path-of-it"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    told = {"PORTER_DATA_DIR": str(tmp_path), "PORTER_VAULT_KEYS": KEYS}
    made = bootstrap.build(Config.model_validate(told), clock=lambda: NOW)
    migrate.upgrade(made.config.database)
    yield made
    made.db.close()


def act(services: Services, do: str, **said: Any) -> Any:
    return channels_acts.carry_out(services, {"do": do, **said}, by="maria")


def shown(services: Services, *, after: timedelta = timedelta()) -> list[dict[str, Any]]:
    seen = settings_reads.channels(services)
    return tab.sections(seen, services.config, now=NOW + after, zone=UTC)


@pytest.fixture
def row(services: Services) -> str:
    """The id of a channel's row."""
    added = notifying.add(services, NewChannel("webhook", HOOK, repository="acme/widgets"), by="maria")
    return f"channel:{added.channel.id}"


def standing(services: Services) -> tuple[str, str]:
    one = shown(services)[0]["channels"][0]["standing"]
    return (one["badge"] or {}).get("word", ""), one["text"]


def test_without_a_channel_it_says_what_to_do(services):
    there, adding = shown(services)
    assert there["channels"] == [] and "Add a channel below" in there["lead"]
    assert [one["text"] for one in adding["adding"]["kinds"]] == ["Slack-compatible", "Webhook", "E-mail"]
    assert "PORTER_SMTP_HOST" in adding["adding"]["kinds"][2]["help"]
    assert not tab.is_busy(settings_reads.channels(services), NOW)


def test_a_row_says_where_of_what_and_by_whom_and_holds_no_secret(services, row):
    [one] = shown(services, after=timedelta(hours=3))[0]["channels"]
    assert (one["id"], one["place"], one["whose"]) == (row, "93.184.215.14", "acme/widgets")
    assert one["by"] == "by maria, 3 h ago"
    assert [event["text"] for event in one["events"] if event["on"]] == [
        "Pull request ready", "Waits for approval", "Failed",
    ]  # fmt: skip
    assert "a-secret-path" not in json.dumps(shown(services))


LATER = {"until": NOW + timedelta(minutes=5), "rest": NOW}


@pytest.mark.parametrize(("fate", "word", "text"), [
    (lambda *_: None, "Sending", "A task failed."),
    (lambda db, one: notices.settle(db, one, State.SENT, "200 OK", now=NOW), "Arrived", "A task failed."),
    (lambda db, one: notices.settle(db, one, State.FAILED, "410 Gone: no_service", now=NOW), "Failed",
     "A task failed. 410 Gone: no_service. Given up."),
    (lambda db, one: notices.put_off(db, one, "it did not answer within 10 s", **LATER), "Trying again",
     "A task failed. It did not answer within 10 s. Next try at 03:09:05."),
], ids=["sending", "arrived", "given-up", "trying-again"])  # fmt: skip
def test_how_the_last_delivery_went_in_words(services, row, fate, word, text):
    key = row.removeprefix("channel:")
    assert standing(services) == ("", "Nothing was sent there yet.")
    make_task(services.db, status=Status.FAILED, repository="acme/widgets")
    assert standing(services) == ("Waiting", "To be sent.")
    assert tab.is_busy(settings_reads.channels(services), NOW)
    fate(services.db, notices.claim(services.db, key, now=NOW))
    assert standing(services) == (word, text)
    make_task(services.db, status=Status.FAILED, repository="acme/widgets")
    assert standing(services) == (word, f"{text} 1 more waiting.")


def test_every_occasion_has_its_words():
    assert set(tab.EVENTS) == set(channels.CHOOSABLE) and set(tab.KINDS) == set(channels.Way)
    assert "notifications" in settings_tabs.FOR_ALL


def test_a_secret_that_porter_made_is_answered_once_and_a_given_one_never(services):
    said = {"id": "channel-add", "kind": "webhook", "address": HOOK, "events": ["failed"]}
    made = act(services, "channel-add", **said)
    given = act(services, "channel-add", **said, secret="a-given-secret-of-it")
    assert len(made.once) > 40 and made.once not in repr(made) and made.note.startswith("Added: 93.184.215.14.")
    assert given.once == ""


def test_what_an_admin_does_is_answered_in_a_sentence(services, row):
    inside, outside = "https://10.0.0.1/", "https://93.184.215.15/"
    assert act(services, "channel-events", id=row, events=["failed"]).note == "Saved"
    assert act(services, "channel-events", id=row, events=[]).fault.startswith("A channel is told of at least one")
    assert act(services, "channel-replace", id=row, address=inside).fault.startswith("10.0.0.1 is an address inside")
    assert act(services, "channel-replace", id=row, address=outside).note == "Saved. It leads to 93.184.215.15."
    assert act(services, "channel-renew", id=row).once
    assert act(services, "channel-test", id=row).note == "A test is on its way."
    assert act(services, "channel-remove", id=row).note == "Removed"
    assert act(services, "channel-remove", id=row).note == "It was removed before."
    assert act(services, "channel-test", id=row).fault == "Somebody has removed this channel."


@pytest.mark.parametrize("said", [
    {}, {"kind": 7, "address": None}, {"kind": "webhook", "address": HOOK, "events": "failed"},
    {"kind": "webhook", "address": HOOK, "events": [{"a": 1}]},
])  # fmt: skip
def test_what_no_page_of_ours_says_is_refused(services, said):
    assert act(services, "channel-add", **said).fault
    assert channels.known(services.db) == []
