"""The agent's own part of a run: its files, its command line, the conversation it goes on with and leaves behind."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from worker import agents, conversation
from worker.agents.stream import Parser, ReadsRecord
from worker.contract import JobDocument, Level, Limits, Session, Usage
from worker.desk import Desk, Orders
from worker.errors import AgentNotFound, BadSession, Cancelled, PorterAway
from worker.home import lay
from worker.isolation import User
from worker.masking import Mask
from worker.supervise import Outcome, Program, own_part, supervise
from worker.verdict import exit_words
from worker.workspace import Workspace

WORKER_PATH = Path(__file__).resolve().parent.parent
BESIDE_SECONDS = 60.0  # for a CLI's own command that keeps or takes in a conversation


@dataclass(frozen=True)
class AgentRun:
    """One agent at work. `environment` is what every program of the agent's side gets; the keys come on top."""

    job: JobDocument
    space: Workspace
    environment: Mapping[str, str]
    desk: Desk
    orders: Orders
    mask: Mask
    user: User | None

    def run(self) -> Outcome:
        """From its first file to its kept conversation. Raises AgentNotFound, UnknownStream."""
        self._lay_files()
        session, file = self._resume()
        outcome = self._supervise(session, file)
        if session and conversation.was_refused(outcome):
            self.desk.line("the agent could not resume its conversation and begins a new one", Level.WARNING)
            session = None
            outcome = self._supervise(None, None)
        self._keep_conversation(outcome, session)
        return outcome

    def _supervise(self, session: Session | None, file: Path | None) -> Outcome:
        recipe = self.job.agent
        argv = recipe.argv
        if session and file and recipe.resume:
            argv = conversation.filled(recipe.resume.argv, session.id, file)
        program = replace(
            self._program(argv),
            stdin=_escaped(self.job.prompt, recipe.escapes),
            interrupt_first=recipe.interrupt_first,
            spent=conversation.spent(recipe, session),
            price=recipe.price,
        )
        parser = agents.parser(recipe.stream)
        outcome = supervise(program, parser, self.job.limits, desk=self.desk, orders=self.orders, mask=self.mask)
        return self._counted(outcome, parser, program)

    def _counted(self, outcome: Outcome, parser: Parser, program: Program) -> Outcome:
        """With what it used, for a CLI that noted that and did not come to say it."""
        if outcome.usage != Usage() or outcome.session is None or not isinstance(parser, ReadsRecord):
            return outcome
        try:
            noted = parser.used(conversation.record(self.space, self.job.agent, outcome.session))
        except BadSession:
            return outcome  # that it cannot be kept either is said below
        if noted is None:
            return outcome
        usage = own_part(noted, program)
        self.desk.used(usage)
        return replace(outcome, usage=usage)

    def _program(self, argv: list[str]) -> Program:
        env = {name: _filled(value) for name, value in self.job.agent.env.items()}
        keys = {self.job.agent.called.get(name, name): key for name, key in self.job.keys.items()}
        return Program(
            argv=[_filled(word) for word in argv],
            env={**self.environment, **env, **keys},
            at=self.space.repo,
            user=self.user,
        )

    def _lay_files(self) -> None:
        for name, content in self.job.agent.files.items():
            try:
                lay(self.space.home, name, _filled(content).encode(), self.user)
            except OSError as error:
                raise AgentNotFound(
                    f"the agent's file {name} cannot be laid down: {error.strerror or error}"
                ) from error

    def _resume(self) -> tuple[Session | None, Path | None]:
        """The conversation of an earlier run, laid out for the agent; the prompt says all that is needed without it."""
        session, recipe = self.job.session, self.job.agent
        if session is None or recipe.resume is None:
            return None, None
        try:
            file = conversation.restore(self.space, recipe, session, self.user)
            if recipe.resume.load:
                self._beside(conversation.filled(recipe.resume.load, session.id, file), conversation.Capture())
        except (BadSession, OSError) as error:
            self.desk.line(f"the earlier conversation cannot be resumed: {error}", Level.WARNING)
            return None, None
        self.desk.line("the agent goes on with the conversation of its earlier run")
        return session, file

    def _keep_conversation(self, outcome: Outcome, resumed: Session | None) -> None:
        """Hand the conversation to Porter for a follow-up. That it cannot be kept spoils no run."""
        recipe = self.job.agent
        if recipe.resume is None or outcome.session is None or self.orders.given:
            return
        usage = conversation.told(recipe, resumed, outcome.usage)
        try:
            if not recipe.resume.save:
                kept = conversation.take(self.space, recipe, outcome.session, self.mask, usage=usage)
            else:
                capture = conversation.Capture()
                self._beside(conversation.filled(recipe.resume.save, outcome.session, self.space.home), capture)
                kept = conversation.saved(capture, recipe, outcome.session, self.mask, usage=usage)
            self.desk.keep(kept)
        except (BadSession, PorterAway, AgentNotFound, Cancelled) as error:
            self.desk.line(f"the conversation cannot be kept for a follow-up: {error}", Level.WARNING)

    def _beside(self, argv: list[str], capture: conversation.Capture) -> None:
        """A command of the agent's CLI before or after its run. Raises BadSession when it fails."""
        limits = Limits(total=BESIDE_SECONDS, stall=BESIDE_SECONDS)
        program = self._program(argv)
        outcome = supervise(program, capture, limits, desk=self.desk, orders=self.orders, mask=self.mask)
        if outcome.exit_code != 0:
            raise BadSession(f"`{' '.join(argv[:2])}` failed: {outcome.complaint or exit_words(outcome.exit_code)}")


def _escaped(prompt: str, escapes: Mapping[str, str]) -> str:
    for order, words in escapes.items():
        prompt = prompt.replace(order, words)
    return prompt


def _filled(word: str) -> str:
    return word.replace("{python}", sys.executable).replace("{worker_path}", str(WORKER_PATH))
