"""The mock agent's conversation: a count of its turns and what they cost, in a file as a CLI would keep one."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = ".porter-mock"


@dataclass
class Conversation:
    """`cost_usd` is the whole conversation's, as the cost that Claude Code tells is."""

    id: str
    turns: int = 0
    cost_usd: float = 0.0

    def keep(self) -> None:
        place = _place(self.id)
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(asdict(self)))


def begin(resumed: str | None) -> Conversation:
    """A new conversation, or the one to go on with. Raises FileNotFoundError when there is none of that name."""
    if resumed is None:
        return Conversation(f"mock-{secrets.token_hex(4)}")
    return Conversation(**json.loads(_place(resumed).read_text()))


def _place(name: str) -> Path:
    return Path(os.environ["HOME"]) / FOLDER / f"{name}.json"
