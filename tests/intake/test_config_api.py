"""`/api/config` and `/api/config/credentials` as their callers see them."""

from __future__ import annotations

import pytest

from store import audit, settings, vault
from tests.intake.conftest import House

CANARY = "sk-ant-this-must-never-come-back"


def test_a_setting_is_set_shown_with_its_source_and_removed(house: House):
    saved = house.client.put("/api/config", json={"values": {"timeout": "45m", "labels": False}})
    assert (saved.status_code, saved.json["values"]) == (200, {"timeout": 2700, "labels": False})
    here = house.client.get("/api/config?scope=repo:Acme/Widgets").json
    assert (here["scope"], here["values"]) == ("repo:acme/widgets", {})
    assert here["effective"]["timeout_seconds"] == {"value": 2700, "source": "global"}
    assert here["effective"]["stall_seconds"]["source"] == "built-in"
    removed = house.client.put("/api/config", json={"remove": ["timeout"]})
    assert removed.json["values"] == {"labels": False}
    assert [one.who for one in audit.latest(house.services.db)] == ["operator"] * 3


def test_of_several_settings_one_that_does_not_fit_changes_none(house: House):
    body = {"values": {"draft": True, "timeout": "99h"}, "remove": ["labels"]}
    settings.put(house.services.db, "global", "labels", False, by="t", now=house.clock())
    refused = house.client.put("/api/config", json=body)
    assert (refused.status_code, refused.json["error"]) == (422, "invalid")
    assert "from 30 seconds to 24 hours" in refused.json["message"]
    assert settings.of_scope(house.services.db, "global") == {"labels": False}


def test_a_key_goes_in_and_never_comes_out(house: House):
    put = {"name": "ANTHROPIC_API_KEY", "value": CANARY, "scope": "repo:acme/widgets"}
    saved = house.client.put("/api/config/credentials", json=put)
    [one] = saved.json["credentials"]
    assert (one["scope"], one["name"], one["updated_by"]) == ("repo:acme/widgets", "ANTHROPIC_API_KEY", "operator")
    assert "claude-code" in one["agents"] and "ANTHROPIC_API_KEY" in saved.json["missing"]
    assert CANARY not in saved.text + house.client.get("/api/config/credentials").text
    kept = vault.use(house.services.db, house.services.vault, "repo:acme/widgets", "ANTHROPIC_API_KEY")
    assert kept == CANARY
    gone = house.client.delete("/api/config/credentials/ANTHROPIC_API_KEY?scope=repo:acme/widgets")
    assert (gone.status_code, gone.json["credentials"]) == (200, [])
    again = house.client.delete("/api/config/credentials/ANTHROPIC_API_KEY")
    assert again.status_code == 404


@pytest.mark.parametrize("body", [
    {"name": "ANTHROPIC_API_KEY", "value": "  "}, {"name": "FLY_API_TOKEN", "value": CANARY},
    {"name": "lower", "value": CANARY}, {"name": "A_KEY", "value": CANARY, "scope": "team:x"},
    {"name": "A_KEY", "value": f"{CANARY}\x07"},
], ids=["blank", "flys", "no-name", "no-scope", "bell"])  # fmt: skip
def test_what_is_no_key_is_refused_and_not_quoted(house: House, body):
    refused = house.client.put("/api/config/credentials", json=body)
    assert refused.status_code == 422 and CANARY not in refused.text
    assert vault.known(house.services.db) == []


def test_each_key_that_a_machine_was_given_is_noted_once(house: House):
    put = {"name": "ANTHROPIC_API_KEY", "value": CANARY}
    house.client.put("/api/config/credentials", json=put)
    house.client.put("/api/config/credentials", json=put | {"value": "the person's", "scope": "user:mona"})
    machine = house.launched(agent="claude-code")
    house.keep(machine.run_id, "clone", "ghs_clone")
    assert [machine.job().json["keys"] for _ in range(2)] == [{"ANTHROPIC_API_KEY": "the person's"}] * 2
    used = [one for one in audit.latest(house.services.db) if one.action == "secret_used"]
    assert [one.what for one in used] == ["user:mona/ANTHROPIC_API_KEY"]
    assert machine.run_id in used[0].detail
