"""The parser for agents that just print: each line goes to the log, the last words are the summary. Pure."""

from __future__ import annotations

from worker.agents.stream import Finish, Line, Lines, Parsed, Step, first_line, printable
from worker.contract import MAX_SUMMARY, Kind

SUMMARY_LINES = 40


class TextParser:
    """An exit status is all the verdict there is, so `expects_finish` is False; the Finish only carries the words."""

    expects_finish = False

    def __init__(self) -> None:
        self._lines = Lines()
        self._last: list[str] = []

    def feed(self, data: bytes) -> list[Parsed]:
        return [parsed for line in self._lines.feed(data) for parsed in self._line(line)]

    def close(self) -> list[Parsed]:
        parsed = [parsed for line in self._lines.close() for parsed in self._line(line)]
        summary = "\n".join(self._last)[-MAX_SUMMARY:]
        return [*parsed, Finish(ok=True, message=summary)] if summary else parsed

    def _line(self, line: str) -> list[Parsed]:
        if not line.strip():
            return []
        text = printable(line)
        self._last = [*self._last, text][-SUMMARY_LINES:]
        return [Line(text, kind=Kind.OUTPUT), Step(first_line(text))]
