"""Runs one program of the agent's side: reads it, watches the clock, ends it and every process it left."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from worker import processes
from worker.agents.stream import (
    Finish,
    HearsComplaints,
    Line,
    Lines,
    Parsed,
    Parser,
    Percent,
    Session,
    Step,
    Trouble,
    Used,
    printable,
)
from worker.contract import MAX_SUMMARY, Ending, Kind, Level, Limits, Price, Usage
from worker.desk import Desk, Orders
from worker.errors import AgentNotFound
from worker.isolation import User
from worker.masking import Mask, MaskedStream
from worker.verdict import Stopped

# For a CLI to sum up (SIGINT), then for it to end (SIGTERM).
PATIENT = (3.0, 2.0)
BRISK = (2.0, 1.0)  # somebody waits for the end: with all that comes before and after, it is there within ten seconds
KILL_SECONDS = 3.0
DRAIN_SECONDS = 1.0
CHUNK = 65_536


@dataclass(frozen=True)
class Program:
    """What to run. `env` is all it gets; the prompt comes on standard input."""

    argv: Sequence[str]
    env: Mapping[str, str]
    at: Path
    user: User | None = None
    stdin: str = ""
    interrupt_first: bool = False
    spent: Usage = field(default_factory=Usage)  # what its own figures count in, though an earlier run had it
    price: Price | None = None  # for figures without a cost


@dataclass
class Outcome:
    """What was seen of a program, once it and all its children are dead."""

    exit_code: int = -1
    finish: Finish | None = None
    trouble: Trouble | None = None
    stopped: Stopped | None = None
    usage: Usage = field(default_factory=Usage)
    session: str | None = None
    complaint: str = ""
    left: list[int] = field(default_factory=list)  # processes that would not die


def supervise(program: Program, parser: Parser, limits: Limits, *, desk: Desk, orders: Orders, mask: Mask) -> Outcome:
    """Run it to its end, or to the end of its time. Raises AgentNotFound."""
    process = _start(program)
    watch = _Watch(process, parser, desk, mask, program)
    try:
        watch.outcome.stopped = watch.until_end(limits, orders)
        if watch.outcome.stopped:
            cancelled = watch.outcome.stopped.ending is Ending.CANCELLED
            watch.end_politely(program.interrupt_first, BRISK if cancelled else PATIENT)
    finally:
        processes.signal_group(process, signal.SIGKILL)
        watch.outcome.exit_code = process.wait()
        watch.outcome.left = processes.end_all(seconds=KILL_SECONDS)
    watch.drain()
    return watch.outcome


def _start(program: Program) -> subprocess.Popen[bytes]:
    user = program.user
    # A file and not a pipe: a prompt may be larger than a pipe's buffer, and nobody may have to wait for it to be read.
    with tempfile.TemporaryFile() as prompt:
        prompt.write(program.stdin.encode("utf-8", errors="replace"))
        prompt.seek(0)
        if user:
            os.fchown(prompt.fileno(), user.uid, user.gid)  # some programs open /dev/stdin anew
        try:
            return subprocess.Popen(
                list(program.argv),
                cwd=program.at,
                env=dict(program.env),
                stdin=prompt,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                umask=0o022,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        except (FileNotFoundError, PermissionError) as error:
            text = f"{program.argv[0]} cannot be started on this machine ({error.strerror}); install it in the image"
            raise AgentNotFound(text) from error


class _Watch:
    """Pumps the program's two streams into the parser and the desk."""

    def __init__(
        self, process: subprocess.Popen[bytes], parser: Parser, desk: Desk, mask: Mask, program: Program
    ) -> None:
        self._process, self._parser, self._desk, self._mask = process, parser, desk, mask
        self._program = program
        self.outcome = Outcome()
        self._alive_at = self._started = self._buried_at = time.monotonic()
        self._complaints = Lines()
        self._last_complaints: deque[str] = deque(maxlen=20)
        self._selector = selectors.DefaultSelector()
        for stream in (process.stdout, process.stderr):
            assert stream is not None  # noqa: S101  both are pipes
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, mask.stream())

    def until_end(self, limits: Limits, orders: Orders) -> Stopped | None:
        """None when the program ended by itself."""
        while self._process.poll() is None:
            self._pump(0.2)
            if stop := self._reason(limits, orders):
                return stop
            if time.monotonic() - self._buried_at > 2.0:
                processes.bury(spare=(self._process.pid,))
                self._buried_at = time.monotonic()
        return None

    def end_politely(self, interrupt_first: bool, seconds: tuple[float, float]) -> None:
        """Interrupt the CLI alone, not the tools it runs: else it sees a tool fail and goes on working."""
        to_sum_up, to_end = seconds
        if interrupt_first:
            self._process.send_signal(signal.SIGINT)
            self._wait(to_sum_up)
        if self._process.poll() is None:
            processes.signal_group(self._process, signal.SIGTERM)
            self._wait(to_end)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            self._pump(0.05)

    def drain(self) -> None:
        """Read what is left in the pipes; a survivor that holds them open cannot keep us."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._selector.get_map() and time.monotonic() < deadline:
            self._pump(0.05)
        for key in list(self._selector.get_map().values()):
            self._end_of_stream(key)
        self._selector.close()
        self._complain(self._complaints.close())
        self._take(self._parser.close())
        self.outcome.complaint = self._last_complaints[-1] if self._last_complaints else ""

    def _reason(self, limits: Limits, orders: Orders) -> Stopped | None:
        now = time.monotonic()
        if orders.given:
            return Stopped(Ending.CANCELLED, f"The run was cancelled: {orders.why}.")
        if now - self._started > limits.total:
            return Stopped(Ending.TIMED_OUT, f"The agent was ended after {span(limits.total)}, its time limit.")
        if now - self._alive_at > limits.stall:
            return Stopped(Ending.STALLED, f"The agent was ended because it was silent for {span(limits.stall)}.")
        return None

    def _pump(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(min(seconds, 0.05))
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, CHUNK)
            self._alive_at = time.monotonic()
            if data:
                self._feed(key, key.data.feed(data))
            else:
                self._end_of_stream(key)

    def _end_of_stream(self, key: selectors.SelectorKey) -> None:
        held: MaskedStream = key.data
        self._feed(key, held.close())
        self._selector.unregister(key.fileobj)
        if not isinstance(key.fileobj, int):
            key.fileobj.close()  # type: ignore[attr-defined]  # typeshed: HasFileno; these are the process's pipes

    def _feed(self, key: selectors.SelectorKey, data: bytes) -> None:
        if key.fileobj is self._process.stdout:
            self._take(self._parser.feed(data))
        else:
            self._complain(self._complaints.feed(data))

    def _complain(self, lines: list[str]) -> None:
        for line in lines:
            if line.strip():
                text = printable(self._mask.text(line))
                self._last_complaints.append(text)
                self._desk.line(text, Level.WARNING, Kind.OUTPUT)
                if isinstance(self._parser, HearsComplaints):
                    self._take(self._parser.complaint(text))

    def _take(self, parsed: list[Parsed]) -> None:
        for item in parsed:
            match item:
                case Line(text, level, kind):
                    self._desk.line(text, level, kind)
                case Step(text):
                    self._desk.step(text)
                case Percent(value):
                    self._desk.percent(value)
                case Used(usage):
                    self.outcome.usage = own_part(usage, self._program)
                    self._desk.used(self.outcome.usage)
                case Session(name):
                    self.outcome.session = name
                case Trouble():
                    self.outcome.trouble = item
                case Finish(ok, message, ending, denials):
                    self.outcome.finish = Finish(ok, self._mask.text(message)[:MAX_SUMMARY], ending, denials)


def own_part(told: Usage, program: Program) -> Usage:
    """This run's part of a conversation that may have begun in an earlier one, with its price."""
    own = difference(told, program.spent)
    return own if own.cost_usd is not None or program.price is None else replace(own, cost_usd=program.price.of(own))


def difference(told: Usage, before: Usage) -> Usage:
    """What was used since `before`; never less than nothing, for a CLI may count anew."""
    cost = told.cost_usd if told.cost_usd is None else max(0.0, round(told.cost_usd - (before.cost_usd or 0.0), 6))
    return Usage(
        max(0, told.input_tokens - before.input_tokens),
        max(0, told.output_tokens - before.output_tokens),
        max(0, told.cache_read_tokens - before.cache_read_tokens),
        max(0, told.cache_write_tokens - before.cache_write_tokens),
        cost,
    )


def span(seconds: float) -> str:
    """A number of seconds as people say it."""
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{seconds / 60:.0f} minutes"
