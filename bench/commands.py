"""Reading a comment of GitHub's longest size against one of an eighth of it: long texts, and texts made to be slow.

    ./run bench commands

A ratio of 8 is work in step with the text; GitHub takes no comment of more than 65,536 characters.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from bench.figures import percentile
from intake.commands import Vocabulary, parse

_ROUNDS = 9
_SHORT, _LONG = 8_000, 64_000  # characters


def _filled(piece: str, ending: str = "\n@porter mock fix\n", *, beginning: str = "") -> Callable[[int], str]:
    return lambda size: beginning + piece * (size // len(piece)) + ending


LONG: dict[str, Callable[[int], str]] = {
    "prose": _filled("Lorem ipsum dolor `sit` amet.\n\n"),
    "mentions": _filled("@porter mock fix\n"),
    "unclosed comments": _filled("a <!--"),
    "backticks": lambda size: "".join("`" * n + " " for n in range(1, int((2 * size) ** 0.5))) + "\n@porter mock",
    "quotes": _filled(">", "\n\n@porter mock"),
    "brackets": _filled("["),
    "dashes": _filled("—", "", beginning="@porter mock "),
    "one long word": _filled("x", "", beginning="@porter "),
}
"""Bodies by what they are full of, each for a size in characters."""


def main() -> None:
    """Print the median of both sizes in milliseconds of this process, and the ratio."""
    agents = Vocabulary({"mock": "mock"})
    for name, body in LONG.items():
        spent: dict[int, list[float]] = {_SHORT: [], _LONG: []}
        for _ in range(_ROUNDS):
            for size, found in spent.items():
                text, begun = body(size), process_time()
                parse(text, mention="porter", agents=agents)
                found.append(process_time() - begun)
        short, long = (percentile(found, 0.5) * 1e3 for found in spent.values())
        sizes = f"{_SHORT:,} characters {short:6.2f} ms   {_LONG:,} {long:6.2f} ms"
        print(f"{name:<18} {sizes}   {long / short:5.1f} times")


if __name__ == "__main__":
    main()
