"""Five prompts to begin with. An ellipsis marks what the reader fills in. Pure."""

from __future__ import annotations

_PROMPTS = {
    "Fix a bug": """Fix this bug: …

First write a test that fails because of it, then mend the cause and not the symptom. Leave everything else as
it is.""",
    "Write tests": """Write tests for …

Cover the usual case, the edges and the errors, in the style of the tests that are there. Do not change the code under
test; if you find a bug, say so in the summary.""",
    "Refactor": """Refactor … so that …

Its behaviour stays the same and the tests pass unchanged. Prefer small steps, and take out what is no longer used.""",
    "Docs": """Document …

Read the code first and write only what is true of it. Short sentences, one example that runs, in the tone of the
documents that are there.""",
    "Upgrade a dependency": """Upgrade … to its latest release.

Read its changelog, adapt the code to what has changed, run the tests, and list in the summary what a reviewer should
look at.""",
}

TEMPLATES = [
    {"title": title, "text": "\n\n".join(" ".join(part.split("\n")) for part in text.split("\n\n"))}
    for title, text in _PROMPTS.items()
]
