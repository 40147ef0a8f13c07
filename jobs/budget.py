"""Shares of a prompt: each source has its own, and what it leaves goes to those that need more. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from jobs.cleaning import cut

LEAST = 200  # characters that every source may have, so that a cut still tells what was there


def shared_out(texts: Mapping[str, str], shares: Mapping[str, float], room: int) -> dict[str, str]:
    """The texts, cut to `room` characters altogether. `shares` name each source's part of it, the most important
    source first: it is also the first to get what others leave."""
    allowed = {name: min(len(texts.get(name, "")), max(LEAST, int(room * share))) for name, share in shares.items()}
    left = room - sum(allowed.values())
    for name in shares:
        more = min(max(0, left), len(texts.get(name, "")) - allowed[name])
        allowed[name] += more
        left -= more
    return {name: cut(texts.get(name, ""), allowed[name]) for name in shares}
