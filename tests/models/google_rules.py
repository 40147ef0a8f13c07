"""What the Gemini API refuses in a request, as far as a coding agent could get it wrong. Pure.

https://ai.google.dev/api/generate-content#request-body and https://ai.google.dev/api/caching#Part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FIELDS = {
    *("contents", "tools", "toolConfig", "safetySettings", "systemInstruction", "generationConfig", "cachedContent"),
}
_CONFIG = {
    *("stopSequences", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities"),
    *("candidateCount", "maxOutputTokens", "temperature", "topP", "topK", "seed", "presencePenalty"),
    *("frequencyPenalty", "responseLogprobs", "logprobs", "enableEnhancedCivicAnswers", "speechConfig"),
    *("thinkingConfig", "imageConfig", "mediaResolution"),
}
_PART = {"text", "inlineData", "functionCall", "functionResponse", "fileData", "executableCode", "codeExecutionResult"}
_BESIDE = {"thought", "thoughtSignature", "videoMetadata", "partMetadata"}


def faults(method: str, query: str, body: Mapping[str, Any]) -> list[str]:
    """Why the service would answer 400, in its order; nothing when it would not."""
    return list(_faults(method, query, body))


def _faults(method: str, query: str, body: Mapping[str, Any]) -> Iterator[str]:
    if method == "streamGenerateContent" and query != "alt=sse":
        yield f"a stream is asked for with alt=sse, not {query!r}"
    if method != "countTokens":
        yield from (f"unknown field {name!r}" for name in sorted(set(body) - _FIELDS))
        yield from (f"unknown field in generationConfig: {name!r}" for name in _unknown_config(body))
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        yield "contents are required"
        return
    for content in contents:
        yield from _content(content)
    yield from _turns(contents)


def _unknown_config(body: Mapping[str, Any]) -> list[str]:
    return sorted(set(body.get("generationConfig", {})) - _CONFIG)


def _content(content: Mapping[str, Any]) -> Iterator[str]:
    if content.get("role") not in ("user", "model"):
        yield f"a role is user or model, not {content.get('role')!r}"
    if not content.get("parts"):
        yield "contents.parts must not be empty"
    for part in content.get("parts", []):
        if len(_PART & set(part)) != 1 or set(part) - _PART - _BESIDE:
            yield f"a part holds exactly one kind of data, not {sorted(part)}"


def _turns(contents: list[Mapping[str, Any]]) -> Iterator[str]:
    """Each call is answered in the next content, and nothing is answered that was not called."""
    called: list[str] = []
    for content in contents:
        answered = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
        if sorted(answered) != sorted(called):
            yield f"the function responses {answered} do not answer the calls {called} of the turn before"
        called = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
    if called:
        yield f"the calls {called} are not answered"
