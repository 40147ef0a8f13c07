"""Output as it should not be: fifty megabytes of it, lines of megabytes, broken bytes, an end in the middle."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.worker.conftest import BRANCH, Bare, Start
from tests.worker.porter import Porter
from worker.contract import JobDocument

# The most memory that the runner has held so far, as the kernel counts it; the agent is its child.
PEAK = "sed -n 's/VmHWM: *//p' /proc/$PPID/status"


def printing(job: JobDocument, script: str) -> JobDocument:
    return replace(job, agent=replace(job.agent, argv=["/bin/sh", "-c", script], stream="text"))


def test_fifty_megabytes_of_output_cost_little_memory_and_lose_no_work(
    start: Start, job: JobDocument, porter: Porter, bare: Bare
) -> None:
    flood = f"yes '{'many words of an agent ' * 40}' | head -c 50000000"
    machine = start(printing(job, f"echo before; {flood}; echo; echo new > new.txt; echo peak $({PEAK})"))
    machine.wait(90)
    assert machine.result["ending"] == "changes"
    assert "lines dropped here" in porter.text
    assert porter.logs[-1]["n"] > 50_000
    peak = re.search(r"peak (\d+) kB", porter.text)
    assert peak is not None, "the last words of a flood arrive"
    assert int(peak[1]) < 100_000
    assert bare.show(f"{BRANCH}:new.txt") == "new"


def test_a_line_of_twenty_megabytes_is_cut_and_says_so(start: Start, job: JobDocument, porter: Porter) -> None:
    line = "head -c 20000000 /dev/zero | tr '\\0' x"
    machine = start(printing(job, f"{line}; echo; echo after; {line} >&2; echo; echo peak $({PEAK})"))
    machine.wait(60)
    assert machine.result["ending"] == "no_changes"
    assert porter.text.count("… (cut, ") == 2
    assert max(len(entry["text"]) for entry in porter.logs) <= 4_000
    assert "after" in porter.text
    peak = re.search(r"peak (\d+) kB", porter.text)
    assert peak is not None and int(peak[1]) < 150_000


def test_broken_bytes_and_an_end_in_the_middle_of_a_line_are_told_as_far_as_they_go(
    start: Start, job: JobDocument, porter: Porter
) -> None:
    broken = "printf 'caf\\303'; sleep 0.3; printf '\\251 \\377\\376 nul\\000 \\033[31mred\\n'"
    script = f"{broken}; printf 'cut in the midd'; kill -9 $$"
    machine = start(printing(job, script))
    machine.wait()
    assert machine.result["ending"] == "crashed"
    assert "café \ufffd\ufffd nul\ufffd red" in porter.text
    assert porter.text.count("cut in the midd") == 1
    assert "SIGKILL" in machine.result["message"]
