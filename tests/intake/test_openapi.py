"""The OpenAPI document, and the API held against it by generated requests."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import openapi
from schemathesis.checks import load_all_checks

from tests.intake.conftest import House

load_all_checks()
WRONG_ON_PURPOSE = ("unsupported_method", "ignored_auth")  # embedded mode needs no token, and that is tested elsewhere


@pytest.fixture
def api(house: House):
    return openapi.from_wsgi("/openapi/openapi.json", house.client.application)


schema = schemathesis.pytest.from_fixture("api")


def test_the_document_describes_every_address_of_the_api(house: House):
    document = house.client.get("/openapi/openapi.json").json

    assert document["openapi"].startswith("3.1")
    assert {"/api/tasks", "/api/tasks/{task_id}", "/api/tasks/{task_id}/logs", "/api/agents"} <= set(document["paths"])
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    assert "traceback" not in str(document).lower()


@schema.exclude(path_regex="/events$").parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_generated_request_gets_a_server_error_or_an_undescribed_answer(case):
    checks = schemathesis.checks.CHECKS.get_all()
    case.call_and_validate(excluded_checks=[check for check in checks if check.__name__ in WRONG_ON_PURPOSE])
