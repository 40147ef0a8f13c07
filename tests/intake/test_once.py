"""A request to the API with an Idempotency-Key: done once, however often it is sent."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from store import settings
from tests.intake.conftest import House
from tests.intake.test_tasks_api import ASKED
from tests.racing import failures, race


def once(house: House, key: str = "7c9e6679-7425-40de-944b-e07fc1f90ae7", **changes: object) -> TestResponse:
    return house.client.post("/api/tasks", json=ASKED | changes, headers={"Idempotency-Key": key})


def started(house: House) -> int:
    return len(house.client.get("/api/tasks").json["tasks"])


def test_the_same_request_again_is_answered_with_the_task_it_made(house: House):
    first = once(house)
    house.client.delete(f"/api/tasks/{first.json['id']}")
    again = once(house, draft=False)  # which goes without saying

    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json["id"], again.json["status"]) == (first.json["id"], "cancelled")
    assert again.headers["Location"] == first.headers["Location"]
    assert once(house, "another").status_code == 201
    assert started(house) == 2


def test_it_is_answered_although_it_could_not_be_started_any_more(house: House):
    made = once(house)
    db, now = house.services.db, house.clock()
    settings.put(db, settings.GLOBAL, "enabled:mock", False, by="operator", now=now)

    assert once(house, "another").status_code == 422
    assert once(house).json["id"] == made.json["id"]


def test_the_same_key_with_another_request_is_refused_with_the_task_it_belongs_to(house: House):
    made = once(house)
    refused = once(house, instructions="say goodbye")

    assert (refused.status_code, refused.json["error"]) == (422, "key_reused")
    assert made.json["id"] in refused.json["message"]
    assert "new key" in refused.json["action"]
    assert started(house) == 1


def test_of_several_at_the_same_moment_one_makes_the_task(house: House):
    app, headers = house.client.application, {"Idempotency-Key": "k1"}
    answers = race(*[lambda: app.test_client().post("/api/tasks", json=ASKED, headers=headers)] * 5)

    assert failures(answers) == []
    told = [one for one in answers if isinstance(one, TestResponse)]
    assert sorted(one.status_code for one in told) == [200] * 4 + [201]
    assert len({one.json["id"] for one in told}) == 1


def test_a_request_that_was_refused_may_be_mended_under_its_key(house: House):
    assert once(house, agent="mokc").status_code == 422
    assert once(house, agent="mock").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "two words"])
def test_what_cannot_be_a_key_is_refused_by_the_headers_name(house: House, key: str):
    refused = once(house, key)

    assert (refused.status_code, refused.json["error"]) == (422, "invalid")
    assert "Idempotency-Key" in refused.json["message"]
    assert started(house) == 0


def test_the_document_tells_of_the_header_and_both_answers(house: House):
    post = house.client.get("/openapi/openapi.json").json["paths"]["/api/tasks"]["post"]
    assert [(one["name"], one["in"], one["required"]) for one in post["parameters"]] == [
        ("Idempotency-Key", "header", False)
    ]
    assert {"200", "201", "422"} <= set(post["responses"])
