"""`/api/agents`: which coding agents there are, and which can be used."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from intake import shapes
from intake.access import check
from intake.answers import Answered
from intake.errors import Unknown
from jobs import readiness
from jobs.bootstrap import Services
from jobs.readiness import Asker
from jobs.roster import Roster
from worker.agents import Agent

_ERRORS: dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None] = {
    str(status): shapes.Error for status in (400, 401, 403, 404, 405, 422, 500, 503)
}


def routes(services: Services, roster: Roster) -> APIBlueprint:
    """The addresses of agents."""
    api = APIBlueprint(
        "agents", __name__, url_prefix="/api/agents", abp_tags=[Tag(name="agents")], abp_responses=_ERRORS,
        abp_security=[{"token": []}],
    )  # fmt: skip

    @api.before_request
    def _who() -> None:
        check(services.config, request.method, request.headers)

    @api.get("", responses={"200": shapes.AgentList})
    def list_agents() -> Answered:
        """Every agent."""
        off, keys = readiness.off(services.db), set(readiness.names(services.db, Asker()))
        return {"agents": [_shown(agent, roster, keys, off) for agent in roster.all()]}

    @api.get("/<name>", responses={"200": shapes.AgentShape})
    def read_agent(path: shapes.AgentPath) -> Answered:
        """One agent, by name or alias."""
        agent = roster.find(path.name)
        if agent is None:
            raise Unknown("there is no such agent")
        keys = set(readiness.names(services.db, Asker()))
        return _shown(agent, roster, keys, readiness.off(services.db))

    return api


def _shown(agent: Agent, roster: Roster, configured: set[str], off: frozenset[str]) -> dict[str, Any]:
    has_key, enabled = agent.has_key(dict.fromkeys(configured, "set")), agent.name not in off
    return {
        "name": agent.name,
        "title": agent.title,
        "aliases": list(agent.aliases),
        "version": agent.version,
        "package": agent.package,
        "keys": list(agent.keys),
        "installer": agent.installer if agent.package else None,
        "enabled": enabled,
        "ready": has_key and enabled,
        "missing_keys": [] if has_key else list(agent.keys),
        "why": _why(agent, configured, ready=has_key) if enabled else f"{readiness.switched_off(agent)}.",
        "models": [{"name": one.name, "price": asdict(one.price) if one.price else None} for one in agent.models],
        "default_model": agent.default_model,
        "takes_effort": agent.takes_effort,
        "instructions": list(agent.instructions),
        "default": agent.name == roster.default,
    }


def _why(agent: Agent, configured: set[str], *, ready: bool) -> str:
    if not agent.needs_key:
        return f"{agent.title} needs no key."
    if ready:
        return f"{next(key for key in agent.keys if key in configured)} is set."
    rest = f" (or {', '.join(agent.keys[1:])})" if agent.keys[1:] else ""
    return f"{agent.title} needs a key: `porter secret set {agent.keys[0]}`{rest}."
