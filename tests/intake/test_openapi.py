"""The OpenAPI document, and the API held against it by generated requests."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from schemathesis import Case, openapi
from schemathesis.checks import CHECKS, load_all_checks

from tests.intake.conftest import House

# Embedded mode needs no token; and a schema cannot say which agents and page keys there are. Both are tested by name.
# Fly's configuration has its own such test, beside an emulated Fly.
NOT_HERE = ("ignored_auth", "positive_data_acceptance")


def test_the_document_describes_every_address_of_the_api(house: House):
    document = house.client.get("/openapi/openapi.json").json

    assert document["openapi"].startswith("3.1")
    some = {"/api/tasks", "/api/tasks/{task_id}", "/api/tasks/{task_id}/logs", "/api/agents", "/api/config/fly"}
    assert some <= set(document["paths"])
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}


def test_no_generated_request_gets_a_server_error_or_an_undescribed_answer(house: House):
    load_all_checks()
    left_out = [check for check in CHECKS.get_all() if check.__name__ in NOT_HERE]
    schema = openapi.from_wsgi("/openapi/openapi.json", house.client.application)
    tried = 0
    for found in schema.exclude(path_regex="/events$|/config/fly").get_all_operations():
        tried += 1

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(found.ok().as_strategy())
        def hold(case: Case) -> None:
            case.call_and_validate(excluded_checks=left_out, headers={"Host": "127.0.0.1"})

        hold()
    assert tried >= 7
