"""What the Responses API would refuse in a request, as far as an agent's turn is concerned. Pure.

https://platform.openai.com/docs/api-reference/responses/create and its answers to requests that break a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_ROLES = {"user": "input_text", "developer": "input_text", "system": "input_text", "assistant": "output_text"}
_PARTS = {"input_text": "text", "output_text": "text", "input_image": "image_url", "refusal": "refusal"}
_IDS = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "custom_tool_call": "ctc_"}
_ITEMS = {*_IDS, "function_call_output", "custom_tool_call_output", "web_search_call", "additional_tools"}
_TOOLS = {"function", "custom", "namespace", "web_search", "local_shell", "image_generation", "tool_search"}
_EFFORTS = {None, "none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


def faults(body: dict[str, Any]) -> list[str]:
    """What is wrong with the body of a request, in words."""
    return [*_settings(body), *_items(body.get("input")), *_answered(body.get("input"))]


def _settings(body: dict[str, Any]) -> Iterator[str]:
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "you must provide a model parameter"
    if body.get("stream") is not True:
        yield "stream is not true: this service only streams"
    if body.get("store") is not False:
        yield "store is not false: nothing is kept here between two requests"
    if "previous_response_id" in body:
        yield "previous_response_id names a response that was not stored"
    if (body.get("reasoning") or {}).get("effort") not in _EFFORTS:
        yield f"unsupported value for reasoning.effort: {body['reasoning']['effort']!r}"
    for tool in body.get("tools") or []:
        yield from _tool(tool)


def _tool(tool: Any) -> Iterator[str]:
    if not isinstance(tool, dict) or tool.get("type") not in _TOOLS:
        yield f"unknown kind of tool: {str(tool)[:80]}"
        return
    if tool["type"] in ("function", "custom", "namespace") and not _NAME.fullmatch(str(tool.get("name"))):
        yield f"a tool's name must match {_NAME.pattern}: {tool.get('name')!r}"
    if tool["type"] == "function" and not isinstance(tool.get("parameters"), dict):
        yield f"the function {tool.get('name')} has no parameters"
    for inner in tool.get("tools") or []:
        yield from _tool(inner)


def _items(items: Any) -> Iterator[str]:
    if not isinstance(items, list) or not items:
        yield "input must be a list with something in it"
        return
    for number, item in enumerate(items):
        kind = item.get("type")
        if kind not in _ITEMS:
            yield f"input[{number}].type is {kind!r}"
        if item.get("id") and not str(item["id"]).startswith(_IDS.get(str(kind), "")):
            yield f"input[{number}].id is {item['id']!r}, expected an id that begins with {_IDS[str(kind)]!r}"
        if kind == "message":
            yield from _message(item, number)
        elif kind == "additional_tools":
            yield from (fault for tool in item.get("tools", []) for fault in _tool(tool))


def _message(item: dict[str, Any], number: int) -> Iterator[str]:
    if item.get("role") not in _ROLES:
        yield f"input[{number}].role is {item.get('role')!r}"
        return
    for part in item.get("content") or [{}]:
        kind = part.get("type")
        if kind not in _PARTS or not isinstance(part.get(_PARTS[kind]), str):
            yield f"input[{number}].content holds {str(part)[:80]}"
        elif kind in ("input_text", "output_text") and kind != _ROLES[item["role"]]:
            yield f"input[{number}]: {kind} in a message of the {item['role']}"


def _answered(items: Any) -> Iterator[str]:
    """Every call has one answer, and it comes after the call."""
    asked: dict[str, str] = {}
    for item in items if isinstance(items, list) else []:
        kind, call = str(item.get("type")), str(item.get("call_id"))
        if kind in ("function_call", "custom_tool_call"):
            asked[call] = kind
        elif kind in ("function_call_output", "custom_tool_call_output") and asked.pop(call, "") + "_output" != kind:
            yield f"no tool call found for {kind} with call_id {call}"
    yield from (f"no tool output found for {kind} {call}" for call, kind in asked.items())
