"""Channels are set by people: checked first, each change noted, and nothing secret of them readable again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs import notifying
from jobs.errors import JobError
from jobs.notifying import MOST, NewChannel
from jobs.setting_kinds import BadSetting
from store import audit, channels, settings, vault
from store.errors import NotFound
from tests.jobs.notify_stage import House, is_signed, sent, webhook
from tests.jobs.receivers import receiving

HOOK = "https://93.184.215.14/services/T0/B0/a-token-of-24-characters"


def add(house: House, **more: object) -> notifying.Added:
    new = NewChannel(**({"kind": "webhook", "address": HOOK} | more))  # type: ignore[arg-type]
    return notifying.add(house.services, new, by="maria")


def noted(house: House) -> list[tuple[str, str, str]]:
    return [(one.action, one.what, one.detail) for one in audit.latest(house.services.db)]


def kept(house: House) -> list[str]:
    return [one.name for one in vault.known(house.services.db) if one.owner == settings.PORTER]


def test_a_webhook_gets_a_secret_that_is_told_once_and_only_its_host_is_kept_in_the_open(house: House):
    added = add(house)
    assert len(added.secret) >= 40
    channel = channels.get(house.services.db, added.channel.id)
    assert (channel.place, channel.scope) == ("93.184.215.14", "global")
    assert channel.events == ["pull_request", "failed", "needs_you"]
    assert noted(house) == [
        ("channel_added", "global/webhook 93.184.215.14", "pull_request, failed, needs_you"),
    ]
    database = Path(house.services.config.data_dir / "porter.db").read_bytes()
    assert added.secret.encode() not in database and b"a-token-of-24" not in database


def test_what_somebody_types_as_a_secret_is_used_and_not_told_back(house: House):
    with receiving() as receiver:
        channel = webhook(house, receiver)
        assert add(house, secret="another-long-secret").secret == ""
        notifying.replace(house.services, channel, secret="a-second-secret-of-it", by="maria")
        notifying.try_out(house.services, channel, by="maria")
        sent(house)
        [(_, headers, body)] = receiver.heard
        assert is_signed(headers, body, "a-second-secret-of-it")


def test_another_address_takes_over_what_waits(house: House):
    with receiving() as old, receiving() as new:
        old.answers = [(503, {}, b"")]
        channel = webhook(house, old)
        house.ended()
        sent(house)
        changed = notifying.replace(house.services, channel, address=f"{new.url}/in", by="tom")
        assert changed.place == new.url.partition("//")[2]
        house.wait(60)
        sent(house)
        assert (len(old.heard), len(new.heard)) == (1, 1)
        assert new.heard[0][1]["X-Porter-Delivery"] == old.heard[0][1]["X-Porter-Delivery"]


def test_a_new_secret_ends_the_old_one(house: House):
    added = add(house)
    renewed = notifying.renew(house.services, added.channel.id, by="tom")
    name = channels.secret_name(added.channel.id)
    assert vault.use(house.services.db, house.services.vault, settings.PORTER, name) == renewed.secret != added.secret
    assert noted(house)[0] == ("channel_changed", "global/webhook 93.184.215.14", "its secret")


def test_what_it_is_told_of_is_chosen_and_kept_in_order(house: House):
    channel = add(house).channel.id
    assert notifying.choose(house.services, channel, ["failed", "cancelled"], by="tom").events == [
        "failed",
        "cancelled",
    ]
    assert noted(house)[0][2] == "pull_request, failed, needs_you → failed, cancelled"
    notifying.choose(house.services, channel, ["cancelled", "failed"], by="tom")
    assert len(noted(house)) == 2  # that changed nothing


def test_a_channel_that_is_removed_leaves_no_secret_behind(house: House):
    channel = add(house).channel.id
    assert len(kept(house)) == 2
    assert notifying.remove(house.services, channel, by="tom")
    assert kept(house) == [] and channels.known(house.services.db) == []
    assert not notifying.remove(house.services, channel, by="tom")
    for change in (notifying.renew, notifying.try_out):
        with pytest.raises(NotFound):
            change(house.services, channel, by="tom")


def test_slack_has_an_address_and_no_secret_beside_it(house: House):
    with receiving() as receiver:
        channel = webhook(house, receiver, kind="slack", secret="")
        house.ended()
        sent(house)
        [(_, headers, body)] = receiver.heard
        assert list(json.loads(body)) == ["text"] and "X-Porter-Signature-256" not in headers
    with pytest.raises(BadSetting, match="only a webhook"):
        notifying.renew(house.services, channel, by="tom")


@pytest.mark.parametrize(("typed", "why"), [
    ({"kind": "carrier pigeon"}, "no kind of channel"),
    ({"address": "https://10.0.0.1/x"}, "PORTER_NOTIFY_NETWORKS"),
    ({"address": "https://metadata.google.internal/x"}, "inside a network"),
    ({"address": ""}, "no URL"),
    ({"events": []}, "at least one thing"),
    ({"events": ["test"]}, "nothing that is told of"),
    ({"events": ["failed", "x" * 500]}, "nothing that is told of"),
    ({"repository": "widgets"}, "no repository"),
    ({"repository": "acme/widgets/../x"}, "no repository"),
    ({"secret": "short"}, "16 to 200 characters"),
    ({"secret": "a line\nand another line"}, "16 to 200 characters"),
    ({"kind": "slack", "secret": "a-secret-that-slack-has-not"}, "only a webhook"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_in_words_and_changes_nothing(house: House, typed, why):
    with pytest.raises(JobError, match=why) as refused:
        add(house, **typed)
    assert typed.get("secret", "no secret") not in str(refused.value)
    assert (channels.known(house.services.db), kept(house), noted(house)) == ([], [], [])


def test_a_replacement_that_does_not_fit_leaves_the_channel_as_it_is(house: House):
    channel = add(house).channel
    for more in ({}, {"address": "https://10.0.0.1/x"}, {"secret": "x"}):
        with pytest.raises(JobError):
            notifying.replace(house.services, channel.id, by="tom", **more)
    assert channels.get(house.services.db, channel.id) == channel


def test_of_one_repository_in_any_spelling(house: House):
    assert add(house, repository=" Acme/Widgets ").channel.scope == "repo:acme/widgets"


def test_there_is_an_end_to_channels(house: House):
    for _ in range(MOST):
        add(house)
    with pytest.raises(BadSetting, match=f"{MOST} channels already"):
        add(house)
