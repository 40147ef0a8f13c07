"""How a run of a real CLI can end, whichever it is. Each CLI's own tests inherit these, and tell what is special."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.worker.conftest import BRANCH, Bare, Machine, Start
from tests.worker.endings import MANY_MEGABYTES, PATIENCE, cut_short, kill, left_of, memory_until_the_result, pid_of
from worker.contract import JobDocument, Limits

HALF_DONE = "half done"
# A tool that does not hear, with a child that left the group.
DEAF = f"trap '' TERM INT; (setsid sleep 5432) & echo {HALF_DONE} > notes.md; sleep 5432"


@dataclass(frozen=True)
class Cli:
    """A real CLI and the scripted model that it talks to, in whose words a turn is said.

    `run` starts a machine with the program at a path; `notes` writes `notes.md`, and `noted` is what the log says of
    it; `execute` runs a command; `command` stands in the program's own command line.
    """

    path: Path
    run: Callable[[Start, JobDocument, Path, Any], Machine]
    serving: Callable[[Sequence[Any]], AbstractContextManager[Any]]
    notes: Any
    noted: str
    words: Callable[[str], Any]
    execute: Callable[[str], Any]
    hang: Any
    command: str
    stall: float = 8  # seconds of silence; it must have begun by then, or there is nothing to keep
    cut: int = -40  # how many bytes of its output arrive, all but so many if negative
    flood: Sequence[Any] = ()  # turns that print fifty megabytes; else `execute` does it
    flooded: str = "python3 -c"


class EveryEnding:
    """Needs the fixture `cli`."""

    def test_a_model_that_never_answers_is_waited_for_until_the_limit_of_silence(
        self, start: Start, job: JobDocument, bare: Bare, cli: Cli
    ) -> None:
        impatient = replace(job, limits=Limits(total=PATIENCE, stall=cli.stall))
        with cli.serving([[cli.notes], cli.hang]) as model:
            machine = cli.run(start, impatient, cli.path, model)
            machine.wait(PATIENCE)
        ended(machine, "stalled", f"silent for {cli.stall:.0f} seconds")
        # Where the machine is too busy for it to begin in time there is nothing to keep.
        assert machine.result["pushed"] == (cli.noted in machine.porter.text) == (BRANCH in bare.branches())

    def test_a_cli_that_is_killed_has_crashed_and_its_work_is_kept(
        self, start: Start, job: JobDocument, bare: Bare, cli: Cli
    ) -> None:
        with cli.serving([[cli.notes], cli.hang]) as model:
            machine = cli.run(start, patient(job), cli.path, model)
            machine.until(lambda: len(model.requests) == 2, PATIENCE)
            kill(machine, cli.command)
            machine.wait(PATIENCE)
        ended(machine, "crashed", "SIGKILL")
        assert bare.show(f"{BRANCH}:notes.md") == HALF_DONE

    def test_a_tool_at_work_dies_with_it_though_it_ignores_the_signal(
        self, start: Start, job: JobDocument, bare: Bare, cli: Cli
    ) -> None:
        with cli.serving([[cli.execute(DEAF)]]) as model:
            machine = cli.run(start, patient(job), cli.path, model)
            pid_of(machine, "sleep 5432")
            assert left_of(machine) != []
            machine.process.send_signal(signal.SIGTERM)
            machine.wait(PATIENCE)
        ended(machine, "cancelled")
        # A machine that goes down has six seconds; a computer that is busy may need them for less than all of it.
        late = "no time left" in machine.result["unkept"]
        assert late or bare.show(f"{BRANCH}:notes.md") == HALF_DONE

    def test_output_that_ends_within_a_line_is_no_good_end(
        self, start: Start, job: JobDocument, bare: Bare, cli: Cli, tmp_path: Path
    ) -> None:
        with cli.serving([[cli.notes], [cli.words("There are notes now. " * 500)]]) as model:
            machine = cli.run(start, patient(job), cut_short(cli.path, tmp_path / "cut", cli.cut), model)
            machine.wait(PATIENCE)
        ended(machine, "crashed", "without its final event")
        assert bare.show(f"{BRANCH}:notes.md") == HALF_DONE

    def test_fifty_megabytes_of_output_need_little_memory(
        self, start: Start, job: JobDocument, bare: Bare, cli: Cli
    ) -> None:
        flood = cli.flood or [[cli.execute(MANY_MEGABYTES)]]
        with cli.serving([*flood, [cli.notes], [cli.words("Done.")]]) as model:
            machine = cli.run(start, patient(job), cli.path, model)
            most = memory_until_the_result(machine)
            machine.wait(PATIENCE)
        ended(machine, "changes")
        assert cli.flooded in machine.porter.text
        assert machine.result["summary"] == "Done."
        assert bare.show(f"{BRANCH}:notes.md") == HALF_DONE
        assert 0 < most < 150 * 1024 * 1024


def ended(machine: Machine, ending: str, *words: str) -> None:
    """So it ended, in these words, and nobody of the agent's side is left."""
    assert machine.result["ending"] == ending, (machine.result, machine.porter.text)
    for word in words:
        assert word in machine.result["message"]
    assert left_of(machine) == []


def patient(job: JobDocument) -> JobDocument:
    """With limits that a machine busy with something else does not reach."""
    return replace(job, limits=Limits(total=PATIENCE, stall=100))
