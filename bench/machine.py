"""What a machine costs: from its creation to its agent's start, and the runner's memory under a flood of output.

    ./run bench machine [megabytes, default 50]

The machines are those of the local host, against a Porter of a few lines that answers at once. The baseline for time is
a bare Python that starts and ends; the one for memory is a bare Python that counts the lines of the same stream.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import line, percentile
from bench.one_job import environment, job_of, make_repository, porter_with
from jobs.hosts.local import LocalHost
from jobs.hosts.port import MachineSpec

STARTS = 10
MEGABYTE = 1_000_000
COUNT = "import sys\nn = sum(1 for line in sys.stdin.buffer)\nprint(n)\n"
# In between, because a process starts with the peak of the one that started it.
MEASURE = """
import os, sys
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def main() -> None:
    """Print the figures and their ratios."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory(prefix="porter-bench-") as name:
        folder = Path(name)
        make_repository(folder)
        starts, bare = [], []
        for number in range(STARTS):
            starts.append(_start(folder, number))
            bare.append(_bare_start())
        print(line("create -> agent started", starts))
        print(line("a bare Python, whole", bare))
        print(f"a start is {percentile(starts, 0.5) / percentile(bare, 0.5):.1f} times a bare Python (medians)")
        _compare_memory(folder, megabytes)


def _start(folder: Path, number: int) -> float:
    """Seconds from the host's create to the moment when the agent's first command runs."""
    began = folder / f"began-{number}"
    job = job_of(folder, f"start-{number}", f"date +%s.%N > {began}")
    with porter_with(job) as (url, done):
        host = LocalHost(folder / f"machines-{number}")
        asked = time.time()
        machine = host.create(MachineSpec(job.run_id, job.task_id, environment(job, url), limit_seconds=120))
        if not done.wait(60):
            raise SystemExit("a machine did not report within a minute")
        host.destroy(machine.id)
    return float(began.read_text()) - asked


def _bare_start() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - begun


def _compare_memory(folder: Path, megabytes: int) -> None:
    flood = f"yes 'one line of an agent that has very much to say about one thing and another' | head -c {megabytes}MB"
    job = job_of(folder, "flood", flood)
    with porter_with(job) as (url, done):
        kept = {name: os.environ[name] for name in ("PATH",)} | {"PYTHONPATH": str(Path(__file__).parents[1])}
        runner, seconds = _peak([sys.executable, "-m", "worker"], kept | environment(job, url))
        if not done.is_set():
            raise SystemExit("the runner did not report")
    counter, bare_seconds = _peak(["/bin/sh", "-c", f"{flood} | {sys.executable} -c '{COUNT}' > /dev/null"], None)
    print(f"runner, {megabytes} MB of output     peak {runner:6.1f} MB   in {seconds:6.2f} s")
    print(f"line counter, the same     peak {counter:6.1f} MB   in {bare_seconds:6.2f} s")
    print(f"the runner needs {runner / counter:.1f} times the memory and {seconds / bare_seconds:.1f} times the time")


def _peak(argv: Sequence[str], env: dict[str, str] | None) -> tuple[float, float]:
    """The most memory that the largest process of a command held, in megabytes, and its seconds."""
    begun = time.perf_counter()
    measured = [sys.executable, "-I", "-S", "-c", MEASURE, *argv]
    done = subprocess.run(measured, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{argv[0]} ended with {done.returncode}: {done.stderr}")
    return int(done.stderr.split()[-1]) * 1024 / MEGABYTE, time.perf_counter() - begun


if __name__ == "__main__":
    main()
