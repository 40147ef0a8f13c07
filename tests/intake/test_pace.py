"""One sender asks for so much in an hour; what is more is refused, told once, and lost by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store import deliveries, requests, tables
from store.records import Request, Verdict
from tests.intake import github_says
from tests.intake.conftest import House, build

LIMIT = 3


@pytest.fixture
def house(home: Path) -> Iterator[House]:
    made = build(home, PORTER_MAX_COMMANDS_PER_HOUR=str(LIMIT))
    yield made
    made.services.db.close()


def say(house: House, words: str = "@porter mock fix it", **changes: Any) -> dict[str, Any]:
    answer = house.deliver(house.comment(words, **changes))
    assert answer.status_code == 202
    return answer.json


def spend(house: House, **changes: Any) -> None:
    for _ in range(LIMIT):
        assert say(house, **changes)["verdict"] == "accepted"


def replies(house: House) -> list[Request]:
    with house.services.db.read() as connection:
        found = connection.execute(tables.requests.select().order_by(tables.requests.c.created_at)).mappings()
        return [requests.get(house.services.db, row["id"]) for row in found]


def test_what_is_too_much_is_refused_and_told_once(house: House):
    spend(house)
    for _ in range(3):
        refused = say(house)
        assert (refused["verdict"], refused["tasks"]) == ("refused", [])
        assert "asked 3 times within the hour, and 3 are the most" in refused["reason"]
    assert [(one.verb, one.sender) for one in replies(house)] == [("too_many", "Codertocat")]


def test_it_counts_by_the_hour_and_for_each_sender_alone(house: House):
    spend(house)
    other = {"comment": {"user": {"login": "tom", "id": 9}}, "sender": {"login": "tom", "id": 9}}
    assert say(house, **other)["verdict"] == "accepted"
    house.clock.advance(3601)
    spend(house)
    assert say(house)["verdict"] == "refused"
    assert len(replies(house)) == 1
    house.clock.advance(1800)
    assert say(house)["verdict"] == "refused"
    assert len(replies(house)) == 1, "silence for the hour"


def test_stop_always_works(house: House):
    spend(house)
    assert say(house, "@porter stop")["verdict"] == "accepted"
    assert say(house, "@porter stop\n@porter mock again")["verdict"] == "refused"
    assert [one.verb for one in replies(house)].count("stop") == 2


def test_questions_and_mistakes_count_and_mere_words_do_not(house: House):
    for words in ("@porter status", "@porter help", "@porter mock --nonsense"):
        say(house, words)
    for _ in range(LIMIT):
        assert say(house, "I asked @porter before")["verdict"] == "ignored"
    assert say(house, "@porter status")["verdict"] == "refused"


def test_labels_count_too(house: House):
    spend(house)
    labelled = github_says.issue("labeled", label="porter", sender={"login": "Codertocat"})
    assert house.deliver(labelled, "issues").json["verdict"] == "refused"
    assert [one.verb for one in replies(house)] == ["too_many"]


def test_a_refused_delivery_is_judged_anew_when_it_comes_again_later(house: House):
    spend(house)
    payload = house.comment("@porter mock fix it")
    assert house.deliver(payload, id="one").json["verdict"] == "refused"
    assert deliveries.get(house.services.db, "one").verdict is Verdict.REFUSED
    house.clock.advance(3601)
    assert house.deliver(payload, id="two").json["verdict"] == "accepted"
