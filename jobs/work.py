"""The jobs as RQ calls them: ids in, one function called, nothing returned.

A job that finds its work done, or taken over by another worker, has nothing to complain about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from jobs import answer as _answer
from jobs import bootstrap, config_file, labels, missed, status_comment
from jobs import finish as _finish
from jobs import follow_up as _follow_up
from jobs import launch as _launch
from jobs import mint as _mint
from jobs import stop as _stop
from jobs.bootstrap import Services
from jobs.errors import JobError
from jobs.notify import delivering
from store.errors import Fenced, IllegalMove

_log = logging.getLogger(__name__)


def launch(run_id: str) -> None:
    """Give a run its machine."""
    _quietly(lambda services: _launch.launch(services, run_id))


def finish(run_id: str) -> None:
    """Act on a run's result."""
    _quietly(lambda services: _finish.finish(services, run_id))


def stop(run_id: str) -> None:
    """End a run that has no result, if it is time."""
    _quietly(lambda services: _stop.stop(services, run_id))


def publish(task_id: str) -> None:
    """Bring a task's status comment up to date."""
    _quietly(lambda services: status_comment.publish(services, task_id))


def label(task_id: str) -> None:
    """Bring the label of a task's issue up to date."""
    _quietly(lambda services: labels.publish(services, task_id))


def fetch_missed() -> None:
    """Fetch back what GitHub could not deliver."""
    _quietly(missed.fetch)


def mint(run_id: str, purpose: str) -> None:
    """Get a token for a run's machine."""
    _quietly(lambda services: _mint.mint(services, run_id, purpose))


def answer(request_id: str) -> None:
    """Answer what a comment asked of Porter itself."""
    _quietly(lambda services: _answer.answer(services, request_id))


def follow_up(follow_up_id: str) -> None:
    """Do what is next for feedback on a pull request."""
    _quietly(lambda services: _follow_up.advance(services, follow_up_id))


def refresh_config(repository: str) -> None:
    """Read a repository's configuration file anew."""
    _quietly(lambda services: config_file.refresh(services, repository))


def notify(channel_id: str) -> None:
    """Send what a channel is to be told."""
    _quietly(lambda services: delivering.send_due(services, channel_id))


def _quietly(work: Callable[[Services], None]) -> None:
    try:
        work(bootstrap.from_environment())
    except (Fenced, IllegalMove) as overtaken:
        _log.info("another worker was faster", extra={"action": "overtaken", "why": str(overtaken)})
    except JobError as error:  # what must be done all the same the sweep, or the waiting machine, asks for again
        _log.warning("a job could not do its work", extra={"action": "job_failed", "error": str(error)})
