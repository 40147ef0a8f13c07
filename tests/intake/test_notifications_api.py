"""`/api/notifications` as its callers see it: channels go in, secrets never come out, but one that was made, once."""

from __future__ import annotations

import pytest

from store import channels, notices
from store.lifecycle import Status
from store.notices import State
from tests.builders import make_task
from tests.intake.conftest import House

HOOK = {"kind": "webhook", "address": "https://93.184.215.14:8443/in/a-secret-path-of-it"}
AT = "/api/notifications"


def added(house: House, **more: object) -> dict[str, object]:
    answer = house.client.post(AT, json=HOOK | more)
    assert answer.status_code == 201, answer.text
    shown: dict[str, object] = answer.json
    return shown


def test_a_channel_is_added_changed_tried_and_removed(house: House):
    one = added(house, repository="Acme/Widgets")
    assert (one["place"], one["scope"], one["kind"]) == ("93.184.215.14:8443", "repo:acme/widgets", "webhook")
    assert (one["events"], one["created_by"]) == (["pull_request", "failed", "needs_you"], "operator")
    at = f"{AT}/{one['id']}"
    changed = house.client.put(at, json={"events": ["failed"], "address": "https://93.184.215.15/x"}).json
    assert (changed["events"], changed["place"], changed["last"]) == (["failed"], "93.184.215.15", None)
    tried = house.client.post(f"{at}/test")
    assert (tried.status_code, house.client.get(AT).json["channels"][0]["waiting"]) == (202, 1)
    gone = house.client.delete(at)
    assert (gone.status_code, gone.json) == (200, {"channels": []})
    for answer in (house.client.delete(at), house.client.put(at, json={"events": ["failed"]}),
                   house.client.post(f"{at}/test"), house.client.post(f"{at}/secret")):  # fmt: skip
        assert (answer.status_code, answer.json["message"]) == (404, "there is no such channel")


def test_a_secret_is_told_when_it_is_made_and_never_again(house: House):
    one = added(house)
    listed = house.client.get(AT)
    assert str(one["secret"]) not in listed.text and "a-secret-path" not in listed.text
    assert "secret" not in listed.json["channels"][0]
    renewed = house.client.post(f"{AT}/{one['id']}/secret").json["secret"]
    assert renewed and renewed != one["secret"]
    assert added(house, secret="one-that-was-given")["secret"] is None


def test_how_the_last_delivery_went_is_told(house: House):
    key = str(added(house)["id"])
    make_task(house.services.db, status=Status.FAILED, now=house.clock())
    notice = notices.claim(house.services.db, key, now=house.clock())
    notices.settle(house.services.db, notice, State.FAILED, "410 Gone", now=house.clock())
    [shown] = house.client.get(AT).json["channels"]
    last = shown["last"]
    assert (last["id"], last["state"], last["answer"], last["next_at"]) == (notice.id, "failed", "410 Gone", None)


@pytest.mark.parametrize(("body", "word"), [
    (HOOK | {"address": "https://10.0.0.1/in/a-secret-path"}, "PORTER_NOTIFY_NETWORKS"),
    (HOOK | {"address": "http://93.184.215.14/in/a-secret-path"}, "only https"),
    (HOOK | {"address": "https://u:a-secret-path@93.184.215.14/"}, "refused"),
    (HOOK | {"kind": "email", "address": "team@example.com"}, "PORTER_SMTP_HOST"),
    (HOOK | {"kind": "fax"}, "kind"),
    (HOOK | {"events": []}, "events"),
    (HOOK | {"events": ["test"]}, "nothing that is told of"),
    (HOOK | {"secret": "short"}, "16 to 200"),
    (HOOK | {"colour": "red"}, "colour"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(house: House, body, word):
    answer = house.client.post(AT, json=body)
    assert answer.status_code == 422 and word in answer.text
    assert "a-secret-path" not in answer.text
    assert channels.known(house.services.db) == []
