"""One run, from the clone to the push: the steps of docs/architecture.md, in order, each with its own way to fail."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from worker import agents, processes, proof, workspace
from worker.agent_run import AgentRun
from worker.contract import DiffSize, Ending, Held, JobDocument, Level, Limits, Result, Tests
from worker.desk import Desk, Orders
from worker.errors import (
    AgentNotFound,
    Cancelled,
    GitFailed,
    SetupFailed,
    TooLarge,
    UnknownStream,
)
from worker.git import Git, basic_header, identity
from worker.harvest import Harvest, harvest, push
from worker.holding import held_back
from worker.isolation import User
from worker.masking import Mask
from worker.supervise import Outcome, Program, span, supervise
from worker.verdict import Seen, Stopped, verdict
from worker.workspace import Workspace

TOO_LATE = "there was no time left to push it"


@dataclass(frozen=True)
class Runner:
    """What every step needs. `started` is `time.monotonic()` at the program's start."""

    job: JobDocument
    desk: Desk
    orders: Orders
    mask: Mask
    user: User | None
    started: float

    def run(self) -> Result:
        """The whole run; whatever goes wrong is a Result. Raises RunOver and PorterAway only."""
        self.mask.add(*self.job.keys.values(), *_token_forms(self.job.clone_token))
        space = workspace.make_directories(self.user)
        try:
            return self._result(self._steps(space))
        except Cancelled as order:
            return self._result(Result(Ending.CANCELLED, f"The run was cancelled: {order}."))
        except SetupFailed as error:
            return self._result(Result(Ending.SETUP_FAILED, str(error)))
        except (AgentNotFound, UnknownStream) as error:
            return self._result(Result(Ending.CRASHED, str(error)))
        finally:
            space.remove()

    def _steps(self, space: Workspace) -> Result:
        try:
            space = self._clone(space)
        except GitFailed as error:
            return Result(Ending.CLONE_FAILED, f"{error}.")
        # From here on nothing on this machine holds a token, until every process of the agent is dead.
        self._set_up(space)
        outcome = self._work(space)
        tests = self._test(space, outcome)
        if self.orders.given and outcome.stopped is None:
            outcome.stopped = Stopped(Ending.CANCELLED, f"The run was cancelled: {self.orders.why}.")
        return replace(self._bring_home(space, outcome), tests=tests)

    def _clone(self, space: Workspace) -> Workspace:
        job = self.job
        source = job.branch if job.continue_branch else job.base_branch
        self._say("cloning", f"cloning {job.repository}, branch {source}")
        space = workspace.fetch(space, job, self._own_git())
        workspace.check_out(space, job, self._agents_git())
        self.desk.line(f"on branch {job.branch} at {space.start[:12]}")
        if job.last_head and job.continue_branch and space.start != job.last_head:
            self.desk.line(
                f"the branch has moved since Porter left it at {job.last_head[:12]}; this run starts from there"
            )
        return space

    def _set_up(self, space: Workspace) -> None:
        deadline = time.monotonic() + self.job.limits.setup
        for command in self.job.setup_commands:
            self._say("setup", f"setup: {command}")
            left = max(0.1, deadline - time.monotonic())
            program = Program(["/bin/sh", "-c", command], self._clean_environment(space), space.repo, self.user)
            outcome = self._supervise(program, "text", Limits(total=left, stall=left))
            if outcome.stopped and outcome.stopped.ending is Ending.CANCELLED:
                raise Cancelled(self.orders.why)
            if outcome.stopped:
                raise SetupFailed(f"The setup command `{command}` took longer than {span(self.job.limits.setup)}.")
            if outcome.exit_code != 0:
                raise SetupFailed(f"The setup command `{command}` failed with status {outcome.exit_code}.")

    def _work(self, space: Workspace) -> Outcome:
        recipe = self.job.agent
        self._say("running", f"starting {recipe.name} {recipe.version or ''}".rstrip())
        if not self.user and os.geteuid() == 0:
            self.desk.line("the agent runs as root: this machine has no user porter-agent", Level.WARNING)
        env = self._clean_environment(space)
        return AgentRun(self.job, space, env, self.desk, self.orders, self.mask, self.user).run()

    def _test(self, space: Workspace, outcome: Outcome) -> Tests | None:
        """What the repository's own tests say; before the harvest, so that no test runs beside what will be pushed."""
        command, git = self.job.test_command, self._agents_git(self.orders.check_saving)
        if not command or self.orders.given or not proof.is_worth_testing(space, outcome, git):
            return None
        mark = f"test: {command}"
        self._say("running", mark)
        env, seconds = self._clean_environment(space), self.job.limits.test
        tests = proof.run(command, space, env, self.user, seconds=seconds, supervise=self._supervise)
        if tests is None:  # the run was cancelled meanwhile
            return None
        tests = tests if tests.tail else replace(tests, tail=proof.tail_behind(mark, self.desk.tail()))
        how = {None: f"did not end within {span(seconds)}", 0: "passed"}.get(tests.exit_code, "failed")
        self.desk.line(f"the tests {how}: {command}", Level.INFO if tests.exit_code == 0 else Level.WARNING)
        return tests

    def _bring_home(self, space: Workspace, outcome: Outcome) -> Result:
        """Collect the work, also of a run that failed or was stopped, judge the run, push."""
        self.desk.enter("finishing")
        check = self.orders.check_saving
        try:
            found = harvest(space, self.job, own=self._own_git(check), agents=self._agents_git(check))
        except Cancelled:
            return _unkept(self._judged(outcome, None, space), TOO_LATE)
        except GitFailed as error:
            failed = self._judged(outcome, None, space)
            return replace(
                failed, ending=Ending.PUSH_FAILED, message=f"The agent's work could not be collected: {error}."
            )
        result = self._judged(outcome, found, space)
        self.desk.line(f"{result.message} {changes(result)}")
        if found.rewritten:
            self.desk.line("the agent's commits do not build on the base: its files were committed anew", Level.WARNING)
        return self._pushed(space, found, result) if found.new else result

    def _judged(self, outcome: Outcome, found: Harvest | None, space: Workspace) -> Result:
        seen = Seen(
            exit_code=outcome.exit_code,
            changed=found is not None and found.new,
            finish=outcome.finish,
            trouble=outcome.trouble,
            stopped=outcome.stopped,
            expects_finish=agents.parser(self.job.agent.stream).expects_finish,
            complaint=outcome.complaint,
        )
        judged = verdict(seen)
        return Result(
            ending=judged.ending,
            message=judged.message,
            summary=outcome.finish.message if outcome.finish else "",
            branch=self.job.branch,
            base_sha=space.base,
            head_sha=found.head if found else None,
            diff=found.diff if found else DiffSize(),
            usage=outcome.usage,
            exit_code=outcome.exit_code,
            agent_version=self.job.agent.version,
        )

    def _pushed(self, space: Workspace, found: Harvest, result: Result) -> Result:
        git = self._own_git(self.orders.check_saving)
        try:
            if survivors := processes.end_all(seconds=2.0):
                raise GitFailed(
                    f"push {self.job.branch}", f"{len(survivors)} processes of the agent could not be ended"
                )
            if held := held_back(space, self.job, found, git):
                return self._held(held, result)
            token = self.desk.push_token()
            self.mask.add(*_token_forms(token))
            self.desk.line(f"pushing {self.job.branch}")
            branch = push(self.job, found, git, token=token)
        except Cancelled as order:
            stopped = replace(result, ending=Ending.CANCELLED, message=f"The run was cancelled: {order}.")
            return _unkept(stopped, TOO_LATE)
        except (TooLarge, GitFailed) as error:
            return self._unpushed(result, error)
        if branch != self.job.branch:
            return self._beside(result, branch)
        kept = "" if result.ending is Ending.CHANGES else f" Its work so far is kept on the branch {self.job.branch}."
        return replace(result, pushed=True, message=result.message + kept)

    def _beside(self, result: Result, branch: str) -> Result:
        """Not `pushed`: the task's own branch is somebody else's work now, and nothing is put on top of it unasked."""
        words = (
            f"But somebody pushed to {self.job.branch} while the agent worked, so its work is kept beside it, on the "
            f"branch {branch}. Merge that, or ask again: the agent then goes on from what the branch holds now."
        )
        self.desk.line(words, Level.WARNING)
        ending = Ending.PUSH_FAILED if result.ending is Ending.CHANGES else result.ending
        return replace(result, ending=ending, message=f"{result.message} {words}")

    def _unpushed(self, result: Result, error: TooLarge | GitFailed) -> Result:
        self.desk.line(str(error), Level.ERROR)
        if result.ending is Ending.CANCELLED:
            return _unkept(result, str(error))
        if isinstance(error, TooLarge):
            ending, words = Ending.TOO_LARGE, f"But {error}."
        else:
            ending, words = Ending.PUSH_FAILED, f"The work could not be kept: {error}."
        ending = ending if result.ending is Ending.CHANGES else result.ending
        return replace(result, ending=ending, message=f"{result.message} {words}")

    def _held(self, held: Held, result: Result) -> Result:
        """No push token is asked for: Porter keeps the work until a person has decided. Nobody is asked to decide about
        work of a run that was stopped."""
        for finding in held.findings:
            place = f"{finding.path}:{finding.line}" if finding.line else finding.path
            self.desk.line(f"held: {place} {finding.words}".replace("  ", " "), Level.WARNING)
        if result.ending is Ending.CANCELLED:
            first = held.findings[0]
            place = f" ({first.path})" if first.path else ""
            return _unkept(result, f"a person would have to look at it first: {first.words.rstrip('.')}{place}")
        return replace(result, held=held, message=f"{result.message} It waits for a person before it is pushed.")

    def _supervise(self, program: Program, stream: str, limits: Limits) -> Outcome:
        parser = agents.parser(stream)
        return supervise(program, parser, limits, desk=self.desk, orders=self.orders, mask=self.mask)

    def _say(self, phase: str, text: str) -> None:
        self.desk.enter(phase)
        self.desk.step(text)
        self.desk.line(text)

    def _result(self, result: Result) -> Result:
        """The last touches that every result needs."""
        return replace(
            result,
            message=self.mask.text(result.message),
            summary=self.mask.text(result.summary),
            unkept=self.mask.text(result.unkept),
            tests=result.tests and replace(result.tests, tail=self.mask.text(result.tests.tail)),
            log_tail=self.desk.tail(),
            seconds=round(time.monotonic() - self.started, 3),
        )

    def _own_git(self, check: Callable[[], None] | None = None) -> Git:
        return Git(self.mask, identity=self._identity(), check=check or self.orders.check)

    def _agents_git(self, check: Callable[[], None] | None = None) -> Git:
        return Git(self.mask, user=self.user, identity=self._identity(), check=check or self.orders.check)

    def _identity(self) -> dict[str, str]:
        return identity(self.job.author_name, self.job.author_email)

    def _clean_environment(self, space: Workspace) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(space.home),
            "TMPDIR": str(space.temporary),
        }


def changes(result: Result) -> str:
    """The size of a change, as git says it."""
    diff = result.diff
    return f"{diff.files} file{'' if diff.files == 1 else 's'} changed, +{diff.additions} −{diff.deletions}."


def _unkept(result: Result, why: str) -> Result:
    return replace(result, unkept=why, message=f"{result.message} What was done so far is not kept: {why}.")


def _token_forms(token: str | None) -> tuple[str, ...]:
    return (token, basic_header(token).rpartition(" ")[2]) if token else ()
