"""The REST API tells which agents there are, what they are, and what they still need."""

from __future__ import annotations

import functools

from store import vault
from tests.intake.conftest import House


def test_agents_say_whether_they_can_be_used(house: House):
    def ready() -> dict[str, bool]:
        return {agent["name"]: agent["ready"] for agent in house.client.get("/api/agents").json["agents"]}

    assert (ready()["mock"], ready()["claude-code"]) == (True, False)
    vault.put(
        house.services.db, house.services.vault, "global", "ANTHROPIC_API_KEY", "k" * 20, by="t", now=house.clock()
    )
    assert ready()["claude-code"] is True
    assert house.client.get("/api/agents/claude").json["name"] == "claude-code"
    assert house.client.get("/api/agents/nobody").status_code == 404
    assert "k" * 20 not in house.client.get("/api/agents").text


def test_agents_say_what_they_are_and_what_is_missing(house: House):
    claude = house.client.get("/api/agents/claude").json
    assert (claude["installer"], claude["package"]) == ("npm", "@anthropic-ai/claude-code")
    assert claude["missing_keys"] == claude["keys"]
    assert claude["why"].startswith("Claude Code needs a key: `porter secret set ANTHROPIC_API_KEY` (or ")
    assert claude["instructions"] == ["CLAUDE.md", "AGENTS.md"]
    assert (claude["takes_effort"], claude["default"]) == (True, False)
    [sonnet] = [one for one in claude["models"] if one["name"] == "claude-sonnet-4-5"]
    assert sonnet["price"] == {"input": 3.0, "output": 15.0, "cache_read": 0.3, "cache_write": 3.75}

    gemini, mock = (house.client.get(f"/api/agents/{name}").json for name in ("gemini", "mock"))
    assert (gemini["default_model"], gemini["takes_effort"]) == ("gemini-2.5-pro", False)
    assert (mock["installer"], mock["missing_keys"], mock["ready"]) == (None, [], True)
    assert mock["why"].endswith("needs no key.")

    put = functools.partial(vault.put, house.services.db, house.services.vault, "global", by="t", now=house.clock())
    put("CLAUDE_CODE_OAUTH_TOKEN", "k" * 20)
    claude = house.client.get("/api/agents/claude-code").json
    assert (claude["ready"], claude["missing_keys"]) == (True, [])
    assert claude["why"] == "CLAUDE_CODE_OAUTH_TOKEN is set."
