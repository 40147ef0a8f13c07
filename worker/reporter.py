"""Tells Porter what happens on the machine, from a thread of its own: in order, again until accepted, bounded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from worker.agents.stream import first_line, printable
from worker.contract import Ending, Kind, Level, Result, Session, Usage
from worker.desk import Orders
from worker.errors import PorterAway, ResultRefused, RunOver
from worker.log_buffer import LogBuffer
from worker.masking import Mask
from worker.porter_client import PATIENCE, Answer, PorterClient, words

BATCH_SECONDS = 1.0
BATCH_LINES = 100
HEARTBEAT_SECONDS = 3.0  # the answer may carry an order to stop, which is obeyed within ten
HURRY_SECONDS = 2.5  # for the last report when the machine is being stopped
TAIL_LINES = 40
LONG = 8_000  # characters; a longer line is made fit at once, so that the buffer stays small
_GONE = (401, 404, 410)


class Reporter:
    """Porter as the runner's desk. Every text is masked before it leaves the machine; of a flood most never does."""

    def __init__(self, porter: PorterClient, mask: Mask, orders: Orders, *, patience: float = PATIENCE) -> None:
        self._porter, self._mask, self._orders, self._patience = porter, mask, orders, patience
        self._news = threading.Condition()
        self._buffer = LogBuffer()
        self._state: dict[str, Any] = {"phase": "cloning", "step": None, "percent": None, "usage": None}
        self._changed = True  # the first report goes at once: it tells Porter that the machine lives
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._seq = 0
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def enter(self, phase: str) -> None:
        self._note(phase=phase)

    def line(self, text: str, level: Level = Level.INFO, kind: Kind = Kind.STEP) -> None:
        if len(text) > LONG:
            text = self._shown(text)
        with self._news:
            self._buffer.add(text, level=level, kind=kind, at=time.time())
            if level is not Level.DEBUG:
                self._tail.append(text)
            self._news.notify()

    def step(self, text: str) -> None:
        self._note(step=text)

    def percent(self, value: int) -> None:
        self._note(percent=value)

    def used(self, usage: Usage) -> None:
        self._note(usage=asdict(usage))

    def keep(self, session: Session) -> None:
        self._porter.keep(session)

    def push_token(self) -> str:
        return self._porter.push_token()

    def tail(self) -> list[str]:
        with self._news:
            return [self._shown(text) for text in self._tail]

    def finish(self, result: Result) -> bool:
        """Sends what is still buffered, then the result. Raises RunOver, PorterAway, ResultRefused."""
        began = time.monotonic()

        def until() -> float:
            hurry = self._orders.hurry_since
            return began + self._patience if hurry is None else max(began, hurry) + HURRY_SECONDS

        with self._news:
            self._closing = True
            self._news.notify()
        while self._thread.is_alive() and time.monotonic() < until():
            self._thread.join(0.1)
        if self._orders.over:
            raise RunOver(self._orders.why)
        self._seq += 1
        answer = self._last_word(result, until)
        if answer.status in _GONE:
            raise RunOver("Porter says that this run is over")
        if answer.status != 200:
            raise ResultRefused(f"Porter did not take the result: {words(answer)}")
        return True

    def _last_word(self, result: Result, until: Callable[[], float]) -> Answer:
        """Held work goes with its result. Where it is not taken, the result alone does, and says that it is lost."""
        if result.held is not None:
            answer = self._porter.hold(self._seq, result.to_json(), result.held, until=until)
            if answer.status not in (400, 413):
                return answer
            lost = f"{result.message} Porter did not take it ({answer.status}), so it is lost with the machine."
            result = replace(result, ending=Ending.TOO_LARGE, message=lost)
        return self._porter.complete(self._seq, result.to_json(), until=until)

    def _shown(self, text: str) -> str:
        return printable(self._mask.text(text))

    def _note(self, **changes: Any) -> None:
        with self._news:
            if any(self._state[name] != value for name, value in changes.items()):
                self._state |= changes
                self._changed = True
                self._news.notify()

    def _work(self) -> None:
        while not self._orders.over:
            report = self._next_report()
            if report is None or not self._deliver(report):
                return

    def _next_report(self) -> dict[str, Any] | None:
        """Waits until there is something to say, or nothing was said for a while; None at the end."""
        with self._news:
            quiet_since = time.monotonic()
            while not self._closing and not self._is_due(time.monotonic() - quiet_since):
                self._news.wait(0.1)
            if self._closing and not self._buffer and not self._changed:
                return None
            lines = self._buffer.take(BATCH_LINES)
            self._changed = False
            self._seq += 1
            logs = [asdict(line) | {"text": self._shown(line.text)} for line in lines]
            step = self._state["step"] and first_line(self._mask.text(self._state["step"]))
            return {"seq": self._seq, **self._state, "step": step, "logs": logs}

    def _is_due(self, quiet: float) -> bool:
        """`quiet` is seconds since the last report."""
        first = self._seq == 0
        if len(self._buffer) >= BATCH_LINES or first:
            return True
        return quiet >= (BATCH_SECONDS if self._buffer or self._changed else HEARTBEAT_SECONDS)

    def _deliver(self, report: dict[str, Any]) -> bool:
        """The same report until Porter has it; False when there is no use in going on."""
        away_since, wait = time.monotonic(), 0.25
        while True:
            try:
                return self._obey(self._porter.update(report))
            except PorterAway as away:
                if time.monotonic() - away_since > self._patience:
                    self._orders.cancel(f"{away}, for {self._patience:.0f} s")
                    return False
            if self._orders.hurry_since is not None and self._closing:
                return False
            with self._news:
                self._news.wait_for(lambda: self._closing, wait)
            if self._closing:
                time.sleep(min(wait, 2.0))
            wait = min(wait * 2, 5.0)

    def _obey(self, answer: Answer) -> bool:
        if answer.status in _GONE:
            self._orders.cancel("Porter says that this run is over", over=True)
            return False
        orders = answer.body.get("orders")
        if isinstance(orders, list) and "cancel" in orders:
            self._orders.cancel("Porter was told to stop this run")
        return True
