"""The buffer of log lines: in order, bounded, honest about what it dropped."""

from __future__ import annotations

from worker.contract import Kind, Level, LogLine
from worker.log_buffer import LogBuffer


def filled(lines: int, capacity: int = 10) -> LogBuffer:
    buffer = LogBuffer(capacity)
    for number in range(1, lines + 1):
        buffer.add(f"line {number}", level=Level.INFO, kind=Kind.TEXT, at=float(number))
    return buffer


def texts(lines: list[LogLine]) -> list[str]:
    return [line.text for line in lines]


def test_lines_come_out_in_order_and_numbered() -> None:
    buffer = filled(3)
    assert [(line.n, line.text) for line in buffer.take(2)] == [(1, "line 1"), (2, "line 2")]
    assert texts(buffer.take(2)) == ["line 3"]
    assert buffer.take(2) == []


def test_the_middle_is_dropped_and_counted() -> None:
    lines = filled(100).take(1000)
    assert texts(lines)[:5] == [f"line {n}" for n in range(1, 6)]
    assert lines[5].text == "… 90 lines dropped here: too many at once"
    assert lines[5].level is Level.WARNING
    assert texts(lines)[6:] == [f"line {n}" for n in range(96, 101)]
    assert [line.n for line in lines] == [1, 2, 3, 4, 5, 6, 96, 97, 98, 99, 100]


def test_it_goes_on_after_a_gap() -> None:
    buffer = filled(100)
    buffer.take(1000)
    buffer.add("after", level=Level.INFO, kind=Kind.TEXT, at=0.0)
    assert texts(buffer.take(10)) == ["after"]


def test_nothing_is_dropped_up_to_the_capacity() -> None:
    assert len(filled(10)) == 10
    assert texts(filled(10).take(99)) == [f"line {n}" for n in range(1, 11)]
