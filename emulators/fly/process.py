"""The processes of one emulated machine: started with nothing but what the machine may know, killed as a tree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from emulators.fly import init

SOURCE = Path(__file__).resolve().parents[2]
KILL_SECONDS = 2.0


class Guest:
    """A running machine. `place` is its own directory; its output is appended to `output.log` there."""

    def __init__(self, argv: list[str], env: dict[str, str], place: Path) -> None:
        for folder in (place / "work", place / "home"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (place / "output.log").open("ab") as output:
            self._init = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(init.__file__)), *argv],
                env={},
                cwd=place / "work",
                stdin=subprocess.PIPE,  # held open as long as the emulator lives
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if self._init.stdin:
            self._init.stdin.write(json.dumps(_environment(env, place / "home")).encode() + b"\n")
            self._init.stdin.flush()

    def wait(self) -> int:
        """The exit code once everything has ended; -N after death by signal N."""
        code = self._init.wait()
        if self._init.stdin:
            self._init.stdin.close()
        return code

    def send(self, name: str) -> None:
        """Send a signal to the machine's first program; SIGKILL takes the whole tree."""
        if name == "SIGKILL":
            self.kill()
            return
        with suppress(ProcessLookupError):
            self._init.send_signal(signal.Signals[name])

    def kill(self) -> None:
        """Kill from the leaves; init sees its only child die and follows. A machine that just boots has none yet."""
        until = time.monotonic() + KILL_SECONDS
        while self._init.poll() is None and time.monotonic() < until:
            init.bury(self._init.pid)
            time.sleep(0.01)
        self._init.kill()


def _environment(env: dict[str, str], home: Path) -> dict[str, str]:
    """Nothing of the emulator's own environment but where programs are, so that nothing leaks into a machine."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SOURCE),
        **env,
        "HOME": str(home),
    }
